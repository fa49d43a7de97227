//! IRC: connections between clients that DCC asks for in PRIVMSG and NOTICE (the conventions of CTCP and DCC).

use super::lines::Lines;
use super::text::{self, Part};
use super::{Endpoint, Field, Gateway, Heard, Opener, Opening, Said, Spelling};
use crate::flow::{Addr, Direction, Protocol};

/// What parts a CTCP request from the text around it.
const CTCP: u8 = 1;

/// So many requests of one line are read.
const REQUESTS_MAX: usize = 4;

/// Reads one connection.
#[derive(Debug, Default)]
pub(super) struct Irc {
    sides: [Lines; 2],
}

impl Gateway for Irc {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        let [client, server] = &mut self.sides;
        let side = if said.by == Direction::ClientToServer { client } else { server };
        side.feed(said.at, said.bytes, |line| {
            let Some(text) = message(line) else { return };
            // Every second part is a request; the end of the last one may be missing.
            let requests = text.parts(CTCP).skip(1).step_by(2).take(REQUESTS_MAX);
            heard.endpoints.extend(requests.filter_map(|request| dcc(request, said.by)));
        });
    }
}

/// The text of PRIVMSG or NOTICE, after tags and a source (RFC 2812, 2.3.1 and 3.3).
fn message(line: Part<'_>) -> Option<Part<'_>> {
    let mut rest = line;
    for mark in [b"@", b":"] {
        if rest.strip(mark).is_some() {
            rest = rest.until(|byte| byte == b' ').1.trim();
        }
    }
    let mut words = rest.words();
    let (command, target) = (words.next()?, words.next()?);
    if !command.is(b"PRIVMSG") && !command.is(b"NOTICE") {
        return None;
    }
    let after = usize::try_from(target.at - rest.at).ok()?.checked_add(target.text.len())?;
    let text = rest.after(after);
    text.after(text.text.iter().take_while(|byte| **byte == b' ').count()).strip(b":")
}

/// `DCC SEND file 3221225985 5000 1024`, `DCC CHAT chat 3221225985 5000`. Port 0 asks the other side to listen: nothing
/// is opened then.
fn dcc(request: Part<'_>, by: Direction) -> Option<Endpoint> {
    let rest = request.strip(b"DCC ")?;
    let (kind, rest) = rest.until(|byte| byte == b' ');
    let (app, what) = if kind.is(b"SEND") || kind.is(b"TSEND") {
        ("irc-dcc-file-transfer", "DCC SEND")
    } else if kind.is(b"CHAT") || kind.is(b"SCHAT") {
        ("irc-dcc-chat", "DCC CHAT")
    } else {
        return None;
    };
    let mut words = after_name(rest)?.words();
    let (host, port) = (words.next()?, words.next()?);
    let (addr, field) = address(host)?;
    let number: u16 = text::number(port.text)?;
    if number == 0 {
        return Some(Endpoint { addr: Some(addr), port: None, fields: vec![field], opens: None });
    }
    let relayed = by == Direction::ServerToClient;
    let opens = Opening {
        protocol: Protocol::TCP,
        // What the server relays is another client's wish: the one who reads it connects.
        opener: if relayed { Opener::Peer } else { Opener::Anyone },
        app,
        may_be_elsewhere: relayed,
        repeats: false,
        what,
    };
    let fields = vec![field, port.field(Spelling::Port)];
    Some(Endpoint { addr: Some(addr), port: Some(number), fields, opens: Some(opens) })
}

/// What follows a name, which may be quoted.
fn after_name(rest: Part<'_>) -> Option<Part<'_>> {
    let rest = rest.trim();
    match rest.strip(b"\"") {
        Some(inside) => inside.cut(b'"').map(|(_, rest)| rest).filter(|rest| rest.text.starts_with(b" ")),
        None => Some(rest.until(|byte| byte == b' ').1),
    }
}

/// An IPv4 address is a number; some write it, and all write IPv6, as text.
fn address(host: Part<'_>) -> Option<(Addr, Field)> {
    let number = || {
        text::number::<u32>(host.text).map(|number| (Addr::v4(number.to_be_bytes()), Spelling::AddressNumber))
    };
    let (addr, spelling) = number().or_else(|| Some((text::address(host.text)?, Spelling::Address)))?;
    (!text::is_nobody(addr)).then(|| (addr, host.field(spelling)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{hear, open, shown};
    use super::*;
    use crate::flow::Direction::{ClientToServer as C, ServerToClient as S};

    fn heard(by: Direction, text: &str) -> Heard {
        hear(&mut Irc::default(), &[(by, text.as_bytes())])
    }

    #[test]
    fn requests() {
        for (text, expected) in [
            ("DCC SEND a.txt 3221225985 5000 1024", "DCC SEND 192.0.2.1:5000 [3221225985] [5000]"),
            ("DCC SEND \"a b.txt\" 3221225985 5000 1024", "DCC SEND 192.0.2.1:5000 [3221225985] [5000]"),
            ("dcc chat chat 3221225985 5000", "DCC CHAT 192.0.2.1:5000 [3221225985] [5000]"),
            ("DCC SCHAT chat 3221225985 5000", "DCC CHAT 192.0.2.1:5000 [3221225985] [5000]"),
            ("DCC CHAT chat 2001:db8::1 5000", "DCC CHAT 2001:db8::1:5000 [2001:db8::1] [5000]"),
            ("DCC SEND a 192.0.2.1 5000", "DCC SEND 192.0.2.1:5000 [192.0.2.1] [5000]"),
            // The other side is to listen.
            ("DCC SEND a.txt 3221225985 0 1024 17", "named 192.0.2.1:own [3221225985]"),
            // Nothing is asked for, or nothing sound.
            ("DCC RESUME a.txt 5000 512", ""),
            ("DCC ACCEPT a.txt 5000 512", ""),
            ("DCC SEND a.txt 3221225985", ""),
            ("DCC SEND a b.txt 3221225985 5000", ""),
            ("DCC SEND \"a.txt 3221225985 5000", ""),
            ("DCC SEND a.txt 4294967296 5000", ""),
            ("DCC SEND a.txt 0 5000", ""),
            ("DCC SEND a.txt -1 5000", ""),
            ("DCC SEND a.txt 3221225985 65536", ""),
            ("DCCSEND a.txt 3221225985 5000", ""),
            ("VERSION", ""),
            ("", ""),
        ] {
            let text = format!("PRIVMSG bob :\u{1}{text}\u{1}\r\n");
            assert_eq!(shown(&heard(C, &text), text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn lines() {
        let dcc = "\u{1}DCC CHAT chat 3221225985 5000\u{1}";
        let told = "DCC CHAT 192.0.2.1:5000 [3221225985] [5000]";
        let twice = format!("{told}; {told}");
        for (line, expected) in [
            (format!("NOTICE bob :{dcc}"), told),
            (format!("privmsg  bob  :{dcc}"), told),
            (format!("@time=12:00 :ann!a@host.example PRIVMSG bob :{dcc}"), told),
            (format!("PRIVMSG bob :look {dcc}{dcc} here"), &twice),
            (format!("PRIVMSG bob :{}", dcc.trim_end_matches('\u{1}')), told),
            (format!("PRIVMSG bob {dcc}"), ""),
            (format!("TOPIC bob :{dcc}"), ""),
            (format!("PRIVMSG :{dcc}"), ""),
            ("PRIVMSG bob :DCC CHAT chat 3221225985 5000".to_owned(), ""),
        ] {
            let text = format!("{line}\n");
            assert_eq!(shown(&heard(C, &text), text.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn who_opens_what() {
        let text = "PRIVMSG bob :\u{1}DCC SEND a 3221225985 5000\u{1}\n";
        for (by, opener, may_be_elsewhere) in [(C, Opener::Anyone, false), (S, Opener::Peer, true)] {
            let opens = heard(by, text).endpoints[0].opens.unwrap();
            assert_eq!((opens.opener, opens.may_be_elsewhere), (opener, may_be_elsewhere));
        }
    }

    #[test]
    fn cut_anywhere() {
        let said =
            b"NICK a\r\nPRIVMSG bob :\x01DCC SEND \"a b\" 3221225985 5000 1\x01\r\nPING :\x01DCC\x01\r\n";
        open(|| Box::<Irc>::default(), &[(C, said), (S, said)]);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..100), at in 0_usize..60) {
            let mut text = b"@a :b PRIVMSG c :\x01DCC SEND \"d e\" 3221225985 5000 1\x01\r\n".to_vec();
            let at = at.min(text.len());
            text.splice(at..at, bytes);
            let heard = hear(&mut Irc::default(), &[(C, &text)]);
            for field in heard.endpoints.iter().flat_map(|endpoint| &endpoint.fields) {
                prop_assert!(field.at + u64::from(field.len) <= text.len() as u64);
            }
        }
    }
}
