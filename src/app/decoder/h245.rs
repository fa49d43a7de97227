//! H.245, the control of H.323's media: decided at the terminal's capabilities, which begin with the protocol's
//! identifier (H.245, 7.5 and annex A; aligned PER in TPKT, RFC 1006).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "h245",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[3], server: &[3] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(are_capabilities(Reader(opening))).finds("h.245", "H.245 capabilities", &[])
    })
}

/// Header and length; the request that sets capabilities, a number, {itu-t(0) recommendation(0) h(8) 245 version(0) n}.
fn are_capabilities(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != 3 || read.u8()? != 0 || read.u16()? < 15 || read.u8()? != 2 || read.u8()? != 0x70 {
        return Some(false);
    }
    read.u8()?;
    if read.array()? != [6, 0, 8, 0x81, 0x75, 0] {
        return Some(false);
    }
    Some((1..=30).contains(&read.u8()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let capabilities = b"\x03\0\0\x10\x02\x70\x01\x06\0\x08\x81\x75\0\x0b\x80\x13";
        let another = b"\x03\0\0\x10\x02\x70\x01\x06\0\x08\x91\x4a\0\x04\x80\x13";
        tcp_table(
            DECODER,
            &[
                ("capabilities", capabilities, b"", "h.245"),
                ("half of it", &capabilities[..9], b"", "more"),
                ("H.225's identifier", another, b"", "no"),
                ("RDP", b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0", b"", "no"),
            ],
        );
    }
}
