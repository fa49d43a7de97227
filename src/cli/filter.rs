//! `--filter`: reading it, and its part of the help.

use std::fmt::Write as _;

use super::error::{CliError, Exit};
use super::output::Streams;
use crate::config::{World, nearest, quote};
use crate::filter::Filter;

/// Reads the option's value.
pub(super) fn parse(text: &str, streams: &Streams<'_>) -> Result<Filter, CliError> {
    Filter::parse(text)
        .map_err(|error| CliError::rendered(Exit::Usage, error.render(streams.colored_errors())))
}

/// Names that the filter asks for and the configuration does not have: such tests find nothing.
pub(super) fn strangers(filter: &Filter, world: &World) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    for (field, name) in filter.names() {
        let what = match field.name {
            "zone" | "zone.src" | "zone.dst" => "zone",
            "rule" => "security rule",
            "app" => "application",
            _ => continue,
        };
        let mut known = known(what, world);
        let caseless = what == "application";
        if known.iter().any(|known| *known == name || caseless && known.eq_ignore_ascii_case(name)) {
            continue;
        }
        known.sort_unstable();
        let nearest = nearest(name, known).map(|nearest| format!("; did you mean {}?", quote(nearest)));
        let warning = format!("--filter: there is no {what} {}{}", quote(name), nearest.unwrap_or_default());
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    warnings
}

fn known<'w>(what: &str, world: &'w World) -> Vec<&'w str> {
    match what {
        "zone" => world.zones.names().iter().map(String::as_str).collect(),
        "security rule" => world.policy.rules().iter().map(|rule| rule.name.as_str()).collect(),
        _ => {
            let labels = ["incomplete", "insufficient-data", "not-applicable"];
            let applications = world.catalog.iter().map(|(_, application)| application.name.as_str());
            applications.chain(labels).collect()
        }
    }
}

/// What stands below the options of `replay --help`.
pub(super) fn help() -> String {
    let mut text = String::from(
        "Settings (--set) are named as in PAN-OS: session.tcp-reject-non-syn, tcp.asymmetric-path, \
         session.timeout-udp, …; the model's own begin with `model.`. A wrong name is answered with the nearest right \
         one.\n\n\
         Filters (--filter) are those of PAN-OS's log viewer: ( FIELD OPERATOR VALUE ), joined by `and` and `or`, \
         negated by `!( … )` or `not ( … )`, in parentheses that may be nested; `and` binds more tightly. Values with \
         spaces stand in quotes of either kind. `All Logs` finds every row. Fields:\n\n",
    );
    for field in Filter::fields() {
        let names = [&[field.name], field.aliases].concat().join(", ");
        let operators = field.operators().join(" ");
        let _ = writeln!(text, "  {names:<26} {operators:<20} {}", field.meaning);
    }
    let flags: Vec<&str> = Filter::flags().map(|(name, _)| name).collect();
    let _ = write!(text, "\nFlags of ( flags has NAME ): {}", flags.join(", "));
    text
}
