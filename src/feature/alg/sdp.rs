//! SDP (RFC 4566; RFC 3264; RFC 3605): where somebody takes media.

use super::text::{self, Part};
use super::{Endpoint, Field, Heard, Opener, Opening, Spelling};
use crate::flow::{Addr, Protocol};

/// So many endpoints are taken out of one message: more is an attack, not a call.
pub(super) const ENDPOINTS_MAX: usize = 64;

/// What one message says, as much as is taken of it.
pub(super) struct Told<'h> {
    heard: &'h mut Heard,
    end: usize,
}

impl<'h> Told<'h> {
    pub(super) fn new(heard: &'h mut Heard) -> Self {
        let end = heard.endpoints.len() + ENDPOINTS_MAX;
        Self { heard, end }
    }

    /// Whether there is no room for more.
    pub(super) fn is_full(&self) -> bool {
        self.heard.endpoints.len() >= self.end
    }

    pub(super) fn push(&mut self, endpoint: Endpoint) {
        if !self.is_full() {
            self.heard.endpoints.push(endpoint);
        }
    }

    /// An endpoint that is written nowhere, but follows from others.
    fn open(&mut self, addr: Addr, port: u16, opens: Option<Opening>) {
        if opens.is_some() {
            self.push(Endpoint { addr: Some(addr), port: Some(port), fields: Vec::new(), opens });
        }
    }

    /// An endpoint that is only named.
    pub(super) fn name(&mut self, named: Option<(Addr, Option<u16>, Vec<Field>)>) {
        if let Some((addr, port, fields)) = named.filter(|(addr, ..)| !text::is_nobody(*addr)) {
            self.push(Endpoint { addr: Some(addr), port, fields, opens: None });
        }
    }
}

/// Where media of a session or of one kind go to.
#[derive(Debug, Clone, Copy, Default)]
struct Connection {
    /// `None` where it is nobody's, or a host name.
    addr: Option<Addr>,
    field: Option<Field>,
}

/// What media are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rtp,
    /// Fax (ITU-T T.38, annex D).
    Udptl,
    /// What is not followed.
    Other,
}

/// What an `m=` line and those below it say.
#[derive(Debug)]
struct Media {
    kind: Kind,
    what: &'static str,
    port: u16,
    field: Field,
    /// So many ports, each with the one above it.
    pairs: u16,
    /// Instead of the session's.
    connection: Option<Connection>,
    rtcp: Option<(u16, Vec<Field>, Option<Addr>)>,
}

/// Reads a description; media are only named in it, unless it `opens` them.
pub(super) fn read(body: Part<'_>, opens: bool, told: &mut Told<'_>) {
    let (mut session, mut media, mut in_session) = (Connection::default(), None, true);
    for line in body.lines() {
        let ([kind, b'='], value) = (line.text.get(..2).unwrap_or_default(), line.after(2)) else { continue };
        match (kind, &mut media) {
            (b'o', _) if in_session => {
                let address = value.words().nth(5).filter(|_| value.words().count() == 6);
                told.name(address.and_then(|part| {
                    Some((text::address(part.text)?, None, vec![part.field(Spelling::Address)]))
                }));
            }
            (b'c', None) if in_session => {
                session = connection(value);
                let named = session.addr.zip(session.field).map(|(addr, field)| (addr, None, vec![field]));
                told.name(named);
            }
            (b'c', Some(Media { connection: own, .. })) => *own = Some(connection(value)),
            (b'm', _) => {
                in_session = false;
                finish(media.take(), session, opens, told);
                media = Media::read(value);
            }
            (b'a', Some(Media { rtcp, .. })) => {
                if let Some(value) = value.strip(b"rtcp:") {
                    *rtcp = self::rtcp(value);
                }
            }
            _ => {}
        }
        if told.is_full() {
            return;
        }
    }
    finish(media, session, opens, told);
}

/// `IN IP4 192.0.2.1`, and what follows the address of a group.
fn connection(value: Part<'_>) -> Connection {
    let mut words = value.words();
    let (network, family, part) = (words.next(), words.next(), words.next());
    let is_internet = network.is_some_and(|word| word.is(b"IN"));
    let (Some(family), Some(part), true) = (family, part, is_internet) else { return Connection::default() };
    let addr = text::address(part.text)
        .filter(|addr| family.is(if addr.is_v4() { b"IP4" } else { b"IP6" }) && !text::is_nobody(*addr));
    Connection { addr, field: addr.map(|_| part.field(Spelling::Address)) }
}

