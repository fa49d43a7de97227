//! SIP over UDP and TCP: addresses in Via, Contact and the request's URI, and the media that SDP describes (RFC 3261;
//! RFC 3264; RFC 3581).

use super::messages::{Message, Messages, Of};
use super::sdp::{self, Told};
use super::text::{self, Part};
use super::{Field, Gateway, Heard, Length, Numeral, Said, Spelling};
use crate::flow::Addr;

/// Reads datagrams, each of which is a message.
#[derive(Debug, Default)]
pub(super) struct Datagrams;

/// Reads a TCP connection.
#[derive(Debug)]
pub(super) struct Stream {
    sides: [Messages; 2],
}

impl Default for Stream {
    fn default() -> Self {
        Self { sides: [Messages::new(Of::Sip), Messages::new(Of::Sip)] }
    }
}

impl Gateway for Datagrams {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        if let Some(message) = Message::datagram(said.at, said.bytes) {
            read(&message, heard);
        }
    }
}

impl Gateway for Stream {
    fn hear(&mut self, said: Said<'_>, heard: &mut Heard) {
        let [client, server] = &mut self.sides;
        let side = if said.by.index() == 0 { client } else { server };
        side.feed(said.at, said.bytes, |message| read(&message, heard));
    }
}

/// What a message is, as far as its media go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    Request(&'a [u8]),
    /// An answer that may hold a description: provisional, but for 100, or a success (RFC 3261, 13.2.1; RFC 3262, 5).
    Answer,
    Refusal,
}

fn read(message: &Message<'_>, heard: &mut Heard) {
    let mut told = Told::new(heard);
    let line = message.first_line();
    let Some((kind, uri)) = first_line(line) else { return };
    if let Some(uri) = uri {
        told.name(in_uri(uri));
    }
    let (mut method, mut via, mut content_type) = (None, false, None);
    for header in message.headers() {
        let value = header.value;
        if header.is(b"Via", b"v") {
            // The first one is the sender's own, or in an answer the receiver's.
            if !std::mem::replace(&mut via, true) {
                self::via(value, &mut told);
            }
        } else if header.is(b"Contact", b"m") {
            contacts(value, &mut told);
        } else if header.is(b"CSeq", b"CSeq") {
            method = value.words().nth(1);
        } else if header.is(b"Content-Type", b"c") {
            content_type = Some(value);
        }
        if told.is_full() {
            return;
        }
    }
    let Some(description) = content_type.and_then(|kind| description(kind, message.body)) else { return };
    sdp::read(description, negotiates(kind, method), &mut told);
    heard.lengths.extend(message.content_length().and_then(|length| {
        let end = message.body.at + message.body.text.len() as u64;
        Some(Length {
            at: length.at,
            len: u32::try_from(length.text.len()).ok()?,
            numeral: Numeral::Decimal,
            value: text::number(length.text)?,
            counted: message.body.at..end,
        })
    }));
}

/// The description in a body, which may be one of its parts (RFC 5621).
fn description<'a>(content_type: Part<'_>, body: Part<'a>) -> Option<Part<'a>> {
    let mut parameters = content_type.parts(b';').map(Part::trim);
    let kind = parameters.next()?;
    if kind.is(b"application/sdp") {
        return (!body.text.is_empty()).then_some(body);
    }
    kind.strip(b"multipart/")?;
    let boundary = parameters.find_map(|parameter| parameter.strip(b"boundary="))?;
    let quoted = boundary.strip(b"\"").and_then(|inside| inside.cut(b'"')).map(|(inside, _)| inside);
    let boundary = quoted.unwrap_or(boundary).text;
    (!boundary.is_empty()).then(|| in_parts(body, boundary))?
}

