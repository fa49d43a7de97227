//! A generic sign of peer-to-peer traffic: one local port that talks to many strangers in a language nobody knows.
//!
//! PAN-OS names the label `unknown-p2p` and says "generic P2P heuristics" (PANOS.md 2.9), but not which. Assumed here:
//! an endpoint with an unprivileged port counts as a peer once it has had unrecognised UDP conversations with enough
//! different endpoints whose ports are unprivileged, too. Clients of an ordinary service differ: each of their
//! conversations has a port of its own.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use crate::flow::{Addr, FlowKey};

/// An address and a port.
type Endpoint = (Addr, u16);

/// Whom each endpoint has talked to without being understood.
#[derive(Debug, Default)]
pub(super) struct Peers {
    strangers: HashMap<Endpoint, BTreeSet<Endpoint>, foldhash::quality::RandomState>,
}

/// So many endpoints are remembered; later ones are not.
const ENDPOINTS: usize = 1 << 14;

impl Peers {
    /// Notes an unrecognised conversation; whether its client has now had `enough` of them.
    pub(super) fn note(&mut self, key: &FlowKey, enough: u64) -> bool {
        if enough == 0 || key.sport < 1_024 || key.dport < 1_024 {
            return false;
        }
        let client = (key.src, key.sport);
        if self.strangers.len() >= ENDPOINTS && !self.strangers.contains_key(&client) {
            return false;
        }
        let strangers = self.strangers.entry(client).or_default();
        if (strangers.len() as u64) < enough {
            strangers.insert((key.dst, key.dport));
        }
        strangers.len() as u64 >= enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Protocol, ZoneId};

    fn key(client: u16, server: u8) -> FlowKey {
        FlowKey {
            src: Addr::v4([10, 0, 0, 1]),
            dst: Addr::v4([198, 51, 100, server]),
            sport: client,
            dport: 6_000,
            protocol: Protocol::UDP,
            zone: ZoneId(0),
        }
    }

    #[test]
    fn many_strangers_from_one_port() {
        let mut peers = Peers::default();
        let told: Vec<bool> = [1, 2, 2, 3, 4].map(|server| peers.note(&key(4_000, server), 3)).into();
        assert_eq!(told, [false, false, false, true, true]);
        assert!((0..9).all(|client| !peers.note(&key(5_000 + client, 1), 3)), "ports of their own");
        assert!((0..9).all(|server| !peers.note(&key(53, server), 3)), "a privileged port");
        assert!((0..9).all(|server| !peers.note(&key(7_000, server), 0)), "switched off");
    }
}
