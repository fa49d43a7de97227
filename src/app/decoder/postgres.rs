//! PostgreSQL: decided at the client's first packet (PostgreSQL documentation, "Message Formats": StartupMessage,
//! SSLRequest, GSSENCRequest, CancelRequest).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "postgres",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0, b'R', b'S', b'N', b'E'], server: &[0, b'R', b'S', b'N', b'E'] },
    inspect,
};

const PROTOCOL_3: u32 = 3 << 16;
const CANCEL_REQUEST: u32 = 1_234 << 16 | 5_678;
const SSL_REQUEST: u32 = 1_234 << 16 | 5_679;
const GSS_REQUEST: u32 = 1_234 << 16 | 5_680;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |client| {
        Sign::of(is_startup(Reader(client))).finds("postgres", "PostgreSQL startup packet", &[])
    })
}

/// Its length, then a version or a code that stands for one.
fn is_startup(mut read: Reader<'_>) -> Option<bool> {
    let [0, 0, high, low] = read.array()? else { return Some(false) };
    let len = u16::from_be_bytes([high, low]);
    Some(match read.u32()? {
        SSL_REQUEST | GSS_REQUEST => len == 8,
        CANCEL_REQUEST => len == 16,
        PROTOCOL_3..=0x0003_0002 => {
            (9..=10_000).contains(&len) && (len == 9 || read.u8()?.is_ascii_lowercase())
        }
        _ => false,
    })
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
                ("startup", b"\0\0\0\x29\0\x03\0\0user\0bob\0", b"", "postgres"),
                ("request for TLS", b"\0\0\0\x08\x04\xd2\x16\x2f", b"", "postgres"),
                ("length alone", b"\0\0\0\x29", b"", "more"),
                ("turned round", b"", b"\0\0\0\x08\x04\xd2\x16\x2f", "postgres"),
                ("another version", b"\0\0\0\x29\0\x07\0\0user\0", b"text", "no"),
                ("request for TLS of another length", b"\0\0\0\x09\x04\xd2\x16\x2f\0", b"text", "no"),
            ],
        );
    }
}
