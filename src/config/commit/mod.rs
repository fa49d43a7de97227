//! Makes a [`World`] of a candidate configuration: every name is resolved, every value checked.

mod address;
mod alg;
mod application;
mod category;
mod content;
mod cure;
mod decryption;
mod missing;
mod nat;
mod network;
mod objects;
mod override_rule;
mod schedule;
mod security;
mod signature;
mod tags;
mod threat;
mod users;
mod zone_protection;
mod zones;

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;

use self::category::CategoryColumns;
use self::cure::Cures;
pub(super) use self::decryption::undefined as undefined_profile;
use self::objects::{Kind, Objects};
use self::schedule::Schedules;
pub(super) use self::threat::is_predefined;
use self::users::UserColumns;
use super::candidate::{Candidate, Definition, Name};
use super::diagnostic::{Diagnostics, escape, quote};
use super::tables::Lookups;
use super::{Overrides, Places, RulebaseInfo, SettingError, Settings, World, Zones};
use crate::app::{AppId, Catalog, Identifier};
use crate::flow::{Addr, Protocol};
use crate::policy::{Policy, PolicyOptions, Service};

/// What a column says that means everything.
const ANY: &str = "any";

/// Words that have a meaning of their own where names stand.
const RESERVED: [&str; 2] = ["any", "application-default"];

/// Ranges of addresses, from the first to the last.
type Ranges = Vec<(Addr, Addr)>;

/// Everything that the names in rules are resolved with.
struct Names<'c> {
    zones: &'c Zones,
    addresses: Objects<'c, (Addr, Addr)>,
    services: Objects<'c, Service>,
    applications: Objects<'c, AppId>,
    users: UserColumns<'c>,
    categories: CategoryColumns<'c>,
    schedules: Schedules<'c>,
    cures: Cures,
}

impl<'c> Names<'c> {
    fn new(
        candidate: &'c Candidate,
        (zones, catalog): (&'c Zones, &'c Catalog),
        (lookups, ranges): (&'c Lookups, &'c [Definition<Ranges>]),
        cures: Cures,
        out: &mut Diagnostics,
    ) -> Self {
        Self {
            zones,
            addresses: Objects::new(addresses(lookups, cures), ranges, out),
            services: Objects::new(services(cures), &candidate.services, out),
            applications: Objects::new(applications(catalog, cures), &candidate.application_groups, out),
            users: UserColumns::new(lookups),
            categories: CategoryColumns::new(lookups),
            schedules: Schedules::new(candidate, out),
            cures,
        }
    }
}

/// What files besides the rulebase say.
pub(super) struct Given {
    /// The predefined applications.
    pub(super) catalog: Catalog,
    /// What goes over the tables of the rulebase.
    pub(super) tables: Lookups,
}

/// Makes the world. `None` where something is wrong, which `out` then holds.
pub(super) fn commit(
    mut candidate: Candidate,
    given: Given,
    overrides: &Overrides,
    source: RulebaseInfo,
    out: &mut Diagnostics,
) -> Option<World> {
    let cures = Cures::of(candidate.is_panos);
    check_names(&candidate, out);
    let settings = settings(&candidate, overrides, out);
    let zones = zones::zones(&candidate, overrides, out);
    let mut unknown = BTreeSet::new();
    let catalog = Arc::new(application::catalog(given.catalog, &candidate, &mut unknown, out));
    candidate.application_groups.extend(application::filters(&catalog, &candidate, out));
    application::check_groups(&catalog, &candidate.application_groups, out);
    let lookups = lookups(&candidate, given.tables, overrides, out);
    let ranges = address::definitions(&candidate.addresses, &lookups, out);
    address::warn_of_missing(&candidate, &ranges, &lookups, out);
    let mut names = Names::new(&candidate, (&zones, &catalog), (&lookups, &ranges), cures, out);
    let rules = security::rules(&candidate.rules, &mut names, out);
    let defaults = security::defaults(&candidate, out);
    let nat = nat::policy(&candidate, &mut names, out);
    let application_override = override_rule::policy(&candidate, &mut names, out);
    let decryption = decryption::policy(&candidate, &mut names, settings.panos_version, out);
    let ssl_exclude = decryption::exclusions(&candidate.ssl_exclusions, out);
    let threats = Arc::new(threat::threats(&candidate, &mut names.categories, &settings, out));
    // The block takes all of them, so that the others end here.
    let Names { users, categories, schedules: Schedules { zone: timezone, .. }, .. } = { names };
    let missing =
        missing::Names { applications: &unknown, categories: categories.missing(), users: users.missing() };
    let missing = missing::list(&candidate, &ranges, &lookups, &missing);
    users.warn_of_missing(cures, out);
    let categories = categories.finish(cures, out);
    let users = users::mapping(&lookups, out);
    let (network, host_services) = network::network(&candidate, &zones, out);
    let protections = zone_protection::protections(&candidate, &zones, out);
    let signatures = Arc::new(signature::signatures(&candidate, &catalog, out));
    let algs = alg::algs(&candidate, &catalog, out);
    if out.has_errors() {
        return None;
    }
    let policy = Policy::new(rules, defaults, Arc::clone(&catalog), policy_options(&settings));
    let policy = policy.with_zone_names(zones.names()).with_users(users);
    Some(World {
        zones,
        network,
        identifier: Identifier::new(&catalog),
        algs,
        catalog,
        signatures,
        categories,
        policy,
        nat,
        overrides: application_override,
        decryption,
        ssl_exclude,
        host_services,
        protections,
        threats,
        settings,
        timezone,
        source,
        warnings: Vec::new(),
        missing,
        places: Places::default(),
    })
}

