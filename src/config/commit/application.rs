//! Custom applications on top of the catalog.

use crate::app::{AppId, Application, Catalog, Class, DenyAction};
use crate::config::candidate::{CustomApplication, Name};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote};

/// The program's catalog with the rulebase's own applications.
pub(super) fn catalog(applications: &[CustomApplication], out: &mut Diagnostics) -> Catalog {
    let mut catalog = match Catalog::builtin() {
        Ok(catalog) => catalog,
        Err(error) => {
            out.general(error.to_string());
            return Catalog::default();
        }
    };
    for custom in applications {
        let id = catalog.find(&custom.name.value);
        let mut application = match id.and_then(|id| catalog.get(id)) {
            Some(known) => known.clone(),
            None => Application {
                name: custom.name.value.clone(),
                ports: custom.ports.clone(),
                depends_on: Vec::new(),
                implicit: Vec::new(),
                deny_action: DenyAction::default(),
                timeouts: custom.timeouts,
                class: Class::default(),
            },
        };
        application.timeouts = custom.timeouts;
        application.deny_action = custom.deny_action.unwrap_or(application.deny_action);
        catalog.insert(application);
    }
    for custom in applications {
        let depends_on = refer(&catalog, &custom.depends_on, out);
        let implicit = refer(&catalog, &custom.implicit, out);
        if let Some(mut application) =
            catalog.find(&custom.name.value).and_then(|id| catalog.get(id)).cloned()
        {
            application.depends_on.extend(depends_on);
            application.implicit.extend(implicit);
            catalog.insert(application);
        }
    }
    catalog
}

fn refer(catalog: &Catalog, names: &[Name], out: &mut Diagnostics) -> Vec<AppId> {
    names
        .iter()
        .filter_map(|name| {
            let found = catalog.find(&name.value);
            if found.is_none() {
                let help = did_you_mean(&name.value, catalog.iter().map(|(_, app)| app.name.as_str()));
                out.error(&name.span, format!("unknown application {}", quote(&name.value)))
                    .help(help.unwrap_or_else(|| "see `firstpass apps`".to_owned()));
            }
            found
        })
        .collect()
}
