//! Character generator: decided at the first line of the pattern (RFC 864, "ordering and length").

use super::sign::Sign;
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const OVER_UDP: Decoder = Decoder {
    name: "chargen",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

pub(super) const OVER_TCP: Decoder = Decoder {
    name: "chargen-tcp",
    transport: Transport::Tcp,
    // A connection's first line begins with the first character, or the next for who counts from there.
    first: FirstBytes { client: b" !", server: b" !" },
    inspect,
};

const LINE_LEN: usize = 72;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| pattern(opening).finds("chargen", "character pattern", &[]));
    }
    at_datagram(heads, |datagram| {
        (pattern(datagram) == Sign::Yes).then_some(finding("chargen", "character pattern"))
    })
}

/// The printable characters in their order, from the last to the first again, and a line's end.
fn pattern(bytes: &[u8]) -> Sign {
    let line = bytes.get(..LINE_LEN).unwrap_or(bytes);
    let is_printable = line.first().is_none_or(|byte| matches!(byte, b' '..=b'~'));
    let follows = |pair: &[u8]| match pair {
        [b'~', next] => *next == b' ',
        [b'}', b' '] => true, // some leave the last one out
        [byte, next] => *next == byte.wrapping_add(1),
        _ => false,
    };
    if !is_printable || !line.windows(2).all(follows) {
        return Sign::No;
    }
    match bytes.get(LINE_LEN..LINE_LEN + 2) {
        Some(end) => Sign::of(Some(end == b"\r\n")),
        None => Sign::of(bytes.get(LINE_LEN).filter(|byte| **byte != b'\r').map(|_| false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let line = |first: u8| {
            let mut line: Vec<u8> = (0..72).map(|at| b' ' + (first - b' ' + at) % 95).collect();
            line.extend_from_slice(b"\r\n");
            line
        };
        let mut broken = line(b' ');
        broken[70] = b'x';
        tcp_table(
            OVER_TCP,
            &[
                ("first line", b"", &line(b' '), "chargen"),
                ("without its end", b"", &line(b'!')[..72], "more"),
                ("a character out of order", b"", &broken, "no"),
            ],
        );
        udp_table(
            OVER_UDP,
            &[
                ("a line from within", 19, &[('>', b"\n"), ('<', &line(b'r'))], "chargen"),
                ("an alphabet", 19, &[('<', b"abcdefghijklmnopqrstuvwxyz\r\n")], "no"),
            ],
        );
    }
}
