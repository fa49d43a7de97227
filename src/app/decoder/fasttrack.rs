//! FastTrack: over UDP decided at a ping or pong between nodes, which names the network; over TCP at an offer of a file
//! (as publicly described by giFT-FastTrack).

use super::sign::{Sign, begins, line};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "fasttrack",
    transport: Transport::Both,
    first: FirstBytes { client: b"'(G", server: b"'(G" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| offer(opening).finds("fasttrack", "FastTrack offer", &[]));
    }
    at_datagram(heads, |datagram| match datagram {
        [0x27 | 0x28, 0, 0, 0, 0x29 | 0xa9, 0x80, network @ ..] if is_network(network) => {
            let app = if network == b"KaZaA\0" { "kazaa" } else { "fasttrack" };
            Some(finding(app, "FastTrack ping"))
        }
        _ => None,
    })
}

/// The network's name with a zero after it.
fn is_network(name: &[u8]) -> bool {
    match name.split_last() {
        Some((0, name)) => (3..=32).contains(&name.len()) && name.iter().all(u8::is_ascii_alphanumeric),
        _ => false,
    }
}

/// `GIVE 123456`, of a node that was asked to connect.
fn offer(bytes: &[u8]) -> Sign {
    begins(bytes, b"GIVE ").and_then(|| {
        let number = bytes.get(5..).unwrap_or_default();
        match line(bytes) {
            Some((line, _)) => {
                let digits = line.get(5..).unwrap_or_default();
                Sign::of(Some((3..=10).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)))
            }
            None if number.len() <= 11
                && number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'\r') =>
            {
                Sign::More
            }
            None => Sign::No,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        udp_table(
            DECODER,
            &[
                ("ping", 1_214, &[('>', b"\x27\0\0\0\xa9\x80KaZaA\0")], "kazaa"),
                ("of another network", 1_214, &[('>', b"\x27\0\0\0\x29\x80fileshare\0")], "fasttrack"),
                ("without a name", 1_214, &[('>', b"\x27\0\0\0\xa9\x80\0")], "no"),
            ],
        );
        tcp_table(
            DECODER,
            &[
                ("offer", b"GIVE 1234567\r\n", b"", "fasttrack"),
                ("half of it", b"GIVE 1234", b"", "more"),
                ("no number", b"GIVE me that\r\n", b"", "no"),
                ("web", b"GET / HTTP/1.1\r\n", b"", "no"),
            ],
        );
    }
}