const fn policy_options(settings: &Settings) -> PolicyOptions {
    let Settings { block_by_service, implicit_applications, .. } = *settings;
    PolicyOptions { block_by_service, implicit_applications }
}

/// The tables of the rulebase, with what other files and the command line put over them.
fn lookups(candidate: &Candidate, given: Lookups, overrides: &Overrides, out: &mut Diagnostics) -> Lookups {
    let mut lookups = Lookups::read(&candidate.tables, candidate.is_panos, out);
    lookups.replace(given);
    if let Some((user, address)) = &overrides.source_user {
        lookups.log_on(user, (*address).into());
    }
    lookups
}

fn addresses(lookups: &Lookups, cures: Cures) -> Kind<'_, (Addr, Addr)> {
    Kind {
        what: "address",
        literal: Box::new(|name| address::literal(name, lookups)),
        others: Box::new(|| {
            lookups.regions.keys().chain(lookups.external_lists.keys()).map(String::as_str).collect()
        }),
        help: cures.address(),
        normalize: join,
        most: 8_000_000,
    }
}

fn services<'k>(cures: Cures) -> Kind<'k, Service> {
    Kind {
        what: "service",
        literal: Box::new(|name| predefined_service(name).map(|service| Ok(vec![service]))),
        others: Box::new(|| vec!["service-http", "service-https"]),
        help: cures.service(),
        normalize: |_| {},
        most: 1_000_000,
    }
}

fn applications(catalog: &Catalog, cures: Cures) -> Kind<'_, AppId> {
    Kind {
        what: "application",
        literal: Box::new(|name| {
            // A container stands for all its functions (PANOS.md 2.6).
            let members: Vec<AppId> = match catalog.find(name) {
                Some(id) => vec![id],
                None => catalog.functions(name).collect(),
            };
            (!members.is_empty()).then_some(Ok(members))
        }),
        others: Box::new(|| catalog.iter().map(|(_, app)| app.name.as_str()).collect()),
        help: cures.application(),
        normalize: |ids| {
            ids.sort_unstable();
            ids.dedup();
        },
        most: 32_000_000,
    }
}

/// PAN-OS's predefined services (PANOS.md 12.2).
fn predefined_service(name: &str) -> Option<Service> {
    let ports = match name {
        "service-http" => vec![(80, 80), (8080, 8080)],
        "service-https" => vec![(443, 443)],
        _ => return None,
    };
    Some(Service { name: name.to_owned(), protocol: Protocol::TCP, ports, ..Service::default() })
}

