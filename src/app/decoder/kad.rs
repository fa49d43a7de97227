//! Kademlia as eMule has it, and its questions to servers: decided at the first datagram whose operation and length agree (the protocol as publicly
//! described by D. Mysicka's "Reverse engineering of eMule", 2006, 4).
//!
//! Obfuscated packets look like nothing and stay unknown.

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "kad",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0xe3, 0xe4], server: &[0xe3, 0xe4] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_message(datagram).then_some(finding("emule", "Kademlia message")))
}

/// What a contact takes: identity, address, two ports, version.
const CONTACT: usize = 25;

fn is_message(datagram: &[u8]) -> bool {
    // A server is asked for its state or its description, with a challenge that has eMule's mark.
    if matches!(datagram, [0xe3, 0x96, _, _, 0xaa, 0x55] | [0xe3, 0xa2, 0xff, 0xf0, _, _]) {
        return true;
    }
    let [0xe4, operation, rest @ ..] = datagram else { return false };
    match (operation, rest) {
        // Search for nodes: how many, the target, the receiver's identity. Versions 1 and 2.
        (0x20 | 0x21, [2 | 4 | 0x0b, ids @ ..]) => ids.len() == 32,
        // Nodes: the target, their count.
        (0x28 | 0x29, nodes) => {
            matches!(nodes.get(16), Some(count @ 1..) if nodes.len() == 17 + usize::from(*count) * CONTACT)
        }
        // Hello of version 2: identity, port, version from 1 to 10, how many tags.
        (0x11 | 0x19, hello) => {
            matches!((hello.get(18), hello.get(19)), (Some(1..=10), Some(0..=4))) && hello.len() <= 48
        }
        // Bootstrap's answer of version 2: identity, port, version, count, contacts.
        (0x09, answer) => match (answer.get(18), answer.get(19..21)) {
            (Some(1..=10), Some([count, 0])) => answer.len() == 21 + usize::from(*count) * CONTACT,
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let search = [&b"\xe4\x21\x0b"[..], &[0x5a; 32]].concat();
        let nodes = [&b"\xe4\x29"[..], &[0x5a; 16], &[2], &[7; 50]].concat();
        let hello = [&b"\xe4\x11"[..], &[0x5a; 16], b"\x36\x12\x08\0"].concat();
        udp_table(
            DECODER,
            &[
                ("search", 4_672, &[('>', &search)], "emule"),
                ("nodes", 4_672, &[('<', &nodes)], "emule"),
                ("hello", 4_672, &[('>', &hello)], "emule"),
                ("a server is asked", 4_665, &[('>', b"\xe3\x96\x12\x34\xaa\x55")], "emule"),
                ("shorter", 4_672, &[('>', &search[..30])], "no"),
                ("another count", 4_672, &[('>', &nodes[..60])], "no"),
                ("another operation", 4_672, &[('>', b"\xe4\x77\x0b")], "no"),
            ],
        );
    }
}
