//! Firebird and InterBase (`gds-db`): decided at the client's connect operation (Firebird, "The Wire Protocol", op_connect).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "firebird",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_connect(Reader(opening))).finds("gds-db", "Firebird connect operation", &[])
    })
}

/// Connect; to attach, create or ask a service; version 2 or 3 of this operation, architecture, the file's name, how
/// many protocols are offered.
fn is_connect(mut read: Reader<'_>) -> Option<bool> {
    if read.u32()? != 1 || !matches!(read.u32()?, 0 | 19 | 20 | 82) || !matches!(read.u32()?, 2 | 3) {
        return Some(false);
    }
    let (architecture, len) = (read.u32()?, read.u32()?);
    if !(1..64).contains(&architecture) || len > 1_024 {
        return Some(false);
    }
    let name = read.take(usize::try_from(len).ok()?.next_multiple_of(4))?;
    Some(!name.contains(&b'\n') && (1..=16).contains(&read.u32()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let connect = b"\0\0\0\x01\0\0\0\x13\0\0\0\x03\0\0\0\x24\0\0\0\x09employee \0\0\0\0\0\0\x02";
        tcp_table(
            DECODER,
            &[
                ("attach", connect, b"", "gds-db"),
                ("up to the version", &connect[..10], b"", "more"),
                ("another version", b"\0\0\0\x01\0\0\0\x13\0\0\0\x0a", b"text", "no"),
                ("no protocols", &[&connect[..35], b"\0"].concat(), b"text", "no"),
                ("BitTorrent's choke", b"\0\0\0\x01\0\0\0\0\x01\x02\0\0\0\0\0\0", b"text", "no"),
            ],
        );
    }
}