/// Names are shown to people and must not speak to their terminals, nor be taken for something else.
fn check_names(candidate: &Candidate, out: &mut Diagnostics) {
    let zones = candidate.zones.iter().map(|zone| &zone.name);
    let addresses = candidate.addresses.iter().map(|definition| &definition.name);
    let services = candidate.services.iter().map(|definition| &definition.name);
    let groups = candidate.application_groups.iter().map(|definition| &definition.name);
    let applications = candidate.applications.iter().map(|application| &application.name);
    let filters = candidate.application_filters.iter().map(|filter| &filter.name);
    let schedules = candidate.schedules.iter().map(|schedule| &schedule.name);
    candidate.profiles.names().for_each(|name| check_characters(name, out));
    let objects = zones.chain(addresses).chain(filters).chain(services).chain(groups).chain(applications);
    let objects = objects.chain(schedules);
    for name in objects {
        if name.value.is_empty() || RESERVED.contains(&name.value.as_str()) {
            out.error(&name.span, format!("nothing can be called {}", quote(&name.value)));
        }
        check_characters(name, out);
    }
    let interfaces = candidate.interfaces.iter().map(|interface| &interface.name);
    let profiles = candidate.management_profiles.iter().map(|profile| &profile.name);
    let interfaces = interfaces.chain(profiles);
    let routers = candidate.virtual_routers.iter().map(|router| &router.name);
    let members = candidate.zones.iter().flat_map(|zone| &zone.interfaces);
    let ends = candidate.virtual_wires.iter().flat_map(|wire| &wire.interfaces);
    let rules = candidate.rules.iter().map(|rule| &rule.name);
    let profiles = candidate.protections.iter().map(|profile| &profile.name);
    for name in profiles.chain(interfaces).chain(routers).chain(members).chain(ends).chain(rules) {
        check_characters(name, out);
    }
}

/// Rules of one rulebase (`kind`) have names, and each its own.
fn check_rule_names<'c>(
    kind: &str,
    names: impl Iterator<Item = &'c Name>,
    cures: Cures,
    out: &mut Diagnostics,
) {
    let mut seen: HashMap<&str, &Name, foldhash::fast::FixedState> = HashMap::default();
    for name in names {
        if name.value.is_empty() {
            out.error(&name.span, format!("a {kind} rule needs a name")).help(cures.rule_name());
        } else if let Some(first) = seen.insert(&name.value, name) {
            out.error(&name.span, format!("two {kind} rules are called {}", quote(&name.value)))
                .help("give one of them another name")
                .related(&first.span, "the first one");
        }
        check_characters(name, out);
    }
}

fn check_characters(name: &Name, out: &mut Diagnostics) {
    if escape(&name.value) != name.value {
        out.error(&name.span, format!("name {} has control characters", quote(&name.value)))
            .help("use letters, digits, spaces and punctuation");
    }
}

fn settings(candidate: &Candidate, overrides: &Overrides, out: &mut Diagnostics) -> Settings {
    let mut settings = Settings::default();
    let mut ignored = Vec::new();
    for (key, value) in &candidate.settings {
        match settings.set(&key.value, &value.value) {
            Ok(()) => ignored.push(key.value.as_str()),
            Err(SettingError::Unknown { suggestion, .. }) => {
                let help = suggestion.map(|name| format!("did you mean `{name}`?"));
                out.error(&key.span, format!("unknown setting {}", quote(&key.value)))
                    .help(help.as_deref().unwrap_or(Cures::of(candidate.is_panos).setting()));
            }
            Err(error) => {
                out.error(&value.span, error.to_string());
            }
        }
    }
    for (key, value) in &overrides.settings {
        match settings.set(key, value) {
            Ok(()) => ignored.push(key),
            Err(error) => {
                out.general(format!("--set {}={}: {error}", escape(key), escape(value)));
            }
        }
    }
    ignored.retain(|key| Settings::info(key).is_some_and(|info| !info.modelled));
    if !ignored.is_empty() {
        let names: Vec<String> = ignored.iter().map(|key| quote(key)).collect();
        out.warn(format!("settings read but not modelled yet: {}", names.join(", ")));
    }
    settings
}

/// The names, unless they are `any`.
fn unless_any(names: &[Name]) -> Option<Vec<String>> {
    let any = names.is_empty() || names.iter().any(|name| name.value == ANY);
    (!any).then(|| texts(names))
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| name.value.clone()).collect()
}

/// Sorts ranges and joins those that touch or overlap.
fn join(ranges: &mut Vec<(Addr, Addr)>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, last| {
        let joins = next.0.bits() <= last.1.bits().saturating_add(1);
        if joins {
            last.1 = last.1.max(next.1);
        }
        joins
    });
}