/// What stands in the first part that is a description (RFC 2046, 5.1).
fn in_parts<'a>(body: Part<'a>, boundary: &[u8]) -> Option<Part<'a>> {
    let (mut in_head, mut is_sdp, mut found) = (false, false, None);
    for line in body.lines() {
        let delimiter = line.text.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary));
        if delimiter.is_some_and(|rest| matches!(rest.trim_ascii_end(), b"" | b"--")) {
            if let Some(start) = found {
                let length = usize::try_from(line.at - body.at).ok()?;
                return Some(body.split(length).0.after(start));
            }
            (in_head, is_sdp) = (true, false);
        } else if in_head && line.text.is_empty() {
            in_head = false;
            let start = usize::try_from(line.at - body.at).ok()?;
            found = is_sdp.then_some(start);
        } else if in_head && let Some((name, value)) = line.cut(b':') {
            let (kind, _) = value.trim().until(|byte| matches!(byte, b';' | b' '));
            is_sdp |= name.trim().is(b"Content-Type") && kind.is(b"application/sdp");
        }
    }
    None
}

/// What it is, and the URI of a request.
fn first_line(line: Part<'_>) -> Option<(Kind<'_>, Option<Part<'_>>)> {
    let mut words = line.words();
    let (first, second, third) = (words.next()?, words.next()?, words.next());
    if first.is(b"SIP/2.0") {
        let code: u16 = text::number(second.text)?;
        let is_answer = (101..300).contains(&code);
        return Some((if is_answer { Kind::Answer } else { Kind::Refusal }, None));
    }
    third.filter(|version| version.is(b"SIP/2.0")).map(|_| (Kind::Request(first.text), Some(second)))
}

/// Whether the description is an offer or an answer, and not a list of what somebody could do (RFC 3261, 11.2 and
/// 21.4.26).
fn negotiates(kind: Kind<'_>, method: Option<Part<'_>>) -> bool {
    let methods: [&[u8]; 4] = [b"INVITE", b"ACK", b"UPDATE", b"PRACK"];
    match kind {
        Kind::Request(method) => methods.contains(&method),
        Kind::Answer => method.is_some_and(|method| methods.contains(&method.text)),
        Kind::Refusal => false,
    }
}

/// `SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;received=198.51.100.1;rport=1024` (RFC 3261, 18.2.1; RFC 3581).
fn via(value: Part<'_>, told: &mut Told<'_>) {
    let (first, _) = value.until(|byte| byte == b',');
    let mut parts = first.parts(b';');
    let sent_by = parts.next().and_then(|part| part.words().nth(1));
    let named = sent_by.and_then(text::host_port);
    let sent_by = named.as_ref().map(|(addr, ..)| *addr);
    told.name(named);
    let (mut addr, mut port, mut fields) = (None, None, Vec::new());
    for part in parts {
        let Some((name, value)) = part.cut(b'=') else { continue };
        let (name, value) = (name.trim(), value.trim());
        if name.is(b"received") && addr.is_none() {
            addr = received(value, &mut fields);
        } else if name.is(b"rport") && port.is_none() {
            port = text::number(value.text).filter(|port| *port > 0);
            fields.extend(port.map(|_| value.field(Spelling::Port)));
        }
    }
    if !fields.is_empty() {
        told.name(addr.or(sent_by).map(|addr| (addr, port, fields)));
    }
}

/// An IPv6 address stands with brackets or without (RFC 5118, 4.5).
fn received(value: Part<'_>, fields: &mut Vec<Field>) -> Option<Addr> {
    let bare = value.strip(b"[").and_then(|inside| inside.cut(b']')).map_or(value, |(inside, _)| inside);
    let addr = text::address(bare.text)?;
    fields.push(bare.field(Spelling::Address));
    Some(addr)
}

/// `"Bob" <sip:bob@192.0.2.1:5060;transport=udp>;expires=60, sip:bob@192.0.2.2`, or `*`.
fn contacts(value: Part<'_>, told: &mut Told<'_>) {
    let mut rest = value;
    while !rest.text.is_empty() && !told.is_full() {
        let (contact, others) = rest.split(end_of_contact(rest.text));
        rest = others.after(1);
        told.name(in_uri(address_of(contact)));
    }
}

