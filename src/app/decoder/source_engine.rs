//! Source, Valve's engine of games: decided at a query of a server, or at the answer to one (Valve's "Server queries").

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "source-engine",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0xff], server: &[0xff] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        let rest = datagram.strip_prefix(&[0xff; 4])?;
        is_query(rest).then_some(finding("source-engine", "Source query"))
    })
}

/// Information asked for, with or without a challenge, or given (protocol 17); players or rules with the challenge that
/// asks for one.
fn is_query(rest: &[u8]) -> bool {
    match rest.strip_prefix(b"TSource Engine Query\0") {
        Some(challenge) => matches!(challenge.len(), 0 | 4),
        None => match rest {
            [b'I', 17, text @ ..] => text.iter().filter(|byte| **byte == 0).count() >= 4,
            [b'U' | b'V', 0xff, 0xff, 0xff, 0xff] => true,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        const APP: &str = "source-engine";
        let answer =
            b"\xff\xff\xff\xffI\x11a server\0de_dust\0cstrike\0Counter-Strike\0\xf0\0\x05\x10\x04dl\0\0";
        udp_table(
            DECODER,
            &[
                ("query", 27_015, &[('>', b"\xff\xff\xff\xffTSource Engine Query\0")], APP),
                ("players", 27_015, &[('>', b"\xff\xff\xff\xffU\xff\xff\xff\xff")], APP),
                ("answer alone", 27_015, &[('<', answer)], APP),
                ("another word", 27_015, &[('>', b"\xff\xff\xff\xffTSource Engine\0")], "no"),
                ("Quake", 27_960, &[('>', b"\xff\xff\xff\xffgetstatus\n")], "no"),
            ],
        );
    }
}
