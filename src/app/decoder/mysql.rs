//! MySQL: decided at the server's greeting, which nothing else resembles (MySQL Internals, "Protocol::Handshake").

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "mysql",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

/// Longest version text that is read.
const VERSION_MAX: usize = 96;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |server| {
        let version =
            server.get(5..).and_then(|text| text.split(|byte| *byte == 0).next()).unwrap_or_default();
        Sign::of(is_greeting(Reader(server))).finds("mysql", "MySQL server greeting", version)
    })
}

/// Packet 0: protocol 10, the server's version, thread id, salt, a zero byte; or the refusal of the client's address.
fn is_greeting(mut read: Reader<'_>) -> Option<bool> {
    let [low, high, 0] = read.array()? else { return Some(false) };
    let len = u16::from_le_bytes([low, high]);
    if read.u8()? != 0 || !(24..1_024).contains(&len) {
        return Some(false);
    }
    match read.u8()? {
        10 => {
            for _ in 0..VERSION_MAX {
                match read.u8()? {
                    0 => {
                        read.take(4 + 8)?;
                        return Some(read.u8()? == 0);
                    }
                    byte if byte.is_ascii_graphic() || byte == b' ' => {}
                    _ => return Some(false),
                }
            }
            Some(false)
        }
        0xff => {
            let code = read.le16()?;
            Some(matches!(code, 1_040 | 1_129 | 1_130 | 1_203) && read.array::<4>()?.iter().all(u8::is_ascii))
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
        let greeting = b"\x4a\0\0\0\x0a8.0.36\0\x0b\0\0\0abcdefgh\0\xff\xff";
        tcp_table(
            DECODER,
            &[
                ("greeting", b"", greeting, "mysql"),
                ("as far as the version", b"", &greeting[..12], "more"),
                ("address refused", b"", b"\x45\0\0\0\xff\x6a\x04Host '192.0.2.1' is not allowed", "mysql"),
                ("turned round", greeting, b"", "mysql"),
                ("another protocol version", b"", b"\x4a\0\0\0\x0bxx\0", "no"),
                ("client first", b"GET / HTTP/1.1\r\n", b"", "no"),
            ],
        );
    }
}