/// The URI of a contact: in angle brackets, or up to its parameters (RFC 3261, 20).
fn address_of(contact: Part<'_>) -> Part<'_> {
    let contact = contact.trim();
    if after_scheme(contact).is_some() {
        return contact.until(|byte| matches!(byte, b';' | b'?')).0;
    }
    let open =
        unquoted(contact.text).find(|(_, byte)| *byte == b'<').map_or(contact.text.len(), |(at, _)| at);
    let inside = contact.after(open + 1);
    inside.cut(b'>').map_or(inside.split(0).0, |(uri, _)| uri.trim())
}

/// Where the comma is that ends a contact, outside of quotes and angle brackets.
fn end_of_contact(text: &[u8]) -> usize {
    let mut is_inside = false;
    for (at, byte) in unquoted(text) {
        match byte {
            b'<' => is_inside = true,
            b'>' => is_inside = false,
            b',' if !is_inside => return at,
            _ => {}
        }
    }
    text.len()
}

/// The bytes that are in no quoted string (RFC 3261, 25.1), with their places.
fn unquoted(text: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.iter().copied().enumerate().filter(move |(_, byte)| {
        let was_quoted = is_quoted;
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ => {}
        }
        !was_quoted && *byte != b'"'
    })
}

/// The host and the port in `sip:bob:secret@192.0.2.1:5060;transport=udp` (RFC 3261, 19.1.1).
fn in_uri(uri: Part<'_>) -> Option<(Addr, Option<u16>, Vec<Field>)> {
    let rest = after_scheme(uri)?;
    text::host_port(rest.cut(b'@').map_or(rest, |(_, host)| host))
}

