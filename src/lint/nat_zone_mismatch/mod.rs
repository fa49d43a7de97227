//! `nat-zone-mismatch`: addresses and zones of security and NAT rules that do not belong together.

mod nat;
mod security;

use super::context::Context;
use super::words::{list, quote};
use super::{Finding, Kind, Related, Severity};
use crate::feature::nat::{DestinationAddress, NatRule};
use crate::flow::ZoneId;
use crate::policy::AddressMatch;
use crate::policy::space::Ranges;

pub(super) const KIND: Kind = Kind {
    name: "nat-zone-mismatch",
    severity: Severity::Warning,
    what: "A security rule whose destination addresses and destination zone never meet in one session, or that names a \
           server by its address after NAT; a NAT rule whose `to` is not the zone of its original destination.",
    why: "The security policy is looked up with the destination address before NAT and the destination zone after it; a \
          NAT rule with the address before NAT and the zone that this address is behind (PANOS.md 2.2, 9). A rule that \
          mixes them up never matches what it is meant for. Where an address lies is told by zone prefixes, interfaces \
          and routes, for each NAT rule that may translate it. Where these do not tell, such as where a routing protocol \
          or policy based forwarding decides, nothing is said.",
    example: "[zones]\nuntrust = \"0.0.0.0/0\"\ndmz = \"192.0.2.0/24\"\n\n[[nat]]\nname = \"Web\"\nfrom = \"untrust\"\nto = \
              \"untrust\"\ndestination = \"203.0.113.10\"\ndestination-translation = { translated-address = \
              \"192.0.2.10\" }\n\n[[security]]\nname = \"Web\"\nfrom = \"untrust\"\nto = \"dmz\"\ndestination = \
              \"192.0.2.10\"\napplication = \"web-browsing\"\naction = \"allow\"",
    cure: "In a security rule write the destination address before NAT and the zone that the translated address is \
           behind; in a NAT rule the zone that the original destination is behind.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    nat::run(kind, context, out);
    security::run(kind, context, out);
}

/// Addresses of a column.
fn ranges(column: &AddressMatch) -> Ranges {
    Ranges::new(column.ranges.iter().map(|&(low, high)| (low.bits(), high.bits())).collect())
}

/// Every address that a NAT rule may make of a destination.
fn translated(rule: &NatRule) -> Option<Ranges> {
    let translation = rule.destination_translation.as_ref()?;
    let of = |ranges: &[(crate::flow::Addr, crate::flow::Addr)]| {
        Ranges::new(ranges.iter().map(|&(low, high)| (low.bits(), high.bits())).collect())
    };
    Some(match &translation.address {
        DestinationAddress::One(addr) => Ranges::span(addr.bits(), addr.bits()),
        DestinationAddress::OneToOne(addresses) => of(addresses.translated().ranges()),
        DestinationAddress::Distributed { pool, .. } => of(pool.ranges()),
    })
}

/// Names in a column, in backticks; the addresses where a rule that nobody wrote has none.
fn destination_of(rule: &NatRule) -> String {
    if !rule.is_reverse {
        return list(rule.destination.names.iter().map(String::as_str));
    }
    let texts = rule.destination.ranges.iter().map(|(low, high)| match low == high {
        true => low.to_string(),
        false => format!("{low}-{high}"),
    });
    let texts: Vec<String> = texts.collect();
    list(texts.iter().map(String::as_str))
}

fn zones<'z>(context: &'z Context<'_>, zones: impl IntoIterator<Item = &'z ZoneId>) -> String {
    list(zones.into_iter().map(|zone| context.world.zones.name(*zone)))
}

fn related(context: &Context<'_>, rule: &NatRule) -> Related {
    let place = context.world.places.nat_rule(&rule.name, "name");
    Related { rule: rule.name.clone(), place, what: "translates the destination" }
}

/// `NAT rule X`.
fn nat_rule(rule: &NatRule) -> String {
    format!("NAT rule {}", quote(&rule.name))
}