/// `53020`, or `53020 IN IP4 192.0.2.1` (RFC 3605, 2.1).
fn rtcp(value: Part<'_>) -> Option<(u16, Vec<Field>, Option<Addr>)> {
    let (port, rest) = value.trim().until(|byte| byte.is_ascii_whitespace());
    let Connection { addr, field } = connection(rest);
    let is_elsewhere = !rest.trim().text.is_empty();
    let fields = [port.field(Spelling::Port)].into_iter().chain(field).collect();
    let number = text::number(port.text).filter(|port| *port > 0 && (addr.is_some() || !is_elsewhere))?;
    Some((number, fields, addr))
}

impl Media {
    /// `audio 49170/2 RTP/AVP 0`. `None` where it is broken, or refused (RFC 3264, 6).
    fn read(value: Part<'_>) -> Option<Self> {
        let mut words = value.words();
        let (kind, port, protocol) = (words.next()?, words.next()?, words.next()?);
        let (port, pairs) = match port.cut(b'/') {
            Some((port, pairs)) => (port, text::number(pairs.text).filter(|pairs| *pairs > 0)?),
            None => (port, 1),
        };
        let what = match kind.text {
            b"audio" => "SDP audio",
            b"video" => "SDP video",
            b"text" => "SDP text",
            b"image" => "SDP image",
            _ => "SDP media",
        };
        let profile = protocol.strip(b"UDP/TLS/").unwrap_or(protocol);
        let profiles: [&[u8]; 4] = [b"RTP/AVP", b"RTP/SAVP", b"RTP/AVPF", b"RTP/SAVPF"];
        let kind = if profiles.iter().any(|known| profile.is(known)) {
            Kind::Rtp
        } else if protocol.is(b"udptl") {
            Kind::Udptl
        } else {
            Kind::Other
        };
        let number = text::number(port.text).filter(|port| *port > 0)?;
        let field = port.field(Spelling::Port);
        Some(Self { kind, what, port: number, field, pairs, connection: None, rtcp: None })
    }

    fn opening(&self, opens: bool) -> Option<Opening> {
        let app = match self.kind {
            Kind::Rtp => "rtp-base",
            Kind::Udptl => "t.38",
            Kind::Other => return None,
        };
        opens.then_some(opening(app, self.what))
    }
}

const fn opening(app: &'static str, what: &'static str) -> Opening {
    Opening {
        protocol: Protocol::UDP,
        opener: Opener::Anyone,
        app,
        may_be_elsewhere: true,
        repeats: false,
        what,
    }
}

