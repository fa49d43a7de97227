//! Custom applications on top of the catalog, and filters over all of them.

use std::collections::BTreeSet;

use super::content;
use super::cure::Cures;
use super::objects::{By, unknown};
use crate::app::{
    AppId, Application, Catalog, Characteristics, Class, DenyAction, IcmpType, Ports, Timeouts,
};
use crate::config::candidate::{ApplicationFilter, Body, Candidate, CustomApplication, Definition, Name};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote};
use crate::flow::Protocol;

/// The predefined applications with the rulebase's own. Names that are neither are added to `missing`.
pub(super) fn catalog(
    mut catalog: Catalog,
    candidate: &Candidate,
    missing: &mut BTreeSet<String>,
    out: &mut Diagnostics,
) -> Catalog {
    let applications = &candidate.applications;
    let room = usize::from(u16::MAX).saturating_sub(catalog.iter().count());
    if let Some(custom) = applications.get(room) {
        out.error(&custom.name.span, format!("more than {room} custom applications"));
        return catalog;
    }
    for custom in applications {
        // What PAN-OS took is taken: the user's own application, where newer content has one of that name.
        let replaces = candidate.is_panos && !custom.defines.is_empty();
        let known = catalog.find(&custom.name.value).and_then(|id| catalog.get(id));
        let application = match known.filter(|_| !replaces) {
            Some(predefined) => overridden(predefined, custom, out),
            // Timeouts or tags of what newer content predefines.
            None if candidate.is_panos && custom.defines.is_empty() => {
                overridden(&content::unknown(&custom.name.value), custom, out)
            }
            None => with_any_port(own(custom, out)),
        };
        catalog.insert(application);
    }
    if candidate.is_panos {
        *missing = content::add(candidate, &mut catalog, out);
    }
    // All names are known now.
    for custom in applications {
        let by = By { what: "application", name: &custom.name.value };
        let depends_on = refer(&catalog, &custom.depends_on, by, out);
        let implicit = refer(&catalog, &custom.implicit, by, out);
        let parent = refer(&catalog, custom.parent.as_slice(), by, out).first().copied();
        if let Some(found) = catalog.find(&custom.name.value).and_then(|id| catalog.get(id)) {
            let mut application = found.clone();
            application.depends_on.extend(depends_on);
            application.implicit.extend(implicit);
            application.parent = parent.or(application.parent);
            catalog.insert(application);
        }
    }
    catalog
}

/// `application-default` holds a custom application without ports of its own to none: every port will do. Measured on a
/// real device, which let first packets to any port pass under a rule that names such an application (PANOS.md 2.10).
fn with_any_port(mut application: Application) -> Application {
    if application.ports == Ports::default() && application.icmp_types.is_empty() {
        application.ports.tcp = vec![(0, u16::MAX)];
        application.ports.udp = vec![(0, u16::MAX)];
    }
    application
}

/// An application of the rulebase's own, without what it refers to.
fn own(custom: &CustomApplication, out: &mut Diagnostics) -> Application {
    let icmp = custom.icmp.iter().map(|&kind| (Protocol::ICMP, kind));
    let icmp6 = custom.icmp6.iter().map(|&kind| (Protocol::ICMPV6, kind));
    let icmp_types =
        icmp.chain(icmp6).map(|(protocol, (kind, code))| IcmpType { protocol, kind, code }).collect();
    let by = By { what: "application", name: &custom.name.value };
    let class = Class {
        characteristics: characteristics(&custom.characteristics, by, out),
        tags: custom.tags.iter().map(|tag| tag.value.clone()).collect(),
        ..custom.class.clone()
    };
    Application {
        name: custom.name.value.clone(),
        ports: Ports { icmp: custom.icmp.is_some(), icmp6: custom.icmp6.is_some(), ..custom.ports.clone() },
        deny_action: custom.deny_action.unwrap_or(DenyAction::Drop),
        timeouts: timeouts(custom.timeouts, Timeouts::default()),
        class,
        custom: true,
        icmp_types,
        ..Application::default()
    }
}

fn characteristics(names: &[Name], by: By<'_>, out: &mut Diagnostics) -> Characteristics {
    let mut set = Characteristics::default();
    for name in names {
        if set.add(&name.value).is_none() {
            let all = || Characteristics::all_names().collect();
            unknown(by, "characteristic", name, all, "`evasive` and `pervasive` are some", out);
        }
    }
    set
}

/// A group must not hide an application.
pub(super) fn check_groups(catalog: &Catalog, groups: &[Definition<Vec<AppId>>], out: &mut Diagnostics) {
    for name in groups.iter().map(|group| &group.name).filter(|name| catalog.find(&name.value).is_some()) {
        out.error(&name.span, format!("{} is an application already", quote(&name.value)))
            .help("give the group another name");
    }
}

