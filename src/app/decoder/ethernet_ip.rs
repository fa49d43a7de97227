//! EtherNet/IP and CIP on it: decided at the first encapsulated message, over UDP also at the first datagram of cyclic
//! data (CIP Networks Library, volume 2, 2-3 to 2-6).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Heads, Match};
use crate::flow::Protocol;

pub(super) const DECODER: Decoder = Decoder {
    name: "ethernet-ip",
    transport: Transport::Both,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// Low bytes of commands; cyclic data begins with two items.
const FIRST: &[u8] = &[0x02, 0x04, 0x63, 0x64, 0x65, 0x6f, 0x70];

const LIST_SERVICES: u16 = 0x04;
const LIST_IDENTITY: u16 = 0x63;
const LIST_INTERFACES: u16 = 0x64;
const REGISTER_SESSION: u16 = 0x65;
const SEND_RR_DATA: u16 = 0x6f;
const SEND_UNIT_DATA: u16 = 0x70;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol == Protocol::TCP {
        return at_opening(heads, |opening| {
            // A keepalive of Cisco's SCCP is the same bytes: there the answer must tell.
            let is_ambiguous = opening.starts_with(&[4, 0, 0, 0]);
            match Sign::of(is_message(Reader(opening))) {
                Sign::Yes if is_ambiguous => Match::More,
                sign => sign.finds("cip-ethernet-ip", "EtherNet/IP message", &[]),
            }
        });
    }
    at_datagram(heads, |datagram| {
        let is_whole = datagram
            .get(2..4)
            .is_some_and(|len| Reader(len).le16().is_some_and(|len| usize::from(len) + 24 == datagram.len()));
        if is_whole && is_message(Reader(datagram)) == Some(true) {
            return Some(finding("cip-ethernet-ip", "EtherNet/IP message"));
        }
        is_cyclic(Reader(datagram)).then_some(finding("cip-ethernet-ip", "EtherNet/IP cyclic data"))
    })
}

/// Command, length, session, status 0, the sender's context, options 0; then what goes with the command.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let (command, len) = (read.le16()?, read.le16()?);
    let known = match command {
        LIST_SERVICES | LIST_IDENTITY | LIST_INTERFACES => len != 1,
        REGISTER_SESSION => len == 4,
        SEND_RR_DATA | SEND_UNIT_DATA => len >= 16,
        _ => false,
    };
    if !known {
        return Some(false);
    }
    let (session, status) = (read.le32()?, read.le32()?);
    read.take(8)?;
    let options = read.le32()?;
    if status != 0 || options != 0 {
        return Some(false);
    }
    match command {
        // The protocol's version, no flags.
        REGISTER_SESSION => Some(read.array()? == [1, 0, 0, 0]),
        SEND_RR_DATA | SEND_UNIT_DATA => {
            let (interface, _timeout, items) = (read.le32()?, read.le16()?, read.le16()?);
            let address = read.le16()?;
            Some(session != 0 && interface == 0 && (2..=4).contains(&items) && matches!(address, 0 | 0xa1))
        }
        // A request has no data, an answer a list of items.
        _ if len == 0 => Some(session == 0),
        _ => {
            let items = read.le16()?;
            let kind = if items == 0 { 0 } else { read.le16()? };
            let fits = match command {
                LIST_SERVICES => kind == 0x0100,
                LIST_IDENTITY => kind == 0x0c,
                _ => items == 0 && len == 2,
            };
            Some(session == 0 && fits && items <= 8)
        }
    }
}

/// Two items: a sequenced address of eight bytes, and connected data up to the datagram's end.
fn is_cyclic(mut read: Reader<'_>) -> bool {
    let mut items = || {
        let (count, address, address_len) = (read.le16()?, read.le16()?, read.le16()?);
        read.take(8)?;
        let (data, data_len) = (read.le16()?, usize::from(read.le16()?));
        Some([count, address, address_len, data] == [2, 0x8002, 8, 0x00b1] && data_len == read.0.len())
    };
    items() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    const REGISTER: &[u8] = b"\x65\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0";

    #[test]
    fn tcp() {
        let send = b"\x6f\0\x18\0\x01\0\x05\0\0\0\0\0abcdefgh\0\0\0\0\0\0\0\0\x05\0\x02\0\0\0\0\0\xb2\0";
        let mut failed = REGISTER.to_vec();
        failed[8] = 1;
        tcp_table(
            DECODER,
            &[
                ("session registered", REGISTER, b"", "cip-ethernet-ip"),
                ("request in a session", send, b"", "cip-ethernet-ip"),
                ("services asked for, or SCCP's keepalive", &[b"\x04", &[0; 23][..]].concat(), b"", "more"),
                ("half a header", &REGISTER[..12], b"", "more"),
                ("request with a status", &failed, b"text", "no"),
                ("text", b"dump the rest of it\r\n", b"text", "no"),
            ],
        );
    }

    #[test]
    fn udp() {
        let identity = b"\x63\0\0\0\0\0\0\0\0\0\0\0\0\0\xc1\xde\xbe\xd1\0\0\0\0\0\0";
        let cyclic = b"\x02\0\x02\x80\x08\0\x01\0\x12\0\x07\0\0\0\xb1\0\x04\0\x07\0\x2a\x2b";
        udp_table(
            DECODER,
            &[
                ("who is there", 44_818, &[('>', identity)], "cip-ethernet-ip"),
                ("cyclic data", 2_222, &[('>', cyclic)], "cip-ethernet-ip"),
                ("cut data", 2_222, &[('>', &cyclic[..21])], "no"),
                ("another length", 44_818, &[('>', &identity[..23])], "no"),
            ],
        );
    }
}
