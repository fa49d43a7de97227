//! Messages of a head, which is a first line and headers, and a body: SIP (RFC 3261, 7) and RTSP (RFC 2326, 4).

use super::text::{Part, number};

/// Longer heads are not read, and ends of bodies that go beyond are passed over.
const MESSAGE_MAX: usize = 8_192;

/// A message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    /// The first line and the headers, with the empty line.
    head: Part<'a>,
    /// Empty where it was passed over.
    pub(super) body: Part<'a>,
}

/// A header, folded ones in one piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header<'a> {
    name: Part<'a>,
    pub(super) value: Part<'a>,
}

impl Header<'_> {
    /// Whether this is its name, or its short form.
    pub(super) fn is(&self, name: &[u8], short: &[u8]) -> bool {
        self.name.is(name) || self.name.is(short)
    }
}

impl<'a> Message<'a> {
    /// Of a datagram, which may have no more than its head. `None` where it is broken or none.
    pub(super) fn datagram(at: u64, bytes: &'a [u8]) -> Option<Self> {
        let whole = Part { at, text: bytes };
        let start = bytes.iter().take_while(|byte| is_between(**byte)).count();
        let whole = whole.after(start);
        let (head, rest) = whole.split(head_end(whole.text).unwrap_or(whole.text.len()));
        let body = match length(head)? {
            Some(length) => {
                let length = usize::try_from(length).ok().filter(|length| *length <= rest.text.len())?;
                rest.split(length).0
            }
            None => rest,
        };
        Some(Self { head, body })
    }

    /// The first line.
    pub(super) fn first_line(&self) -> Part<'a> {
        self.head.lines().next().unwrap_or(self.head)
    }

    /// In order.
    pub(super) fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        headers(self.head)
    }

    /// How long its body is said to be, as it is written.
    pub(super) fn content_length(&self) -> Option<Part<'a>> {
        self.headers().find(is_length).map(|header| header.value)
    }
}

fn headers(head: Part<'_>) -> impl Iterator<Item = Header<'_>> {
    let (_, mut rest) = head.cut(b'\n').unwrap_or((head, head.after(head.text.len())));
    std::iter::from_fn(move || {
        while !rest.text.is_empty() {
            let (line, others) = rest.split(header_end(rest.text));
            rest = others;
            if let Some((name, value)) = line.cut(b':') {
                return Some(Header { name: name.trim(), value: value.trim() });
            }
        }
        None
    })
}

/// Where a header ends, with the lines that continue it (RFC 3261, 7.3.1).
fn header_end(text: &[u8]) -> usize {
    let mut ends = memchr::memchr_iter(b'\n', text).map(|at| at + 1);
    ends.find(|end| !matches!(text.get(*end), Some(b' ' | b'\t'))).unwrap_or(text.len())
}

fn is_length(header: &Header<'_>) -> bool {
    header.is(b"Content-Length", b"l")
}

/// How long the body is said to be. `None` where that is no number, or is said in two ways.
#[expect(clippy::option_option, reason = "broken, absent, there")]
fn length(head: Part<'_>) -> Option<Option<u64>> {
    let mut said = None;
    for header in headers(head).filter(is_length) {
        let length: u64 = number(header.value.text)?;
        if said.is_some_and(|said| said != length) {
            return None;
        }
        said = Some(length);
    }
    Some(said)
}

/// Where a head ends: after its first empty line.
fn head_end(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', text).find_map(|at| match text.get(at + 1..)? {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

/// What may stand between messages (RFC 3261, 7.5; RFC 5626, 3.5.1).
const fn is_between(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0)
}

/// Messages of which protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Sip,
    /// Bodies are passed over, and so are frames of media between messages (RFC 2326, 10.12).
    Rtsp,
}

/// Cuts the bytes of one side into messages.
#[derive(Debug, Clone)]
pub(super) struct Messages {
    of: Of,
    /// The beginning of a message whose end has not come.
    held: Vec<u8>,
    /// Where that begins.
    at: u64,
    /// So many bytes more are passed over.
    skip: u64,
    /// Something came that is no message: where the next one begins is unknown for ever.
    is_lost: bool,
}

