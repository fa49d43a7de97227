//! What is said of NAT.

use crate::config::World;
use crate::feature::nat::NatRuleId;
use crate::flow::{Direction, FlowKey};
use crate::report::escape;
use crate::report::row::nat_rule_name;
use crate::session::Side;

/// A NAT rule has matched a new session.
pub(super) fn translated(world: &World, rule: NatRuleId, key: Option<&FlowKey>) -> String {
    let name = escape::name(nat_rule_name(world, rule));
    match key {
        Some(key) => {
            let port = |port| key.protocol.has_ports().then_some(port);
            let (src, dst) = (key.src.with_port(port(key.sport)), key.dst.with_port(port(key.dport)));
            format!("NAT rule `{name}` makes it {src} → {dst}")
        }
        None => format!("NAT rule `{name}` matches; nothing is translated"),
    }
}

/// On which side of the translation packets are captured.
pub(super) fn captured(direction: Direction, side: Side, again: bool) -> String {
    let side = match side {
        Side::Received => "as the firewall receives it",
        Side::Transmitted => "as the firewall sends it on, after NAT",
    };
    if again {
        return format!("captured {side}: the same packet again, which is not counted");
    }
    match direction {
        Direction::ClientToServer => format!("captured {side}, as are the client's other packets"),
        Direction::ServerToClient => format!("captured {side}, as are the server's other packets"),
    }
}