/// Tells of media of which all has been read: each port of RTP with the one of RTCP, which is the one above unless that
/// is said otherwise.
fn finish(media: Option<Media>, session: Connection, opens: bool, told: &mut Told<'_>) {
    let Some(mut media) = media else { return };
    let own = media.connection;
    let Some(addr) = own.unwrap_or(session).addr else { return };
    let opening = media.opening(opens);
    let fields = [media.field].into_iter().chain(own.and_then(|own| own.field)).collect();
    told.push(Endpoint { addr: Some(addr), port: Some(media.port), fields, opens: opening });
    let is_rtp = media.kind == Kind::Rtp;
    if let Some((port, fields, elsewhere)) = media.rtcp.take().filter(|_| is_rtp) {
        let rtcp_addr = elsewhere.unwrap_or(addr);
        // One port may take both (RFC 5761).
        let is_apart = (rtcp_addr, port) != (addr, media.port);
        let opens = opening.filter(|_| is_apart).map(|_| self::opening("rtcp", "SDP RTCP"));
        told.push(Endpoint { addr: Some(rtcp_addr), port: Some(port), fields, opens });
    } else if let (Some(port), true) = (media.port.checked_add(1), is_rtp) {
        told.open(addr, port, opening.map(|_| self::opening("rtcp", "SDP RTCP")));
    }
    let step = if is_rtp { 2 } else { 1 };
    for pair in 1..media.pairs {
        let port = pair.checked_mul(step).and_then(|above| media.port.checked_add(above));
        let (Some(port), Some(_), false) = (port, opening, told.is_full()) else { return };
        told.open(addr, port, opening);
        if let (Some(port), true) = (port.checked_add(1), is_rtp) {
            told.open(addr, port, Some(self::opening("rtcp", "SDP RTCP")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::shown;
    use super::*;

    fn heard(text: &str, opens: bool) -> Heard {
        let mut heard = Heard::default();
        read(Part { at: 0, text: text.as_bytes() }, opens, &mut Told::new(&mut heard));
        heard
    }

    #[test]
    fn media() {
        const C: &str = "c=IN IP4 192.0.2.1\r\n";
        const NAMED: &str = "named 192.0.2.1:own [192.0.2.1]";
        for (text, expected) in [
            ("m=audio 4000 RTP/AVP 0\r\n", "SDP audio 192.0.2.1:4000 [4000]; SDP RTCP 192.0.2.1:4001"),
            // A line's end may be missing, or be LF alone; `a=rtcp` says where RTCP goes.
            (
                "m=video 4000 RTP/SAVPF 96\na=rtcp:5000",
                "SDP video 192.0.2.1:4000 [4000]; SDP RTCP 192.0.2.1:5000 [5000]",
            ),
            (
                "m=audio 4000 RTP/AVP 0\r\na=rtcp:5000 IN IP4 192.0.2.2\r\n",
                "SDP audio 192.0.2.1:4000 [4000]; SDP RTCP 192.0.2.2:5000 [5000] [192.0.2.2]",
            ),
            // One port for both.
            (
                "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\na=rtcp:4000\r\na=rtcp-mux\r\n",
                "SDP audio 192.0.2.1:4000 [4000]; named 192.0.2.1:4000 [4000]",
            ),
            // Its own address.
            (
                "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.9\r\nm=video 6000 RTP/AVP 31\r\n",
                "SDP audio 192.0.2.9:4000 [4000] [192.0.2.9]; SDP RTCP 192.0.2.9:4001; \
                 SDP video 192.0.2.1:6000 [6000]; SDP RTCP 192.0.2.1:6001",
            ),
            (
                "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n",
                "SDP audio 2001:db8::1:4000 [4000] [2001:db8::1]; SDP RTCP 2001:db8::1:4001",
            ),
            (
                "m=audio 4000/2 RTP/AVP 0\r\n",
                "SDP audio 192.0.2.1:4000 [4000]; SDP RTCP 192.0.2.1:4001; SDP audio 192.0.2.1:4002; \
                 SDP RTCP 192.0.2.1:4003",
            ),
            ("m=audio 65535 RTP/AVP 0\r\n", "SDP audio 192.0.2.1:65535 [65535]"),
            ("m=image 4000 udptl t38\r\n", "SDP image 192.0.2.1:4000 [4000]"),
            // Not followed, but named.
            ("m=message 4000 TCP/MSRP *\r\n", "named 192.0.2.1:4000 [4000]"),
            ("m=application 4000/9 UDP/DTLS/SCTP x\r\n", "named 192.0.2.1:4000 [4000]"),
            // Refused, on hold, for a group, broken.
            ("m=audio 0 RTP/AVP 0\r\n", ""),
            ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", ""),
            ("m=audio 4000 RTP/AVP 0\r\nc=IN IP6 ::\r\n", ""),
            ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n", ""),
            ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 ff02::1\r\n", ""),
            ("m=audio 4000 RTP/AVP 0\r\nc=IN IP6 192.0.2.9\r\n", ""),
            ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 host.example\r\n", ""),
            ("m=audio 65536 RTP/AVP 0\r\n", ""),
            ("m=audio 4000/x RTP/AVP 0\r\n", ""),
            ("m=audio 4000/0 RTP/AVP 0\r\n", ""),
            ("m=audio +4000 RTP/AVP 0\r\n", ""),
            ("m=audio 4000\r\n", ""),
            ("m = audio 4000 RTP/AVP 0\r\n", ""),
            (" m=audio 4000 RTP/AVP 0\r\n", ""),
        ] {
            let text = format!("v=0\r\n{C}{text}");
            let expected = [NAMED, expected].into_iter().filter(|part| !part.is_empty());
            let expected = expected.collect::<Vec<_>>().join("; ");
            assert_eq!(shown(&heard(&text, true), text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_opened_is_named() {
        let text = "o=- 1 1 IN IP4 192.0.2.7\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n";
        assert_eq!(
            shown(&heard(text, false), text.as_bytes()),
            "named 192.0.2.7:own [192.0.2.7]; named 192.0.2.1:own [192.0.2.1]; named 192.0.2.1:4000 [4000]"
        );
        // Without `c=` nobody knows where to.
        assert_eq!(heard("m=audio 4000 RTP/AVP 0\n", true), Heard::default());
    }

    #[test]
    fn no_end_of_media() {
        let many = format!("c=IN IP4 192.0.2.1\n{}", "m=audio 4000 RTP/AVP 0\n".repeat(5_000));
        assert_eq!(heard(&many, true).endpoints.len(), ENDPOINTS_MAX);
        let wide = "c=IN IP4 192.0.2.1\nm=audio 2 RTP/AVP 0\nm=audio 2/65535 RTP/AVP 0\n";
        assert_eq!(heard(wide, true).endpoints.len(), ENDPOINTS_MAX);
    }
}
