//! QUIC: decided at the first Initial packet (RFC 9000, 17.2.2; RFC 9369, 3; RFC 8999 for what all versions share).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, first_datagram};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "quic",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

/// A client pads the datagram of its first Initial packet to this length (RFC 9000, 14.1).
const INITIAL_MIN: usize = 1_200;

/// The versions' types of the Initial packet: 0, but 1 in version 2 (RFC 9369, 3.2).
const VERSION_2: u32 = 0x6b33_43cf;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let Some(datagram) = first_datagram(heads) else { return Match::More };
    match ietf(datagram).or_else(|| google(datagram)) {
        Some(what) => Match::Yes(Finding { app: "quic", what, detail: &[], names_host: false }),
        None => Match::No,
    }
}

/// A long header (RFC 9000, 17.2) of a version that exists, with connection ids that may be.
fn ietf(datagram: &[u8]) -> Option<&'static str> {
    let mut read = Reader(datagram);
    let (first, version) = (read.u8()?, read.u32()?);
    let destination = read.u8()?;
    read.take(destination.into())?;
    let source = read.u8()?;
    read.take(source.into())?;
    let rest = read.0;
    if first & 0x80 == 0 || destination > 20 || source > 20 {
        return None;
    }
    if version == 0 {
        let is_list = !rest.is_empty() && rest.len() % 4 == 0;
        return (is_list && (destination > 0 || source > 0)).then_some("QUIC version negotiation");
    }
    let has_fixed_bit = first & 0x40 != 0;
    let is_initial = first >> 4 & 3 == u8::from(version == VERSION_2);
    // A server's Initial packet goes to an id that the client chose, which may be empty, and need not be padded.
    let sound = !is_initial || source > 0 || (destination >= 8 && datagram.len() >= INITIAL_MIN);
    let what = if is_initial { "QUIC Initial packet" } else { "QUIC long header" };
    (has_fixed_bit && is_version(version) && sound && rest.len() >= 18).then_some(what)
}

/// Versions 1 and 2, the drafts from 22 on, Facebook's, Google's with a TLS handshake, and those reserved to force a
/// negotiation (RFC 9000, 15).
const fn is_version(version: u32) -> bool {
    matches!(version, 1 | VERSION_2 | 0xff00_0016..=0xff00_0022 | 0xface_b000..=0xface_b0ff)
        || matches!(version, 0x5130_3530 | 0x5430_3530 | 0x5430_3531) // Q050, T050, T051
        || version & 0x0f0f_0f0f == 0x0a0a_0a0a
}

/// Google's own versions: to Q043 a public header with flags "version" and "8-byte connection id", the id, the
/// version; Q046 a long header with both id lengths in one byte (QUIC Wire Layout Specification, 2016; Chromium).
fn google(datagram: &[u8]) -> Option<&'static str> {
    let is_old = match datagram {
        [flags, _, _, _, _, _, _, _, _, b'Q', b'0', b'0'..=b'4', b'0'..=b'9', ..] => flags & 0xc9 == 0x09,
        [0xc0..=0xff, b'Q', b'0', b'4', b'6', 0x50 | 0x05 | 0x55, ..] => true,
        _ => false,
    };
    is_old.then_some("QUIC of Google")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    fn padded(head: &[u8], len: usize) -> Vec<u8> {
        let mut datagram = head.to_vec();
        datagram.resize(len, 0x5a);
        datagram
    }

    #[test]
    fn table() {
        let v1 = b"\xc3\x00\x00\x00\x01\x08\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x44\xd0";
        let v2 = b"\xd3\x6b\x33\x43\xcf\x08\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x44\xd0";
        let other = b"\xc3\x00\x00\x00\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x44\xd0";
        let server = b"\xc1\x00\x00\x00\x01\x00\x04\x01\x02\x03\x04\x00\x40\x75";
        let negotiation = b"\x80\0\0\0\0\x00\x04\x01\x02\x03\x04\x00\x00\x00\x01";
        udp_table(
            DECODER,
            &[
                ("version 1", 443, &[('>', &padded(v1, 1_250))], "quic"),
                ("version 2, on any port", 8_443, &[('>', &padded(v2, 1_200))], "quic"),
                ("not padded", 443, &[('>', &padded(v1, 1_199))], "no"),
                ("server's Initial", 443, &[('<', &padded(server, 200))], "quic"),
                ("version negotiation", 443, &[('<', negotiation)], "quic"),
                ("Q043", 443, &[('>', b"\x0d\x01\x02\x03\x04\x05\x06\x07\x08Q043\x01")], "quic"),
                ("no such version", 443, &[('>', &padded(other, 1_250))], "no"),
                ("no fixed bit", 443, &[('>', &padded(&[&[0x83], &v1[1..]].concat(), 1_250))], "no"),
                ("short header", 443, &[('>', &padded(&[0x43, 1, 2, 3], 60))], "no"),
            ],
        );
    }
}
