//! Sentences of findings.

use crate::config::World;
use crate::policy::Query;
use crate::report::escape;

/// So many names of a list are told.
const TOLD: usize = 4;

/// A name in backticks.
pub(super) fn quote(name: &str) -> String {
    format!("`{}`", escape::name(name))
}

/// Names in backticks, `and` before the last; the number of the others where there are many.
pub(super) fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let told = if names.len() > TOLD + 1 { TOLD } else { names.len() };
    let mut quoted: Vec<String> = names.iter().take(told).map(|name| quote(name)).collect();
    if names.len() > told {
        quoted.push(format!("{} more", names.len() - told));
    }
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A tuple as people write it: `tcp 198.51.100.1:40000 to 192.0.2.1:80, untrust to dmz, application ssl`.
pub(super) fn tuple(world: &World, query: &Query) -> String {
    let port = |port| query.protocol.has_ports().then_some(port);
    let (src, dst) = (query.src.with_port(port(query.sport)), query.dst.with_port(port(query.dport)));
    let (from, to) = (world.zones.name(query.from), world.zones.name(query.to));
    let app = query.app.map_or(String::new(), |app| format!(", application {}", world.catalog.name(app)));
    let protocol = match query.protocol {
        protocol if protocol.has_ports() || protocol.is_icmp() => protocol.to_string(),
        other => format!("IP protocol {other}"),
    };
    escape::name(&format!("{protocol} {src} to {dst}, {from} to {to}{app}")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b"]), "`a` and `b`");
        assert_eq!(list(["a", "b", "c", "d", "e"]), "`a`, `b`, `c`, `d` and `e`");
        assert_eq!(list(["a", "b", "c", "d", "e", "f"]), "`a`, `b`, `c`, `d` and 2 more");
    }
}