/// What follows the scheme of a SIP URI.
fn after_scheme(uri: Part<'_>) -> Option<Part<'_>> {
    uri.strip(b"sip:").or_else(|| uri.strip(b"sips:"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{hear, open, shown};
    use super::*;
    use crate::flow::Direction;

    const BODY: &str = "v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.101\r\ns=-\r\nc=IN IP4 192.0.2.101\r\nt=0 0\r\n\
                        m=audio 49172 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

    const OFFERED: &str = "named 192.0.2.101:own [192.0.2.101]; named 192.0.2.101:own [192.0.2.101]; \
                           SDP audio 192.0.2.101:49172 [49172]; SDP RTCP 192.0.2.101:49173";

    fn heard(text: &str) -> String {
        let said = [(Direction::ClientToServer, text.as_bytes())];
        let heard = hear(&mut Datagrams, &said);
        for length in &heard.lengths {
            let (at, range) =
                (length.at as usize, length.counted.start as usize..length.counted.end as usize);
            let written = text.get(at..at + length.len as usize).unwrap();
            assert_eq!(written.parse::<usize>().unwrap(), text.get(range).unwrap().len());
        }
        shown(&heard, text.as_bytes())
    }

    fn message(head: &str, body: &str) -> String {
        let head = head.replace('\n', "\r\n");
        format!("{head}\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn an_invitation() {
        let text = message(
            "INVITE sip:bob@203.0.113.9 SIP/2.0\n\
             Via: SIP/2.0/UDP 192.0.2.101:5070;branch=z9hG4bK74bf9;rport\n\
             Via: SIP/2.0/UDP 192.0.2.102:5060;branch=z9hG4bK1\n\
             Max-Forwards: 70\n\
             From: \"Alice, \\\"A\\\"\" <sip:alice@192.0.2.101>;tag=9fxced76sl\n\
             To: Bob <sip:bob@example.org>\n\
             Call-ID: 2xTb9vxSit55XU7p8@192.0.2.101\n\
             CSeq: 1 INVITE\n\
             Contact: \"Alice, \\\"A\\\" <sip:x@203.0.113.1>\" <sip:alice;day=tue@192.0.2.101:5070;transport=udp>;expires=60",
            BODY,
        );
        assert_eq!(
            heard(&text),
            format!(
                "named 203.0.113.9:own [203.0.113.9]; named 192.0.2.101:5070 [192.0.2.101] [5070]; \
                 named 192.0.2.101:5070 [192.0.2.101] [5070]; {OFFERED}"
            )
        );
    }

    #[test]
    fn what_opens() {
        let cases = [
            ("INVITE sip:b@example.org SIP/2.0\nCSeq: 1 INVITE", true),
            ("ACK sip:b@example.org SIP/2.0\nCSeq: 1 ACK", true),
            ("UPDATE sip:b@example.org SIP/2.0\nCSeq: 1 UPDATE", true),
            ("PRACK sip:b@example.org SIP/2.0\nCSeq: 1 PRACK", true),
            ("SIP/2.0 183 Session Progress\nCSeq: 1 INVITE", true),
            ("SIP/2.0 200 OK\nCSeq:\n 1 INVITE", true),
            // What one can, what one could, and what is none of these.
            ("SIP/2.0 200 OK\nCSeq: 1 OPTIONS", false),
            ("SIP/2.0 200 OK", false),
            ("SIP/2.0 100 Trying\nCSeq: 1 INVITE", false),
            ("SIP/2.0 488 Not Acceptable Here\nCSeq: 1 INVITE", false),
            ("OPTIONS sip:b@example.org SIP/2.0\nCSeq: 1 OPTIONS", false),
            ("invite sip:b@example.org SIP/2.0\nCSeq: 1 INVITE", false),
        ];
        for (head, opens) in cases {
            let named = OFFERED.split("; ").take(2).collect::<Vec<_>>().join("; ");
            let expected = match opens {
                true => OFFERED.to_owned(),
                false => format!("{named}; named 192.0.2.101:49172 [49172]"),
            };
            assert_eq!(heard(&message(head, BODY)), expected, "{head}");
        }
        for text in [
            // Cut short, of another type, of another protocol.
            message("INVITE sip:b@example.org SIP/2.0", BODY).trim_end().to_owned(),
            message("INVITE sip:b@example.org SIP/2.0", BODY).replace("/sdp", "/isup"),
            message("INVITE sip:b@example.org SIP/3.0", BODY),
            message("INVITE sip:b@example.org", BODY),
        ] {
            assert_eq!(heard(&text), "", "{text}");
        }
    }

    #[test]
    fn short_forms_and_folds() {
        let text = format!(
            "INVITE sip:b@example.org SIP/2.0\r\nv: SIP/2.0/UDP\r\n\t192.0.2.101\r\nm:<sip:[2001:db8::1]:5080>\r\n\
             c:application/sdp;charset=utf-8\r\nl:\r\n {}\r\n\r\n{BODY}",
            BODY.len()
        );
        assert_eq!(
            heard(&text),
            format!(
                "named 192.0.2.101:own [192.0.2.101]; named 2001:db8::1:5080 [2001:db8::1] [5080]; {OFFERED}"
            )
        );
    }

    #[test]
    fn headers() {
        for (header, expected) in [
            (
                "Via: SIP/2.0/UDP 192.0.2.1:5060;received=198.51.100.1;branch=z;rport=1024, SIP/2.0/UDP 192.0.2.3",
                "named 192.0.2.1:5060 [192.0.2.1] [5060]; named 198.51.100.1:1024 [198.51.100.1] [1024]",
            ),
            (
                "Via: SIP/2.0/UDP 192.0.2.1;rport=1024",
                "named 192.0.2.1:own [192.0.2.1]; named 192.0.2.1:1024 [1024]",
            ),
            ("Via: SIP/2.0/UDP host.example;received=2001:db8::1", "named 2001:db8::1:own [2001:db8::1]"),
            ("Contact: sip:a@192.0.2.1;expires=60;x=<sip:b@192.0.2.9>", "named 192.0.2.1:own [192.0.2.1]"),
            (
                "Contact: <sips:192.0.2.1>, \"a\\\",<sip:192.0.2.8>\" <SIP:a:b@192.0.2.2:1>,sip:192.0.2.3?x=y",
                "named 192.0.2.1:own [192.0.2.1]; named 192.0.2.2:1 [192.0.2.2] [1]; named 192.0.2.3:own [192.0.2.3]",
            ),
            ("Contact: *", ""),
            ("Contact: <sip:a@host.example:5060>", ""),
            ("Contact: <sip:a@192.0.2.1a.example>", ""),
            ("Contact: <sip:a@192.0.2.1:0>", ""),
            ("Contact: <sip:a@192.0.2.1:65536>", ""),
            ("Contact: <sip:a@192.0.2.1", ""),
            ("Contact: <tel:1@192.0.2.1>", ""),
            ("Contact: <sip:a@0.0.0.0>", ""),
            ("X-Contact: <sip:a@192.0.2.1>", ""),
            ("Contact\0: <sip:a@192.0.2.1>", ""),
            ("Contact", ""),
        ] {
            assert_eq!(heard(&format!("SIP/2.0 200 OK\r\n{header}\r\n\r\n")), expected, "{header}");
        }
    }

    #[test]
    fn one_of_several_parts() {
        let part = |kind: &str, body: &str| format!("--b1\r\nContent-Type: {kind}\r\n\r\n{body}");
        let isup = part("application/isup;version=itu", "\u{1}\u{2}\r\n");
        let sdp = part("application/sdp; charset=utf-8", BODY);
        for (kind, body, expected) in [
            ("multipart/mixed;boundary=b1", format!("{sdp}{isup}--b1--\r\n"), OFFERED),
            ("Multipart/Mixed; x=y; Boundary=\"b1\"", format!("preamble\r\n{isup}{sdp}--b1--\r\n"), OFFERED),
            ("multipart/mixed;boundary=b2", format!("{sdp}{isup}--b1--\r\n"), ""),
            ("multipart/mixed;boundary=", format!("{sdp}{isup}--b1--\r\n"), ""),
            ("multipart/mixed", format!("{sdp}{isup}--b1--\r\n"), ""),
            ("multipart/mixed;boundary=b1", format!("{isup}--b1--\r\n{BODY}"), ""),
            // The end is missing.
            ("multipart/mixed;boundary=b1", format!("{isup}{sdp}"), ""),
        ] {
            let head = format!("INVITE sip:b@example.org SIP/2.0\r\nc: {kind}\r\nl: {}\r\n\r\n", body.len());
            assert_eq!(heard(&format!("{head}{body}")), expected, "{kind}");
        }
    }

    #[test]
    fn no_end_of_contacts() {
        let text = format!("SIP/2.0 200 OK\r\nContact: {}\r\n\r\n", "sip:192.0.2.1,".repeat(4_000));
        let heard = hear(&mut Datagrams, &[(Direction::ServerToClient, text.as_bytes())]);
        assert_eq!(heard.endpoints.len(), sdp::ENDPOINTS_MAX);
    }

    #[test]
    fn cut_anywhere() {
        let invitation =
            message("INVITE sip:b@192.0.2.7:5060 SIP/2.0\nVia: SIP/2.0/TCP 192.0.2.1\nCSeq: 1 INVITE", BODY);
        let client = format!("\r\n\r\n{invitation}\r\n\r\n{invitation}");
        let server = message("SIP/2.0 183 Progress\nCSeq: 1 INVITE\nContact: <sip:192.0.2.7:5061>", BODY);
        open(
            || Box::<Stream>::default(),
            &[(Direction::ClientToServer, client.as_bytes()), (Direction::ServerToClient, server.as_bytes())],
        );
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0_usize..500) {
            let mut text = message("INVITE sip:b@192.0.2.7 SIP/2.0\nContact: <sip:192.0.2.7>", BODY).into_bytes();
            let at = at.min(text.len());
            text.splice(at..at, bytes);
            let heard = hear(&mut Datagrams, &[(Direction::ClientToServer, &text)]);
            for field in heard.endpoints.iter().flat_map(|endpoint| &endpoint.fields) {
                prop_assert!(field.at + u64::from(field.len) <= text.len() as u64);
            }
        }
    }
}