/// One of the things a filter can ask for.
type ClassColumn = fn(&Class) -> &str;

/// What the application filters stand for.
pub(super) fn filters(
    catalog: &Catalog,
    candidate: &Candidate,
    out: &mut Diagnostics,
) -> Vec<Definition<Vec<AppId>>> {
    let filters = candidate.application_filters.iter();
    filters.map(|filter| filtered(catalog, filter, candidate.is_panos, out)).collect()
}

/// What an application filter stands for (PANOS.md 2.6).
fn filtered(
    catalog: &Catalog,
    filter: &ApplicationFilter,
    is_panos: bool,
    out: &mut Diagnostics,
) -> Definition<Vec<AppId>> {
    let columns: [(&str, &[Name], ClassColumn); 3] = [
        ("category", &filter.category, |class| &class.category),
        ("subcategory", &filter.subcategory, |class| &class.subcategory),
        ("technology", &filter.technology, |class| &class.technology),
    ];
    for (what, names, column) in columns {
        let known = || catalog.iter().map(|(_, app)| column(&app.class)).filter(|known| !known.is_empty());
        for name in names.iter().filter(|name| !known().any(|known| known == name.value)) {
            let message = format!("no application has the {what} {}", quote(&name.value));
            if is_panos {
                // Newer content has.
                out.warn(format!("application filter {}: {message}", quote(&filter.name.value)));
            } else {
                out.error(&name.span, message)
                    .help_with(|| did_you_mean(&name.value, known(), "`firstpass apps` lists them"));
            }
        }
    }
    let by = By { what: "application filter", name: &filter.name.value };
    let excluded = refer(catalog, &filter.exclude, by, out);
    let wanted = characteristics(&filter.characteristics, by, out);
    let fits = |class: &Class| {
        let risk = filter.risk.is_empty() || filter.risk.contains(&class.risk);
        let tagged = filter.tags.is_empty() || filter.tags.iter().any(|tag| class.tags.contains(&tag.value));
        risk && tagged
            && class.characteristics.contain(wanted)
            && columns.iter().all(|(_, names, column)| {
                names.is_empty() || names.iter().any(|name| name.value == column(class))
            })
    };
    let members: Vec<AppId> = catalog
        .iter()
        .filter(|(id, app)| fits(&app.class) && !excluded.contains(id))
        .map(|(id, _)| id)
        .collect();
    if members.is_empty() {
        out.warn(format!("application filter {} fits no application", quote(&filter.name.value)));
    }
    Definition { name: filter.name.clone(), body: Body::Object(members), tags: Vec::new() }
}

/// A predefined application with other timeouts: nothing else of it can be changed (PANOS.md 5.2).
fn overridden(predefined: &Application, custom: &CustomApplication, out: &mut Diagnostics) -> Application {
    if let Some(key) = custom.defines.first() {
        let message = format!("application {} is predefined", quote(&custom.name.value));
        out.error(&key.span, message)
            .help("only its timeouts and tags can be set; a custom application needs another name");
    }
    let mut application = predefined.clone();
    application.timeouts = timeouts(custom.timeouts, predefined.timeouts);
    application.class.tags.extend(custom.tags.iter().map(|tag| tag.value.clone()));
    application
}

/// Own timeouts over predefined ones; 0 inherits the global one.
fn timeouts(own: Timeouts, predefined: Timeouts) -> Timeouts {
    let over = |own: Option<u32>, predefined: Option<u32>| own.or(predefined).filter(|&seconds| seconds > 0);
    Timeouts {
        timeout: over(own.timeout, predefined.timeout),
        tcp_timeout: over(own.tcp_timeout, predefined.tcp_timeout),
        udp_timeout: over(own.udp_timeout, predefined.udp_timeout),
        tcp_half_closed_timeout: over(own.tcp_half_closed_timeout, predefined.tcp_half_closed_timeout),
        tcp_time_wait_timeout: over(own.tcp_time_wait_timeout, predefined.tcp_time_wait_timeout),
        discard_timeout: over(own.discard_timeout, predefined.discard_timeout),
    }
}

fn refer(catalog: &Catalog, names: &[Name], by: By<'_>, out: &mut Diagnostics) -> Vec<AppId> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let before = found.len();
        match catalog.find(&name.value) {
            Some(id) => found.push(id),
            None => found.extend(catalog.functions(&name.value)),
        }
        if found.len() == before {
            let known = || catalog.iter().map(|(_, app)| app.name.as_str()).collect();
            // What a configuration of PAN-OS names has been added to the catalog.
            unknown(by, "application", name, known, Cures::Toml.application(), out);
        }
    }
    found
}