/// What stands at the beginning of some bytes.
enum Next<'a> {
    /// Something that takes so many bytes, a message perhaps.
    Whole(u64, Option<Message<'a>>),
    Incomplete,
    Broken,
}

impl Messages {
    pub(super) const fn new(of: Of) -> Self {
        Self { of, held: Vec::new(), at: 0, skip: 0, is_lost: false }
    }

    /// Takes the next bytes, which begin at `at`; gives every message that ends in them.
    pub(super) fn feed(&mut self, mut at: u64, mut bytes: &[u8], mut take: impl FnMut(Message<'_>)) {
        while !self.is_lost {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            self.skip -= skipped as u64;
            at += skipped as u64;
            bytes = bytes.get(skipped..).unwrap_or_default();
            if bytes.is_empty() {
                return;
            }
            if self.held.is_empty() {
                self.at = at;
            }
            let (some, others) = bytes.split_at(bytes.len().min(MESSAGE_MAX - self.held.len()));
            self.held.extend_from_slice(some);
            at += some.len() as u64;
            bytes = others;
            self.read(&mut take);
            if self.held.len() >= MESSAGE_MAX {
                self.lose();
            }
        }
    }

    /// Gives the messages that are held, and keeps what is left.
    fn read(&mut self, take: &mut impl FnMut(Message<'_>)) {
        let mut rest = Part { at: self.at, text: &self.held };
        while !rest.text.is_empty() {
            match next(self.of, rest) {
                Next::Whole(len, message) => {
                    let held = usize::try_from(len).unwrap_or(usize::MAX).min(rest.text.len());
                    rest = rest.after(held);
                    self.skip = len - held as u64;
                    message.into_iter().for_each(&mut *take);
                }
                Next::Incomplete => break,
                Next::Broken => return self.lose(),
            }
        }
        let (at, done) = (rest.at, self.held.len() - rest.text.len());
        self.at = at;
        self.held.drain(..done);
        if self.held.is_empty() {
            self.held = Vec::new();
        }
    }

    fn lose(&mut self) {
        self.is_lost = true;
        self.held = Vec::new();
    }
}

fn next(of: Of, rest: Part<'_>) -> Next<'_> {
    match (of, rest.text) {
        (_, [byte, ..]) if is_between(*byte) => return Next::Whole(1, None),
        (Of::Rtsp, [b'$', _, high, low, ..]) => {
            return Next::Whole(4 + u64::from(u16::from_be_bytes([*high, *low])), None);
        }
        (Of::Rtsp, [b'$', ..]) => return Next::Incomplete,
        _ => {}
    }
    if memchr::memchr(b'\n', rest.text).is_some_and(|end| !is_first_line(of, rest.split(end).0)) {
        return Next::Broken;
    }
    let Some(end) = head_end(rest.text) else { return Next::Incomplete };
    let (head, body) = rest.split(end);
    let Some(length) = length(head) else { return Next::Broken };
    let length = length.unwrap_or(0);
    let whole = length.saturating_add(end as u64);
    let is_read = of == Of::Sip && whole <= MESSAGE_MAX as u64;
    if !is_read {
        return Next::Whole(whole, Some(Message { head, body: body.split(0).0 }));
    }
    match usize::try_from(length).ok().filter(|length| *length <= body.text.len()) {
        Some(length) => Next::Whole(whole, Some(Message { head, body: body.split(length).0 })),
        None => Next::Incomplete,
    }
}

fn is_first_line(of: Of, line: Part<'_>) -> bool {
    let version: &[u8] = if of == Of::Sip { b"SIP/" } else { b"RTSP/" };
    let (first, last) = (line.words().next(), line.words().last());
    [first, last].into_iter().flatten().any(|word| word.strip(version).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Told = (u64, Vec<u8>, Vec<u8>);

    fn told(of: Of, pieces: &[&[u8]]) -> Vec<Told> {
        let (mut messages, mut at, mut told) = (Messages::new(of), 0, Vec::new());
        for piece in pieces {
            messages.feed(at, piece, |message| {
                told.push((message.body.at, message.first_line().text.to_vec(), message.body.text.to_vec()));
            });
            assert!(messages.held.len() < MESSAGE_MAX, "no end of what is held");
            at += piece.len() as u64;
        }
        told
    }

    fn lines(of: Of, bytes: &[u8]) -> String {
        let lines = told(of, &[bytes]).into_iter();
        let lines = lines.map(|(_, line, body)| [line, b"|".to_vec(), body].concat());
        String::from_utf8_lossy(&lines.collect::<Vec<_>>().join(&b' ')).into_owned()
    }

    #[test]
    fn framing() {
        let huge = format!("A SIP/2.0\r\nX: {}\r\n\r\nB SIP/2.0\r\n\r\n", "x".repeat(MESSAGE_MAX));
        let long = format!("A SIP/2.0\r\nl: 9000\r\n\r\n{}B SIP/2.0\r\n\r\n", "x".repeat(9_000));
        for (of, text, expected) in [
            (Of::Sip, "\r\n\r\nA SIP/2.0\r\nL : 2\r\n\r\nhiB SIP/2.0\n\n", "A SIP/2.0|hi B SIP/2.0|"),
            (Of::Sip, "A SIP/2.0\r\nContent-Length:\r\n 2\r\n\r\nhi", "A SIP/2.0|hi"),
            (Of::Sip, &long, "A SIP/2.0| B SIP/2.0|"),
            (Of::Sip, "A SIP/2.0\r\nl: 1\r\nl: 1\r\n\r\nx", "A SIP/2.0|x"),
            // What cannot be framed is the end.
            (Of::Sip, &huge, ""),
            (Of::Sip, "A SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\nxB SIP/2.0\r\n\r\n", ""),
            (Of::Sip, "A SIP/2.0\r\nl: -1\r\n\r\nB SIP/2.0\r\n\r\n", ""),
            (Of::Sip, "A SIP/2.0\r\nl: 99999999999999999999\r\n\r\nB SIP/2.0\r\n\r\n", ""),
            (Of::Sip, "A SIP/2.0\r\nl: 18446744073709551615\r\n\r\nB SIP/2.0\r\n\r\n", "A SIP/2.0|"),
            (Of::Sip, "GET / HTTP/1.1\r\n\r\nB SIP/2.0\r\n\r\n", ""),
            (
                Of::Rtsp,
                "$\0\0\x02hi$\x01\0\0RTSP/1.0 200\r\nl:1\r\n\r\nxA RTSP/1.0\n\n",
                "RTSP/1.0 200| A RTSP/1.0|",
            ),
            (Of::Sip, "$\0\0\x02hi\r\nA SIP/2.0\r\n\r\n", ""),
        ] {
            assert_eq!(lines(of, text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn datagrams() {
        let read = |text: &str| {
            Message::datagram(0, text.as_bytes())
                .map(|message| message.body.text.to_vec())
                .unwrap_or(b"-".into())
        };
        for (text, body) in [
            ("A SIP/2.0\r\nl: 2\r\n\r\nhi", "hi"),
            ("A SIP/2.0\r\nl: 2\r\n\r\nhi there", "hi"),
            ("A SIP/2.0\r\n\r\nhi", "hi"),
            ("A SIP/2.0\r\nl: 3\r\n\r\nhi", "-"),
            ("A SIP/2.0\r\nl: 3", "-"),
            ("A SIP/2.0", ""),
            ("", ""),
        ] {
            assert_eq!(read(text), body.as_bytes(), "{text}");
        }
    }

    const WORDS: &[&[u8]] = &[
        b"A SIP/2.0 RTSP/1.0\r\n",
        b"l: 3\r\n",
        b"\r\n",
        b"\n",
        b"xyz",
        b"$\0\0\x01",
        b"l:9000\n\n",
        &[b'y'; 3_000],
        b"\0",
        b" ",
    ];

    proptest! {
        #[test]
        fn cuts_make_no_difference(
            words in proptest::collection::vec(proptest::sample::select(WORDS), 0..30),
            cut in 1_usize..60,
        ) {
            let bytes = words.concat();
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            for of in [Of::Sip, Of::Rtsp] {
                prop_assert_eq!(told(of, &pieces), told(of, &[&bytes]));
            }
        }
    }
}
