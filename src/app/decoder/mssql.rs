//! Microsoft SQL Server: decided at the client's PRELOGIN or LOGIN7 message (\[MS-TDS\] 2.2.3.1, 2.2.6.4, 2.2.6.5).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "mssql",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x04, 0x10, 0x12], server: &[0x04, 0x10, 0x12] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |client| Sign::of(is_login(Reader(client))).finds("mssql-db", "TDS login", &[]))
}

/// The packet header: type, status, length, channel, packet number, window; then what the type begins with.
fn is_login(mut read: Reader<'_>) -> Option<bool> {
    let (kind, status, len) = (read.u8()?, read.u8()?, read.u16()?);
    let [_, _, packet, 0] = read.array()? else { return Some(false) };
    if status > 1 || packet > 1 || !(9..=4_096).contains(&len) {
        return Some(false);
    }
    match kind {
        // The first option is the version, six bytes long, somewhere after the options.
        0x12 => {
            let (token, offset, size) = (read.u8()?, read.u16()?, read.u16()?);
            Some(token == 0 && offset < len && size == 6)
        }
        // Its own length, then the protocol version: 7.0 to 7.4.
        0x10 => {
            let (_len, version) = (read.le32()?, read.array::<4>()?);
            Some(matches!(version, [_, _, _, 0x70..=0x74]))
        }
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let prelogin = b"\x12\x01\0\x2f\0\0\x01\0\0\0\x1a\0\x06\x01\0\x20\0\x01";
        tcp_table(
            DECODER,
            &[
                ("PRELOGIN", prelogin, b"", "mssql-db"),
                ("LOGIN7", b"\x10\x01\0\xa2\0\0\x01\0\x9a\0\0\0\x04\0\0\x74", b"", "mssql-db"),
                ("header alone", &prelogin[..8], b"", "more"),
                (
                    "another option first",
                    b"\x12\x01\0\x2f\0\0\x01\0\x07\0\x1a\0\x06",
                    b"\x04\x01\0\x09\0\0\x01\0\0",
                    "no",
                ),
                ("MQTT", b"\x10\x1a\0\x04MQTT\x04\x02", b"", "no"),
            ],
        );
    }
}
