//! MGCP over UDP: the media that SDP describes in commands and answers, and addresses of call agents (RFC 3435).

use super::sdp::{self, Told};
use super::text::{self, Part};
use super::{Gateway, Heard, Said};

/// So many messages of a datagram are read.
const MESSAGES_MAX: usize = 16;

/// Reads datagrams: each holds a message, or several that a line with a dot parts (RFC 3435, 3.5.5).
#[derive(Debug, Default)]
pub(super) struct Mgcp;

impl Gateway for Mgcp {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        let mut rest = Part { at: said.at, text: said.bytes };
        for _ in 0..MESSAGES_MAX {
            let dot = rest.lines().find(|line| line.text == b".");
            let end = dot.map_or(rest.text.len(), |dot| usize::try_from(dot.at - rest.at).unwrap_or(0));
            let (message, others) = rest.split(end);
            read(message, &mut Told::new(heard));
            rest = others.after(1);
            if dot.is_none() {
                return;
            }
        }
    }
}

/// A command or an answer: its lines, then an empty one, then descriptions that empty lines part (RFC 3435, 3.4).
fn read(message: Part<'_>, told: &mut Told<'_>) {
    let mut paragraphs = paragraphs(message.trim());
    let Some(lines) = paragraphs.next() else { return };
    let Some(opens) = lines.lines().next().and_then(negotiates) else { return };
    // Who is to be told of what happens: `N: ca@[192.0.2.1]:2727` (RFC 3435, 2.1.4).
    for agent in lines.lines().filter_map(|line| line.strip(b"N:")).take(sdp::ENDPOINTS_MAX) {
        let host = agent.cut(b'@').map_or(agent, |(_, host)| host).trim();
        told.name(text::host_port(host));
    }
    for description in paragraphs {
        if told.is_full() {
            return;
        }
        sdp::read(description, opens, told);
    }
}

/// What empty lines part.
fn paragraphs(message: Part<'_>) -> impl Iterator<Item = Part<'_>> {
    let mut rest = Some(message);
    std::iter::from_fn(move || {
        let whole = rest.take()?;
        let empty = whole.lines().find(|line| line.text.is_empty());
        let end = empty.map_or(whole.text.len(), |empty| usize::try_from(empty.at - whole.at).unwrap_or(0));
        let (paragraph, others) = whole.split(end);
        rest = others.cut(b'\n').map(|(_, others)| others);
        Some(paragraph)
    })
}

/// Whether descriptions are of media that are to come: in the commands that make and change a connection, and in
/// answers that say so. `None` where it is no message.
fn negotiates(line: Part<'_>) -> Option<bool> {
    let mut words = line.words();
    let (first, transaction) = (words.next()?, words.next()?);
    text::number::<u32>(transaction.text)?;
    if let Some(code) = text::number::<u16>(first.text).filter(|_| first.text.len() == 3) {
        return Some((100..300).contains(&code));
    }
    let (_, protocol) = (words.next()?, words.next()?);
    protocol.is(b"MGCP").then(|| first.is(b"CRCX") || first.is(b"MDCX"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{hear, shown};
    use super::*;
    use crate::flow::Direction;

    const SDP: &str = "v=0\r\no=- 25678 753849 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
                       m=audio 3456 RTP/AVP 0\r\n";

    const TOLD: &str = "named 192.0.2.9:own [192.0.2.9]; named 192.0.2.9:own [192.0.2.9]; \
                        SDP audio 192.0.2.9:3456 [3456]; SDP RTCP 192.0.2.9:3457";

    fn heard(text: &str) -> String {
        shown(&hear(&mut Mgcp, &[(Direction::ServerToClient, text.as_bytes())]), text.as_bytes())
    }

    #[test]
    fn messages() {
        let named = TOLD.split("; ").take(2).collect::<Vec<_>>().join("; ");
        let named = format!("{named}; named 192.0.2.9:3456 [3456]");
        for (text, expected) in [
            (
                format!("CRCX 1204 aaln/1@rgw.example MGCP 1.0\r\nC: A3C4\r\nM: recvonly\r\n\r\n{SDP}"),
                TOLD.to_owned(),
            ),
            (format!("mdcx 1210 aaln/1@rgw.example mgcp 1.0\nC: A3C4\n\n{SDP}"), TOLD.to_owned()),
            (format!("200 1204 OK\r\nI: FDE234C8\r\n\r\n{SDP}"), TOLD.to_owned()),
            (format!("200 1204 OK\r\nI: FDE234C8\r\n\r\n{SDP}\r\n{SDP}"), format!("{TOLD}; {TOLD}")),
            (
                format!("200 1203 OK\r\n.\r\nMDCX 1210 a@b MGCP 1.0\r\n\r\n{SDP}.\r\n250 4 OK\r\n"),
                TOLD.to_owned(),
            ),
            (
                "RQNT 1206 a@b MGCP 1.0\r\nN: ca@[192.0.2.1]:2727\r\nX: 1\r\n".to_owned(),
                "named 192.0.2.1:2727 [192.0.2.1] [2727]".to_owned(),
            ),
            // Of media that are not to come.
            (format!("500 1204 No such endpoint\r\n\r\n{SDP}"), named.clone()),
            (format!("AUEP 1200 a@b MGCP 1.0\r\n\r\n{SDP}"), named),
            // No messages.
            (format!("CRCX x a@b MGCP 1.0\r\n\r\n{SDP}"), String::new()),
            (format!("CRCX 1204 a@b SIP/2.0\r\n\r\n{SDP}"), String::new()),
            (format!("20 1204 OK\r\n\r\n{SDP}"), String::new()),
            (format!("CRCX 1204 a@b MGCP 1.0\r\n{SDP}"), String::new()),
            (SDP.to_owned(), String::new()),
            (String::new(), String::new()),
            (".\r\n".repeat(1_000), String::new()),
        ] {
            assert_eq!(heard(&text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..200) {
            let mut text = format!("200 1 OK\r\nN: [192.0.2.1]\r\n\r\n{SDP}\r\n.\r\n200 1\r\n\r\n{SDP}").into_bytes();
            let at = at.min(text.len());
            text.splice(at..at, bytes);
            let heard = hear(&mut Mgcp, &[(Direction::ClientToServer, &text)]);
            for field in heard.endpoints.iter().flat_map(|endpoint| &endpoint.fields) {
                prop_assert!(field.at + u64::from(field.len) <= text.len() as u64);
            }
        }
    }
}
