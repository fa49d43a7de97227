//! FIX: decided at the first message's first two fields (FIX 4.2, "Message Format"; FIXT 1.1).

use super::sign::{Sign, begins_any};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "fix",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"8", server: b"8" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let version = begins_any(opening, &[b"8=FIX.4.", b"8=FIX.5.", b"8=FIXT.1."]);
        version.and_then(|| length(opening)).finds("fix", "FIX message", &[])
    })
}

/// The field of the version ends, and the body's length follows.
fn length(bytes: &[u8]) -> Sign {
    const VERSION_MAX: usize = 12;
    let Some(end) = bytes.iter().take(VERSION_MAX).position(|byte| *byte == 1) else {
        return if bytes.len() < VERSION_MAX { Sign::More } else { Sign::No };
    };
    match bytes.get(end + 1..end + 4) {
        Some(&[tag, equals, digit]) => {
            Sign::of(Some((tag, equals) == (b'9', b'=') && digit.is_ascii_digit()))
        }
        _ => Sign::More,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("logon", b"8=FIX.4.2\x019=65\x0135=A\x0149=BUYER\x01", b"8=FIX.4.2\x019=65\x01", "fix"),
                ("logon of FIXT", b"8=FIXT.1.1\x019=65\x0135=A\x01", b"", "fix"),
                ("version alone", b"8=FIX.4.2\x01", b"", "more"),
                ("another field second", b"8=FIX.4.2\x0135=A\x01", b"text", "no"),
                ("another separator", b"8=FIX.4.2|9=65|35=A|", b"text", "no"),
            ],
        );
    }
}
