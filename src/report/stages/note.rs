//! What the annotated capture says of a frame.

use std::fmt::Write as _;

use super::fate::{Fate, Injected, Known, Port};
use crate::config::World;
use crate::engine::Verdict;
use crate::flow::Direction;
use crate::report::escape;
use crate::report::row::{label_name, rule_name};

/// So many characters of a name are shown; PAN-OS's own are shorter.
const NAME_MAX: usize = 64;

/// What an interface is called: by its own name where it is known, otherwise by its zone.
pub(super) fn port(world: &World, port: Port) -> String {
    let name = match world.network.interface_name(port.interface) {
        "" => port.zone.map_or("unknown", |zone| world.zones.name(zone)),
        name => name,
    };
    bounded(name)
}

/// What is said of a frame that was read: `verdict=drop reason="…" counter=… session=5 rule="…" app=…`.
pub(super) fn frame(world: &World, fate: &Fate<'_>) -> String {
    let mut text = match fate.verdict {
        Verdict::Forward => "verdict=forward".to_owned(),
        Verdict::Drop(reason) => {
            format!("verdict=drop reason={} counter={}", quoted(&reason.to_string()), reason.counter())
        }
    };
    if fate.again {
        text.push_str(" seen-again=yes");
    }
    push_known(&mut text, world, fate.known);
    if let Some(direction) = fate.direction {
        push(&mut text, "direction", direction.name());
    }
    text
}

/// What is said of a packet of the firewall's own: `verdict=injected what=rst toward=client session=5 …`.
pub(super) fn injected(world: &World, known: Option<&Known>, injected: &Injected) -> String {
    let what = injected.what.name();
    let toward = match injected.toward {
        Direction::ClientToServer => "server",
        Direction::ServerToClient => "client",
    };
    let mut text = format!("verdict=injected what={what} toward={toward}");
    push_known(&mut text, world, known);
    text
}

fn push_known(text: &mut String, world: &World, known: Option<&Known>) {
    let Some(known) = known else { return };
    if let Some(id) = known.id {
        push(text, "session", id.0);
    }
    push(text, "rule", quoted(rule_name(world, known.rule)));
    push(text, "app", bounded(label_name(world, known.label)));
}

fn push(text: &mut String, key: &str, value: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(text, " {key}={value}");
}

/// Between quotes, and safe to show.
fn quoted(name: &str) -> String {
    format!("\"{}\"", bounded(name).replace('\\', "\\\\").replace('"', "\\\""))
}

fn bounded(name: &str) -> String {
    match name.char_indices().nth(NAME_MAX) {
        Some((end, _)) => format!("{}…", escape::name(name.get(..end).unwrap_or_default())),
        None => escape::name(name).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_safe() {
        assert_eq!(quoted("FTP \"for\" \\ partners\u{1b}"), r#""FTP \"for\" \\ partners\\x1b""#);
        assert_eq!(bounded(&"é".repeat(65)), format!("{}…", "é".repeat(64)));
    }
}
