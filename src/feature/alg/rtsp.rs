//! RTSP over TCP: the ports in the Transport header of SETUP and of its answer (RFC 2326, 12.39).

use super::messages::{Message, Messages, Of};
use super::sdp::Told;
use super::text::{self, Part};
use super::{Endpoint, Field, Gateway, Heard, Opener, Opening, Said, Spelling};
use crate::flow::{Addr, Protocol};

/// Reads one connection.
#[derive(Debug)]
pub(super) struct Rtsp {
    sides: [Messages; 2],
}

impl Default for Rtsp {
    fn default() -> Self {
        Self { sides: [Messages::new(Of::Rtsp), Messages::new(Of::Rtsp)] }
    }
}

impl Gateway for Rtsp {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        let [client, server] = &mut self.sides;
        let side = if said.by.index() == 0 { client } else { server };
        side.feed(said.at, said.bytes, |message| read(&message, heard));
    }
}

/// Who says it: each tells of its own ports.
#[derive(Debug, Clone, Copy)]
struct Speaker {
    /// The parameter with its ports.
    ports: &'static [u8],
    /// The parameter with the address they are at, where it is not the speaker's own.
    host: &'static [u8],
    what: &'static str,
}

/// What the server repeats of the client's ports, which NAT has to write as the client knows them.
#[derive(Debug, Clone, Copy, Default)]
struct Echo<'a> {
    ports: Option<Part<'a>>,
    host: Option<Part<'a>>,
}

impl Echo<'_> {
    fn names(self, told: &mut Told<'_>) {
        let (Some((first, second)), Ok((addr, host))) = (self.ports.and_then(pair), address(self.host))
        else {
            return;
        };
        let host = [host, None];
        for (port, host) in [Some(first), second].into_iter().flatten().zip(host) {
            let fields = host.into_iter().chain([port.field(Spelling::Port)]).collect();
            told.push(Endpoint { addr, port: number(port), fields, opens: None });
        }
    }
}

const ASKING: Speaker = Speaker { ports: b"client_port", host: b"destination", what: "SETUP" };
const ANSWERING: Speaker = Speaker { ports: b"server_port", host: b"source", what: "reply to SETUP" };

fn read(message: &Message<'_>, heard: &mut Heard) {
    let mut words = message.first_line().words();
    let (Some(first), Some(second)) = (words.next(), words.next()) else { return };
    let speaker = match first.text {
        b"SETUP" => ASKING,
        version if version.starts_with(b"RTSP/") && second.text == b"200" => ANSWERING,
        _ => return,
    };
    let mut told = Told::new(heard);
    for header in message.headers().filter(|header| header.is(b"Transport", b"Transport")) {
        for transport in header.value.parts(b',') {
            listens(transport, speaker, &mut told);
            if told.is_full() {
                return;
            }
        }
    }
}

/// `RTP/AVP;unicast;client_port=4588-4589`, RealNetworks' `x-real-rdt/udp;client_port=6970`. What is in the connection
/// itself, or for a group, opens nothing.
fn listens(transport: Part<'_>, speaker: Speaker, told: &mut Told<'_>) {
    let mut parameters = transport.parts(b';').map(Part::trim);
    let Some(app) = parameters.next().and_then(application) else { return };
    let (mut ports, mut host, mut echo) = (None, None, Echo::default());
    for parameter in parameters {
        match parameter.cut(b'=') {
            Some((name, value)) if name.is(speaker.ports) => ports = Some(value.trim()),
            Some((name, value)) if name.is(speaker.host) => host = Some(value.trim()),
            // The server's, then: the client's own are told above.
            Some((name, value)) if name.is(ASKING.ports) => echo.ports = Some(value.trim()),
            Some((name, value)) if name.is(ASKING.host) => echo.host = Some(value.trim()),
            None if parameter.is(b"multicast") => return,
            _ => {}
        }
    }
    echo.names(told);
    let Some((first, second)) = ports.and_then(pair) else { return };
    let Ok((addr, fields)) = address(host) else { return };
    let Some(number) = number(first) else { return };
    let opening = |app| Opening {
        protocol: Protocol::UDP,
        opener: Opener::Peer,
        app,
        may_be_elsewhere: false,
        repeats: false,
        what: speaker.what,
    };
    let field = |port: Part<'_>| port.field(Spelling::Port);
    let fields = fields.into_iter().chain([field(first)]).collect();
    told.push(Endpoint { addr, port: Some(number), fields, opens: Some(opening(app)) });
    if app == RDT {
        return;
    }
    // RTCP's port is the one above, whether that is said or not.
    let control = second.map_or(number.checked_add(1), self::number);
    if control.is_some_and(|control| control != number) {
        let fields = second.map(field).into_iter().collect();
        told.push(Endpoint { addr, port: control, fields, opens: Some(opening("rtcp")) });
    }
}

/// RealNetworks' own transport has no name in the catalog: it is a part of RTSP's session.
const RDT: &str = "rtsp";

