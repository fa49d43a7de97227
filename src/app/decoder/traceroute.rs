//! Traceroute over UDP: told by where a datagram goes and how few hops it may still make (PANOS.md 2.12).
//!
//! Probes over IPv6 have no signature. The payload means nothing, so every other decoder goes before this one. Over
//! ICMP see [`Identifier::by_header`](crate::app::Identifier::by_header).

use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match, TRACEROUTE_TTL_MAX};

pub(super) const DECODER: Decoder = Decoder {
    name: "traceroute",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

/// One port for each probe from the customary one on: the application's default ports.
const PORTS: std::ops::RangeInclusive<u16> = 33_434..=33_534;

/// Probes are short: 12 bytes, 32, or 52 and what fills the packet size asked for.
const PAYLOAD_MAX: usize = 1_472;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let fits = !heads.v6
        && PORTS.contains(&heads.dport)
        && heads.ttl <= TRACEROUTE_TTL_MAX
        && heads.client.len() <= PAYLOAD_MAX;
    if fits { Match::Yes(finding("traceroute", "UDP probe with low time to live")) } else { Match::No }
}
