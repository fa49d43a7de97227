//! FTP's control connection: PORT and EPRT of the client, the replies 227 and 229 of the server (RFC 959, 4.1.2 and
//! 4.2; RFC 2428; RFC 2577).

use super::lines::Lines;
use super::text::Part;
use super::{Endpoint, Field, Gateway, Heard, Opener, Opening, Said, Spelling, text};
use crate::flow::{Addr, Direction, Protocol};

/// Reads one control connection.
#[derive(Debug, Default)]
pub(super) struct Ftp {
    sides: [Lines; 2],
    /// TLS has begun: nothing more is to be read (RFC 4217, 4).
    is_over: bool,
    asked_for_tls: bool,
}

impl Gateway for Ftp {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        let Self { sides: [client, server], is_over, asked_for_tls } = self;
        if *is_over {
            return;
        }
        match said.by {
            Direction::ClientToServer => client.feed(said.at, said.bytes, |line| {
                *asked_for_tls = begins(line.text, b"AUTH ");
                heard.endpoints.extend(command(line));
            }),
            Direction::ServerToClient => server.feed(said.at, said.bytes, |line| {
                if *asked_for_tls && line.text.starts_with(b"234") {
                    *is_over = true;
                }
                heard.endpoints.extend(reply(line));
            }),
        }
    }
}

fn begins(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn command(line: Part<'_>) -> Option<Endpoint> {
    if begins(line.text, b"PORT ") {
        host_port(line, 5, "PORT")
    } else if begins(line.text, b"EPRT ") {
        extended_port(line)
    } else {
        None
    }
}

fn reply(line: Part<'_>) -> Option<Endpoint> {
    if line.text.starts_with(b"227 ") {
        host_port(line, 4, "reply 227")
    } else if line.text.starts_with(b"229 ") {
        extended_passive(line)
    } else {
        None
    }
}

/// `h1,h2,h3,h4,p1,p2`: the first digits from `from` on begin it.
fn host_port(line: Part<'_>, from: usize, what: &'static str) -> Option<Endpoint> {
    let (before, _) = text::digits(line.text.get(from..)?)?;
    let start = from + before;
    let rest = line.text.get(start..)?;
    let len = rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b',').unwrap_or(rest.len());
    let written = rest.get(..len)?;
    let mut numbers = [0_u8; 6];
    let mut parts = written.split(|byte| *byte == b',');
    for number in &mut numbers {
        *number = text::number(parts.next()?)?;
    }
    if parts.next().is_some() {
        return None;
    }
    let [a, b, c, d, high, low] = numbers;
    let field =
        Field { at: line.at + start as u64, len: u32::try_from(len).ok()?, spelling: Spelling::FtpHostPort };
    endpoint(Some(Addr::v4([a, b, c, d])), u16::from_be_bytes([high, low]), vec![field], what)
}

/// `EPRT |1|192.0.2.1|50000|`: any delimiter.
fn extended_port(line: Part<'_>) -> Option<Endpoint> {
    let argument = line.text.get(5..)?;
    let delimiter = *argument.first()?;
    let mut parts = argument.split(|byte| *byte == delimiter);
    let (empty, family, addr, port) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let value = text::address(addr)?;
    if !empty.is_empty() || value.is_v4() != (family == b"1") || !matches!(family, b"1" | b"2") {
        return None;
    }
    let start = line.at + 5 + 1 + family.len() as u64 + 1;
    let fields = [(start, addr, Spelling::Address), (start + addr.len() as u64 + 1, port, Spelling::Port)]
        .map(|(at, text, spelling)| Field { at, len: text.len() as u32, spelling });
    endpoint(Some(value), text::number(port)?, fields.into(), "EPRT")
}

