//! Makes a [`World`] of a candidate configuration: every name is resolved, every value checked.

mod address;
mod application;
mod content;
mod objects;
mod security;
mod zones;

use std::sync::Arc;

use self::objects::{Kind, Objects};
use super::candidate::{Candidate, Name};
use super::diagnostic::{Diagnostics, escape, quote};
use super::literal;
use super::{Overrides, RulebaseInfo, SettingError, Settings, World, Zones};
use crate::app::{AppId, Catalog, Identifier};
use crate::flow::{Addr, Protocol};
use crate::policy::{Policy, PolicyOptions, Service};

const ADDRESS_HELP: &str =
    "define it under `[address]`, or write an address, a prefix or a range; names of hosts are not looked up";
const SERVICE_HELP: &str = "define it under `[service]`, e.g. `ftp-alt = \"tcp/2121\"`";
const APPLICATION_HELP: &str = "define it as `[application.NAME]`; `firstpass apps` lists those predefined";

/// Words that have a meaning of their own where names stand.
const RESERVED: [&str; 2] = ["any", "application-default"];

/// Everything that the names in rules are resolved with.
struct Names<'c> {
    zones: &'c Zones,
    addresses: Objects<'c, (Addr, Addr)>,
    services: Objects<'c, Service>,
    applications: Objects<'c, AppId>,
}

/// Makes the world; `None` where something is wrong, which `out` then holds.
pub(super) fn commit(
    mut candidate: Candidate,
    overrides: &Overrides,
    source: RulebaseInfo,
    out: &mut Diagnostics,
) -> Option<World> {
    check_names(&candidate, out);
    let settings = settings(&candidate, overrides, out);
    let zones = zones::zones(&candidate, overrides, out);
    let mut catalog = application::catalog(&candidate, out);
    if candidate.is_panos {
        content::add(&candidate, &mut catalog, out);
    }
    let catalog = Arc::new(catalog);
    let filters =
        candidate.application_filters.iter().map(|filter| application::filtered(&catalog, filter, out));
    candidate.application_groups.extend(filters);
    application::check_groups(&catalog, &candidate.application_groups, out);
    let ranges: Vec<_> = candidate.addresses.iter().map(|address| address::ranges(address, out)).collect();
    let mut names = Names {
        zones: &zones,
        addresses: Objects::new(addresses(), &ranges, out),
        services: Objects::new(services(), &candidate.services, out),
        applications: Objects::new(applications(&catalog), &candidate.application_groups, out),
    };
    let rules = security::rules(&candidate.rules, &mut names, out);
    let defaults = security::defaults(&candidate, out);
    drop(names);
    if out.has_errors() {
        return None;
    }
    let options = PolicyOptions {
        block_by_service: settings.block_by_service,
        implicit_applications: settings.implicit_applications,
    };
    let policy = Policy::new(rules, defaults, Arc::clone(&catalog), options).with_zone_names(zones.names());
    let identifier = Identifier::new(&catalog);
    Some(World { zones, catalog, identifier, policy, settings, source, warnings: Vec::new() })
}

fn addresses<'k>() -> Kind<'k, (Addr, Addr)> {
    Kind {
        what: "address",
        literal: Box::new(literal::addresses),
        others: Box::new(Vec::new),
        help: ADDRESS_HELP,
        normalize: join,
        most: 8_000_000,
    }
}

fn services<'k>() -> Kind<'k, Service> {
    Kind {
        what: "service",
        literal: Box::new(|name| predefined_service(name).map(|service| Ok(vec![service]))),
        others: Box::new(|| vec!["service-http", "service-https"]),
        help: SERVICE_HELP,
        normalize: |_| {},
        most: 1_000_000,
    }
}

fn applications(catalog: &Catalog) -> Kind<'_, AppId> {
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
        help: APPLICATION_HELP,
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
    Some(Service { name: name.to_owned(), protocol: Protocol::TCP, ports, source_ports: Vec::new() })
}

/// Names are shown to people and must not speak to their terminals, nor be taken for something else.
fn check_names(candidate: &Candidate, out: &mut Diagnostics) {
    let zones = candidate.zones.iter().map(|zone| &zone.name);
    let addresses = candidate.addresses.iter().map(|definition| &definition.name);
    let services = candidate.services.iter().map(|definition| &definition.name);
    let groups = candidate.application_groups.iter().map(|definition| &definition.name);
    let applications = candidate.applications.iter().map(|application| &application.name);
    let filters = candidate.application_filters.iter().map(|filter| &filter.name);
    let objects = zones.chain(addresses).chain(filters).chain(services).chain(groups).chain(applications);
    for name in objects {
        if name.value.is_empty() || RESERVED.contains(&name.value.as_str()) {
            out.error(&name.span, format!("nothing can be called {}", quote(&name.value)));
        }
        check_characters(name, out);
    }
    for rule in &candidate.rules {
        check_characters(&rule.name, out);
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
                out.error(&key.span, format!("unknown setting {}", quote(&key.value))).help(
                    help.as_deref().unwrap_or(
                        "settings have the keys of PAN-OS, e.g. `timeout-udp` under `[setting.session]`",
                    ),
                );
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
