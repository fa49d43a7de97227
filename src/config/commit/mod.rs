//! Makes a [`World`] of a candidate configuration: every name is resolved, every value checked.

mod application;
mod objects;
mod security;

use std::sync::Arc;

use hashbrown::HashMap;
use ipnet::IpNet;

use super::candidate::{At, Body, Candidate, Definition, ServicePorts};
use super::diagnostic::{Diagnostics, quote};
use super::literal;
use super::{Overrides, RulebaseInfo, Settings, World, Zones};
use crate::app::{AppId, Identifier};
use crate::flow::{Addr, Protocol, ZoneId};
use crate::policy::{Policy, PolicyOptions, Service};

use self::objects::{Kind, Objects};

/// Everything that names in rules are resolved with.
struct Names<'c> {
    zones: &'c Zones,
    addresses: Objects<'c, (Addr, Addr)>,
    services: Objects<'c, Service>,
    applications: Objects<'c, AppId>,
}

/// Makes the world; `None` where something is wrong, which `out` then holds.
pub(super) fn commit(
    candidate: &Candidate,
    overrides: &Overrides,
    source: RulebaseInfo,
    out: &mut Diagnostics,
) -> Option<World> {
    let settings = settings(candidate, overrides, out);
    let zones = zones(candidate, overrides, out);
    let catalog = Arc::new(application::catalog(&candidate.applications, out));
    let services: Vec<Definition<Vec<Service>>> = services(&candidate.services);
    let application_names = || catalog.iter().map(|(_, app)| app.name.as_str()).collect();
    let application = |name: &str| catalog.find(name).map(|id| Ok(vec![id]));
    let mut names = Names {
        zones: &zones,
        addresses: Objects::new(
            Kind {
                what: "address",
                literal: &literal::addresses,
                normalize: join,
                others: &Vec::new,
                help: "define it under `[address]`, or write an address, a CIDR prefix or a range",
            },
            &candidate.addresses,
            out,
        ),
        services: Objects::new(
            Kind {
                what: "service",
                literal: &|_| None,
                normalize: |_| {},
                others: &Vec::new,
                help: "define it under `[service]`, e.g. `ftp-alt = \"tcp/2121\"`",
            },
            &services,
            out,
        ),
        applications: Objects::new(
            Kind {
                what: "application",
                literal: &application,
                normalize: |ids| {
                    ids.sort_unstable();
                    ids.dedup();
                },
                others: &application_names,
                help: "define it as `[application.NAME]`, or see `firstpass apps`",
            },
            &candidate.application_groups,
            out,
        ),
    };
    let rules = security::rules(&candidate.rules, &mut names, out);
    let defaults = security::defaults(candidate);
    if out.has_errors() {
        return None;
    }
    let options = PolicyOptions {
        block_by_service: settings.block_by_service,
        implicit_applications: settings.implicit_applications,
    };
    let policy = Policy::new(rules, defaults, Arc::clone(&catalog), options);
    let identifier = Identifier::new(&catalog);
    drop(names);
    Some(World { zones, catalog, identifier, policy, settings, source, warnings: Vec::new() })
}

fn settings(candidate: &Candidate, overrides: &Overrides, out: &mut Diagnostics) -> Settings {
    let mut settings = Settings::default();
    for (key, value) in &candidate.settings {
        if let Err(error) = settings.set(&key.value, &value.value) {
            out.error(&key.span, error.to_string());
        }
    }
    for (key, value) in &overrides.settings {
        if let Err(error) = settings.set(key, value) {
            out.general(format!("--set {key}={value}: {error}"));
        }
    }
    settings
}

fn zones(candidate: &Candidate, overrides: &Overrides, out: &mut Diagnostics) -> Zones {
    let mut zones = Zones::default();
    let mut owners: HashMap<IpNet, (ZoneId, &At<IpNet>), foldhash::fast::FixedState> = HashMap::default();
    for (name, prefixes) in &candidate.zones {
        let id = zones.intern(&name.value);
        for prefix in prefixes {
            if let Some((other, first)) = owners.insert(prefix.value.trunc(), (id, prefix))
                && other != id
            {
                let message = format!("`{}` is behind two zones", prefix.value);
                out.error(&prefix.span, message).related(&first.span, "the other one");
            }
        }
        zones.replace(id, &prefixes.iter().map(|prefix| prefix.value).collect::<Vec<_>>());
    }
    for (name, prefixes) in &overrides.zones {
        let id = zones.intern(name);
        zones.replace(id, prefixes);
    }
    if zones.names().is_empty() {
        out.general("the rulebase has no zones");
    }
    zones
}

fn services(definitions: &[Definition<Vec<ServicePorts>>]) -> Vec<Definition<Vec<Service>>> {
    let predefined = [("service-http", vec![(80, 80), (8080, 8080)]), ("service-https", vec![(443, 443)])];
    let mut services: Vec<_> = predefined
        .into_iter()
        .map(|(name, ports)| Definition {
            name: At::new(name.to_owned(), 0..0),
            body: Body::Object(vec![Service {
                name: name.to_owned(),
                protocol: Protocol::TCP,
                ports,
                source_ports: Vec::new(),
            }]),
        })
        .collect();
    services.extend(definitions.iter().map(|definition| {
        let body = match &definition.body {
            Body::Group(members) => Body::Group(members.clone()),
            Body::Object(ports) => Body::Object(
                ports
                    .iter()
                    .map(|ports| Service {
                        name: definition.name.value.clone(),
                        protocol: ports.protocol,
                        ports: ports.ports.clone(),
                        source_ports: ports.source_ports.clone(),
                    })
                    .collect(),
            ),
        };
        Definition { name: definition.name.clone(), body }
    }));
    services
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

/// An unknown name, and what it may have meant.
fn unknown(what: &str, name: &str) -> String {
    format!("unknown {what} {}", quote(name))
}
