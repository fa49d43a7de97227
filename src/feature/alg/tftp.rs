//! TFTP: the server answers a request from a port of its own choice, to the port the request came from (RFC 1350, 4).

use super::frames::array;
use super::{Endpoint, Gateway, Heard, Opener, Opening, Said};
use crate::flow::{Direction, Protocol};

/// Reads the datagrams of one session.
#[derive(Debug, Default)]
pub(super) struct Tftp;

impl Gateway for Tftp {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        if said.by == Direction::ClientToServer
            && let Some(what) = request(said.bytes)
        {
            let opens = Opening {
                protocol: Protocol::UDP,
                opener: Opener::Peer,
                app: "tftp",
                may_be_elsewhere: false,
                repeats: false,
                what,
            };
            heard.endpoints.push(Endpoint { addr: None, port: None, fields: Vec::new(), opens: Some(opens) });
        }
    }
}

/// What kind of request this is: opcode, name, mode, and options in pairs (RFC 1350, 5; RFC 2347).
fn request(datagram: &[u8]) -> Option<&'static str> {
    let what = match array(datagram, 0)? {
        [0, 1] => "read request",
        [0, 2] => "write request",
        _ => return None,
    };
    let mut texts = datagram.get(2..)?.strip_suffix(b"\0")?.split(|byte| *byte == 0);
    let (name, mode) = (texts.next()?, texts.next()?);
    let is_mode = [&b"octet"[..], b"netascii", b"mail"].iter().any(|known| mode.eq_ignore_ascii_case(known));
    (!name.is_empty() && is_mode && texts.count() % 2 == 0).then_some(what)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hear, shown};
    use super::*;

    #[test]
    fn requests() {
        use Direction::{ClientToServer as C, ServerToClient as S};
        for (by, datagram, expected) in [
            (C, &b"\0\x01boot.cfg\0octet\0"[..], "read request own:own"),
            (C, b"\0\x02log\0NetASCII\0", "write request own:own"),
            (C, b"\0\x01boot.cfg\0octet\0tsize\x000\0blksize\x001024\0", "read request own:own"),
            // Not requests.
            (S, b"\0\x01boot.cfg\0octet\0", ""),
            (C, b"\0\x03boot.cfg\0octet\0", ""),
            (C, b"\0\x04\0\x01", ""),
            (C, b"\x01\0boot.cfg\0octet\0", ""),
            (C, b"\0\x01boot.cfg\0octet", ""),
            (C, b"\0\x01boot.cfg\0", ""),
            (C, b"\0\x01\0octet\0", ""),
            (C, b"\0\x01boot.cfg\0binary\0", ""),
            (C, b"\0\x01boot.cfg\0octet\0tsize\0", ""),
            (C, b"\0\x01", ""),
            (C, b"", ""),
        ] {
            let told = shown(&hear(&mut Tftp, &[(by, datagram)]), datagram);
            assert_eq!(told, expected, "{datagram:?}");
        }
    }
}
