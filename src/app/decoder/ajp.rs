//! Apache JServ Protocol 1.3: decided at the web server's first packet or the container's first answer (Apache Tomcat
//! Connectors, "AJPv13").

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ajp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"\x12A", server: b"\x12A" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_packet(Reader(opening))).finds("apache-jserv", "AJP packet", &[]))
}

/// Magic number, length, type; of a request method and HTTP's version.
fn is_packet(mut read: Reader<'_>) -> Option<bool> {
    const FORWARD: u8 = 2;
    const PING: u8 = 10;
    let (magic, len) = (read.u16()?, read.u16()?);
    if magic == u16::from_be_bytes(*b"AB") {
        return Some(match read.u8()? {
            // Headers: the status.
            4 => len > 5 && (100..600).contains(&read.u16()?),
            9 => len == 1,
            _ => false,
        });
    }
    if magic != 0x1234 {
        return Some(false);
    }
    match read.u8()? {
        PING => Some(len == 1),
        FORWARD if len > 20 => {
            let (method, version_len) = (read.u8()?, read.u16()?);
            let known = matches!(method, 1..=27 | 0xff) && version_len == 8;
            Some(known && read.array()? == *b"HTTP/1.")
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
        let request = b"\x12\x34\0\x5e\x02\x02\0\x08HTTP/1.1\0\0\x01/\0";
        tcp_table(
            DECODER,
            &[
                ("request", request, b"", "apache-jserv"),
                ("ping", b"\x12\x34\0\x01\x0a", b"", "apache-jserv"),
                ("answer alone", b"", b"AB\0\x1f\x04\0\xc8\0\x02OK", "apache-jserv"),
                ("up to the type", &request[..4], b"", "more"),
                ("another version", b"\x12\x34\0\x5e\x02\x02\0\x08SPDY/1.1\0", b"text", "no"),
                ("text", b"AB+ blood\r\n", b"text", "no"),
            ],
        );
    }
}
