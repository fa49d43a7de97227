//! DTLS: decided at the first record (RFC 6347, 4.1 and 4.2.2; RFC 9147, 4).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "dtls",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0x14, 0x15, 0x16, 0x17], server: &[0x14, 0x15, 0x16, 0x17] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_record(Reader(datagram)) == Some(true)).then_some(finding("dtls", "DTLS record"))
    })
}

/// Type, version 1.0 or 1.2 (OpenSSL's old 0x0100, too), epoch, sequence number, and a length that fits into the
/// datagram; in a handshake record a message type that opens a conversation.
fn is_record(mut read: Reader<'_>) -> Option<bool> {
    let (kind, version, epoch) = (read.u8()?, read.u16()?, read.u16()?);
    read.take(6)?;
    let len = usize::from(read.u16()?);
    if !(0x14..=0x17).contains(&kind) || !matches!(version, 0xfeff | 0xfefd | 0x0100) || len == 0 {
        return Some(false);
    }
    if len > read.0.len() || (version == 0x0100 && kind != 0x16) {
        return Some(false);
    }
    Some(kind != 0x16 || epoch > 0 || matches!(read.u8()?, 0..=4 | 11..=16 | 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let hello = b"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x05\x01\0\0\0\0";
        udp_table(
            DECODER,
            &[
                ("ClientHello", 4_433, &[('>', hello)], "dtls"),
                ("application data", 4_433, &[('>', b"\x17\xfe\xfd\0\x01\0\0\0\0\0\x01\0\x02ab")], "dtls"),
                ("cut record", 4_433, &[('>', &hello[..16])], "no"),
                ("TLS", 4_433, &[('>', b"\x16\x03\x01\0\x3c\x01\0\0\x38\x03\x03\0\0\0\0")], "no"),
            ],
        );
    }
}