/// `229 Entering Extended Passive Mode (|||50000|)`: the server's own address.
fn extended_passive(line: Part<'_>) -> Option<Endpoint> {
    let open = memchr::memchr(b'(', line.text)?;
    let inside = line.text.get(open + 1..)?;
    let delimiter = *inside.first()?;
    let port = inside.strip_prefix(&[delimiter; 3])?.split(|byte| *byte == delimiter).next()?;
    let at = line.at + open as u64 + 4;
    let field = Field { at, len: port.len() as u32, spelling: Spelling::Port };
    endpoint(None, text::number(port)?, vec![field], "reply 229")
}

fn endpoint(addr: Option<Addr>, port: u16, fields: Vec<Field>, what: &'static str) -> Option<Endpoint> {
    let opens = Opening {
        protocol: Protocol::TCP,
        opener: Opener::Peer,
        app: "ftp-data",
        may_be_elsewhere: false,
        repeats: false,
        what,
    };
    (port > 0).then_some(Endpoint { addr, port: Some(port), fields, opens: Some(opens) })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hear, open, shown};
    use super::*;

    #[test]
    fn commands_and_replies() {
        use Direction::{ClientToServer as C, ServerToClient as S};
        for (by, text, expected) in [
            (C, "PORT 192,0,2,1,195,80\r\n", "PORT 192.0.2.1:50000 [192,0,2,1,195,80]"),
            (C, "port 192,0,2,1,195,80\n", "PORT 192.0.2.1:50000 [192,0,2,1,195,80]"),
            (C, "EPRT |1|192.0.2.1|50000|\r\n", "EPRT 192.0.2.1:50000 [192.0.2.1] [50000]"),
            (C, "EPRT |2|2001:db8::1|50000|\r\n", "EPRT 2001:db8::1:50000 [2001:db8::1] [50000]"),
            (C, "EPRT !1!192.0.2.1!50000!\r\n", "EPRT 192.0.2.1:50000 [192.0.2.1] [50000]"),
            (
                S,
                "227 Entering Passive Mode (192,0,2,1,195,80).\r\n",
                "reply 227 192.0.2.1:50000 [192,0,2,1,195,80]",
            ),
            (S, "227 Passive 192,0,2,1,195,80\r\n", "reply 227 192.0.2.1:50000 [192,0,2,1,195,80]"),
            (S, "229 Extended Passive Mode OK (|||50000|)\r\n", "reply 229 own:50000 [50000]"),
            // Not announcements.
            (C, "PORT 192,0,2,1,195\r\n", ""),
            (C, "PORT 192,0,2,1,195,256\r\n", ""),
            (C, "PORT 192,0,2,1,0,0\r\n", ""),
            (C, "EPRT |1|2001:db8::1|50000|\r\n", ""),
            (C, "PORTAL 192,0,2,1,195,80\r\n", ""),
            (S, "PORT 192,0,2,1,195,80\r\n", ""),
            (C, "227 Entering Passive Mode (192,0,2,1,195,80).\r\n", ""),
            (S, "220 (192,0,2,1,195,80)\r\n", ""),
            (S, "229 no port (|||)\r\n", ""),
        ] {
            assert_eq!(
                shown(&hear(&mut Ftp::default(), &[(by, text.as_bytes())]), text.as_bytes()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_is_read_in_tls() {
        let (c, s) = (Direction::ClientToServer, Direction::ServerToClient);
        let said: &[(Direction, &[u8])] =
            &[(c, b"AUTH TLS\r\n"), (s, b"234 go\r\n"), (c, b"PORT 192,0,2,1,195,80\r\n")];
        assert_eq!(hear(&mut Ftp::default(), said), Heard::default());
    }

    #[test]
    fn cut_anywhere() {
        open(
            || Box::<Ftp>::default(),
            &[
                (Direction::ClientToServer, b"USER a\r\nPORT 192,0,2,1,195,80\r\nEPRT |2|::1|1025|\r\n"),
                (Direction::ServerToClient, b"227 (192,0,2,1,195,80)\r\n229 (|||1026|)\r\n"),
            ],
        );
    }
}
