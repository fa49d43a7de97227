//! Xfire: decided at the client's opening mark and its first packet's header (as publicly described by OpenFire and
//! gfire).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "xfire",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"U", server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_opening(Reader(opening))).finds("xfire", "Xfire opening", &[]))
}

/// `UA01`, then a packet: length, kind (3 the client's version, 16 to 18 what goes before), count of attributes.
fn is_opening(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != b'U' || read.array()? != *b"A01" {
        return Some(false);
    }
    let (len, kind) = (read.le16()?, read.le16()?);
    Some((5..2_048).contains(&len) && matches!(kind, 3 | 16..=18))
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
                ("opening", b"UA01\x2a\0\x12\0\x02\x06skinsv", b"", "xfire"),
                ("its mark", b"UA01", b"", "more"),
                ("another kind", b"UA01\x2a\0\x77\0", b"", "no"),
            ],
        );
    }
}
