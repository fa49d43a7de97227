//! Custom applications on top of the catalog, and filters over all of them.

use crate::app::{AppId, Application, Catalog, Class, DenyAction, Timeouts};
use crate::config::candidate::{ApplicationFilter, Body, Candidate, CustomApplication, Definition, Name};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote};

/// The program's catalog with the rulebase's own applications.
pub(super) fn catalog(candidate: &Candidate, out: &mut Diagnostics) -> Catalog {
    let applications = &candidate.applications;
    let mut catalog = match Catalog::builtin() {
        Ok(catalog) => catalog,
        Err(error) => {
            out.general(error.to_string());
            return Catalog::default();
        }
    };
    let room = usize::from(u16::MAX).saturating_sub(catalog.iter().count());
    if let Some(custom) = applications.get(room) {
        out.error(&custom.name.span, format!("more than {room} custom applications"));
        return catalog;
    }
    for custom in applications {
        // What PAN-OS took is taken: the user's own application, where newer content has one of that name.
        let own = candidate.is_panos && !custom.defines.is_empty();
        let known = catalog.find(&custom.name.value).and_then(|id| catalog.get(id));
        let application = match known.filter(|_| !own) {
            Some(predefined) => overridden(predefined, custom, out),
            None => Application {
                name: custom.name.value.clone(),
                ports: custom.ports.clone(),
                depends_on: Vec::new(),
                implicit: Vec::new(),
                deny_action: custom.deny_action.unwrap_or(DenyAction::Drop),
                timeouts: timeouts(custom.timeouts, Timeouts::default()),
                class: custom.class.clone(),
            },
        };
        catalog.insert(application);
    }
    // All names are known now.
    for custom in applications {
        let depends_on = refer(&catalog, &custom.depends_on, out);
        let implicit = refer(&catalog, &custom.implicit, out);
        if let Some(found) = catalog.find(&custom.name.value).and_then(|id| catalog.get(id)) {
            let mut application = found.clone();
            application.depends_on.extend(depends_on);
            application.implicit.extend(implicit);
            catalog.insert(application);
        }
    }
    catalog
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

/// What an application filter stands for (PANOS.md 2.6).
pub(super) fn filtered(
    catalog: &Catalog,
    filter: &ApplicationFilter,
    out: &mut Diagnostics,
) -> Definition<Vec<AppId>> {
    let columns: [(&str, &[Name], ClassColumn); 3] = [
        ("category", &filter.category, |class| &class.category),
        ("subcategory", &filter.subcategory, |class| &class.subcategory),
        ("technology", &filter.technology, |class| &class.technology),
    ];
    for (what, names, column) in columns {
        for name in names {
            let known =
                || catalog.iter().map(|(_, app)| column(&app.class)).filter(|known| !known.is_empty());
            if !known().any(|known| known == name.value) {
                out.error(&name.span, format!("no application has the {what} {}", quote(&name.value)))
                    .help_with(|| did_you_mean(&name.value, known(), "`firstpass apps` lists them"));
            }
        }
    }
    let excluded = refer(catalog, &filter.exclude, out);
    let fits = |class: &Class| {
        let risk = filter.risk.is_empty() || filter.risk.contains(&class.risk);
        risk && columns.iter().all(|(_, names, column)| {
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
            .help("only its timeouts can be set; a custom application needs another name");
    }
    Application { timeouts: timeouts(custom.timeouts, predefined.timeouts), ..predefined.clone() }
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

fn refer(catalog: &Catalog, names: &[Name], out: &mut Diagnostics) -> Vec<AppId> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        match catalog.find(&name.value) {
            Some(id) => found.push(id),
            None => {
                let known = || catalog.iter().map(|(_, app)| app.name.as_str());
                out.error(&name.span, format!("unknown application {}", quote(&name.value)))
                    .help_with(|| did_you_mean(&name.value, known(), super::APPLICATION_HELP));
            }
        }
    }
    found
}