fn application(transport: Part<'_>) -> Option<&'static str> {
    let rtp: [&[u8]; 6] =
        [b"RTP/AVP", b"RTP/AVP/UDP", b"RTP/AVPF", b"RTP/AVPF/UDP", b"RTP/SAVP", b"RTP/SAVP/UDP"];
    let rdt: [&[u8]; 2] = [b"x-real-rdt/udp", b"x-pn-tng/udp"];
    if rtp.iter().any(|known| transport.is(known)) {
        return Some("rtp-base");
    }
    rdt.iter().any(|known| transport.is(known)).then_some(RDT)
}

/// `4588-4589` or `4588`.
fn pair(ports: Part<'_>) -> Option<(Part<'_>, Option<Part<'_>>)> {
    match ports.cut(b'-') {
        Some((first, second)) => number(second).map(|_| (first, Some(second))),
        None => Some((ports, None)),
    }
}

fn number(port: Part<'_>) -> Option<u16> {
    text::number(port.text).filter(|port| *port > 0)
}

/// The speaker's own where none is said, or a host's name; an error where it is nobody's.
fn address(host: Option<Part<'_>>) -> Result<(Option<Addr>, Option<Field>), ()> {
    let Some(host) = host else { return Ok((None, None)) };
    match text::address(host.text) {
        Some(addr) if text::is_nobody(addr) => Err(()),
        Some(addr) => Ok((Some(addr), Some(host.field(Spelling::Address)))),
        None => Ok((None, None)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{hear, open, shown};
    use super::*;
    use crate::flow::Direction::{self, ClientToServer as C, ServerToClient as S};

    fn heard(by: Direction, text: &str) -> String {
        shown(&hear(&mut Rtsp::default(), &[(by, text.as_bytes())]), text.as_bytes())
    }

    #[test]
    fn transports() {
        for (text, expected) in [
            ("RTP/AVP;unicast;client_port=4588-4589", "SETUP own:4588 [4588]; SETUP own:4589 [4589]"),
            ("rtp/avp/udp; unicast; CLIENT_PORT=4588", "SETUP own:4588 [4588]; SETUP own:4589"),
            ("RTP/AVP;unicast;client_port=4588-4588", "SETUP own:4588 [4588]"),
            (
                "RTP/AVP;unicast;destination=192.0.2.9;client_port=4588-4589;mode=play",
                "SETUP 192.0.2.9:4588 [192.0.2.9] [4588]; SETUP 192.0.2.9:4589 [4589]",
            ),
            (
                "RTP/AVP/TCP;unicast;interleaved=0-1,RTP/AVP;unicast;client_port=1-2,RTP/AVP;unicast;client_port=3-4",
                "SETUP own:1 [1]; SETUP own:2 [2]; SETUP own:3 [3]; SETUP own:4 [4]",
            ),
            ("x-real-rdt/udp;client_port=6970;mode=play", "SETUP own:6970 [6970]"),
            // Nothing comes to these.
            ("RTP/AVP/TCP;unicast;interleaved=0-1;client_port=4588-4589", ""),
            ("x-real-rdt/mcast;client_port=6970", ""),
            ("RTP/AVP;multicast;client_port=4588-4589", ""),
            ("RTP/AVP;multicast;port=3456-3457;ttl=16", ""),
            ("RTP/AVP;unicast;destination=224.2.0.1;client_port=4588-4589", ""),
            ("RTP/AVP;unicast;client_port=0-1", ""),
            ("RTP/AVP;unicast;client_port=4588-", ""),
            ("RTP/AVP;unicast;client_port=4588-4589-4590", ""),
            ("RTP/AVP;unicast;client_port=65536-65537", ""),
            ("RTP/AVP;unicast;server_port=4588-4589", ""),
            ("RTP/AVP;unicast", ""),
            ("", ""),
        ] {
            let text = format!("SETUP rtsp://192.0.2.1/a RTSP/1.0\r\nCSeq: 3\r\nTransport: {text}\r\n\r\n");
            assert_eq!(heard(C, &text), expected, "{text}");
        }
    }

    #[test]
    fn who_says_what() {
        let transport =
            "Transport: RTP/AVP;unicast;client_port=1-2;server_port=6256-6257;source=192.0.2.1\r\n\r\n";
        let there = "named own:1 [1]; named own:2 [2]; reply to SETUP 192.0.2.1:6256 [192.0.2.1] [6256]; reply to SETUP 192.0.2.1:6257 [6257]";
        for (by, line, expected) in [
            (S, "RTSP/1.0 200 OK", there),
            (S, "RTSP/1.0 461 Unsupported Transport", ""),
            (C, "DESCRIBE rtsp://a RTSP/1.0", ""),
            (C, "setup rtsp://a RTSP/1.0", ""),
        ] {
            assert_eq!(heard(by, &format!("{line}\r\n{transport}")), expected, "{line}");
        }
    }

    #[test]
    fn no_end_of_transports() {
        let text =
            format!("SETUP a RTSP/1.0\r\nTransport: {}\r\n\r\n", "RTP/AVP;client_port=1-2,".repeat(300));
        let heard = hear(&mut Rtsp::default(), &[(C, text.as_bytes())]);
        assert_eq!(heard.endpoints.len(), super::super::sdp::ENDPOINTS_MAX);
    }

    #[test]
    fn cut_anywhere() {
        let setup = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nSETUP rtsp://a RTSP/1.0\r\nTransport:\r\n RTP/AVP;unicast;\
                      client_port=4588-4589\r\n\r\n$\x01\0\x04SETUPLAY rtsp://a RTSP/1.0\r\n\r\n";
        let reply =
            b"RTSP/1.0 200 OK\r\nContent-length: 9\r\n\r\nv=0\r\ns=a\nRTSP/1.0 200 OK\r\nTransport: RTP/AVP;\
                      unicast;server_port=6256-6257\r\n\r\n$\0\0\x05$\0\0\0\nRTSP/1.0 200 OK\r\n\r\n";
        open(|| Box::<Rtsp>::default(), &[(C, setup), (S, reply)]);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..100) {
            let mut text = b"SETUP a RTSP/1.0\r\nTransport: RTP/AVP;client_port=1-2;destination=192.0.2.1\r\n\r\n".to_vec();
            let at = at.min(text.len());
            text.splice(at..at, bytes);
            let heard = hear(&mut Rtsp::default(), &[(C, &text)]);
            for field in heard.endpoints.iter().flat_map(|endpoint| &endpoint.fields) {
                prop_assert!(field.at + u64::from(field.len) <= text.len() as u64);
            }
        }
    }
}
