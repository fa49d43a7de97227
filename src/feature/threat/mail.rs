//! A mail in MIME (RFC 2045, 2046), or a form in parts (RFC 7578), as its bytes come: the parts, decoded.
//!
//! It goes line by line and keeps no more than one line, a head's values and the boundaries it is inside of.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// A line longer than this is cut.
const LINE_MAX: usize = 8 * 1_024;
/// Parts within parts, as deep as they are looked into.
const DEPTH_MAX: usize = 8;
/// The longest boundary there may be (RFC 2046, 5.1.1).
const BOUNDARY_MAX: usize = 70;
/// So much of a name is kept.
const NAME_MAX: usize = 128;

/// What comes of a mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// A part begins that is no list of parts, with the name it has as a file, which may be empty.
    Begin(Vec<u8>),
    /// Bytes of it, decoded.
    Bytes(&'a [u8]),
    /// It has ended.
    End,
}

/// A mail in transfer.
#[derive(Debug, Default)]
pub(super) struct Mail {
    line: Vec<u8>,
    /// The line was cut: what comes is its rest.
    is_cut: bool,
    at: At,
    /// Boundaries of the parts one is inside of.
    boundaries: Vec<Vec<u8>>,
    head: Head,
    /// The header field at hand, with the lines that continue it.
    field: Vec<u8>,
    /// Base64 letters that are no group of four yet.
    letters: Vec<u8>,
    /// The end of the last line of a part, which may belong to the boundary.
    end: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    #[default]
    Head,
    Body,
    /// Before the first boundary, or behind the last one.
    Between,
}

/// What the head of a part says.
#[derive(Debug, Default)]
struct Head {
    name: Vec<u8>,
    boundary: Vec<u8>,
    transfer: Transfer,
}

/// `Content-Transfer-Encoding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Transfer {
    #[default]
    Plain,
    Base64,
    QuotedPrintable,
}

impl Mail {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(Part<'_>)) {
        while !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
            let room = LINE_MAX - self.line.len().min(LINE_MAX - 1);
            let (piece, rest) = bytes.split_at(end.min(room));
            bytes = rest;
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.line.len() >= LINE_MAX {
                let line = std::mem::take(&mut self.line);
                self.take(&line, out);
                self.is_cut = !line.ends_with(b"\n");
                self.line = line;
                self.line.clear();
            }
        }
    }

    /// The mail has ended.
    pub(super) fn end(&mut self, out: &mut dyn FnMut(Part<'_>)) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take(&line, out);
        }
        self.end_part(false, out);
    }

    /// A line, with its end where it has one.
    fn take(&mut self, line: &[u8], out: &mut dyn FnMut(Part<'_>)) {
        if !self.is_cut && self.at_boundary(line, out) {
            return;
        }
        match self.at {
            At::Head if self.is_cut => {}
            At::Head => self.head_line(line, out),
            At::Body => self.body_line(line, out),
            At::Between => {}
        }
    }

    /// Whether the line parts one part from the next.
    fn at_boundary(&mut self, line: &[u8], out: &mut dyn FnMut(Part<'_>)) -> bool {
        let Some(text) = line.strip_prefix(b"--") else { return false };
        let text = text.trim_ascii_end();
        let found = self.boundaries.iter().rposition(|boundary| {
            text.strip_prefix(boundary.as_slice()).is_some_and(|rest| matches!(rest, b"" | b"--"))
        });
        let Some(depth) = found else { return false };
        self.end_part(true, out);
        let is_last = self.boundaries.get(depth).is_some_and(|boundary| text.len() > boundary.len());
        self.boundaries.truncate(if is_last { depth } else { depth + 1 });
        self.at = if is_last { At::Between } else { At::Head };
        self.head = Head::default();
        true
    }

    fn head_line(&mut self, line: &[u8], out: &mut dyn FnMut(Part<'_>)) {
        let text = line.trim_ascii_end();
        if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) && !text.is_empty() {
            let room = LINE_MAX.saturating_sub(self.field.len());
            self.field.extend_from_slice(text.get(..room).unwrap_or(text));
            return;
        }
        let field = std::mem::replace(&mut self.field, text.to_vec());
        self.head.take(&field);
        if !text.is_empty() {
            return;
        }
        self.letters.clear();
        self.end.clear();
        if self.head.boundary.is_empty() {
            self.at = At::Body;
            out(Part::Begin(std::mem::take(&mut self.head.name)));
        } else {
            self.at = At::Between;
            if self.boundaries.len() < DEPTH_MAX {
                self.boundaries.push(std::mem::take(&mut self.head.boundary));
            }
        }
    }

    fn body_line(&mut self, line: &[u8], out: &mut dyn FnMut(Part<'_>)) {
        match self.head.transfer {
            Transfer::Plain => {
                // The line end before a boundary belongs to that.
                let end = std::mem::take(&mut self.end);
                let text = line.strip_suffix(b"\n").unwrap_or(line);
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                self.end = line.get(text.len()..).unwrap_or_default().to_vec();
                for bytes in [end.as_slice(), text].into_iter().filter(|bytes| !bytes.is_empty()) {
                    out(Part::Bytes(bytes));
                }
            }
            Transfer::Base64 => {
                let letter = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
                self.letters.extend(line.iter().filter(letter));
                let whole = self.letters.len() / 4 * 4;
                let rest = self.letters.split_off(whole);
                let letters = std::mem::replace(&mut self.letters, rest);
                decoded(&letters, out);
            }
            Transfer::QuotedPrintable => quoted(line, out),
        }
    }

    fn end_part(&mut self, at_boundary: bool, out: &mut dyn FnMut(Part<'_>)) {
        if self.at != At::Body {
            return;
        }
        decoded(&std::mem::take(&mut self.letters), out);
        if !at_boundary && !self.end.is_empty() {
            out(Part::Bytes(&self.end));
        }
        self.end.clear();
        out(Part::End);
        self.at = At::Between;
    }
}

impl Head {
    /// A whole field.
    fn take(&mut self, field: &[u8]) {
        let Some(colon) = memchr::memchr(b':', field) else { return };
        let (name, value) = field.split_at(colon);
        let value = value.get(1..).unwrap_or_default();
        if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
            let value = value.trim_ascii();
            if value.eq_ignore_ascii_case(b"base64") {
                self.transfer = Transfer::Base64;
            } else if value.eq_ignore_ascii_case(b"quoted-printable") {
                self.transfer = Transfer::QuotedPrintable;
            }
        } else if name.eq_ignore_ascii_case(b"content-type") {
            let media = value.trim_ascii_start();
            if media.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"))
                && let Some(boundary) = parameter(value, b"boundary")
            {
                self.boundary = boundary;
                self.boundary.truncate(BOUNDARY_MAX);
            }
            if self.name.is_empty() {
                self.name = parameter(value, b"name").unwrap_or_default();
            }
        } else if name.eq_ignore_ascii_case(b"content-disposition") {
            self.name = parameter(value, b"filename").unwrap_or_default();
        }
    }
}

/// The value of a parameter: `; filename="a.txt"`.
pub(super) fn parameter(value: &[u8], wanted: &[u8]) -> Option<Vec<u8>> {
    let mut rest = value.get(memchr::memchr(b';', value)?..)?;
    while let Some(after) = rest.strip_prefix(b";") {
        let after = after.trim_ascii_start();
        let equals = memchr::memchr2(b'=', b';', after)?;
        let (name, value) = after.split_at(equals);
        let Some(value) = value.strip_prefix(b"=") else {
            rest = value;
            continue;
        };
        let value = value.trim_ascii_start();
        let (text, end) = match value.strip_prefix(b"\"") {
            Some(quoted) => {
                let end = memchr::memchr(b'"', quoted).unwrap_or(quoted.len());
                (quoted.get(..end)?, quoted.get(end + 1..).unwrap_or_default())
            }
            None => {
                let end = memchr::memchr(b';', value).unwrap_or(value.len());
                (value.get(..end)?, value.get(end..)?)
            }
        };
        if name.trim_ascii_end().eq_ignore_ascii_case(wanted) {
            let text = text.trim_ascii();
            return Some(text.get(..NAME_MAX).unwrap_or(text).to_vec());
        }
        rest = end.get(memchr::memchr(b';', end).unwrap_or(end.len())..)?;
    }
    None
}

/// Whole groups of base64 letters; what is none is passed over.
fn decoded(letters: &[u8], out: &mut dyn FnMut(Part<'_>)) {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const ENGINE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
    if let Ok(bytes) = ENGINE.decode(letters)
        && !bytes.is_empty()
    {
        out(Part::Bytes(&bytes));
    }
}

/// A line in quoted-printable (RFC 2045, 6.7).
fn quoted(line: &[u8], out: &mut dyn FnMut(Part<'_>)) {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let end = line.get(text.len()..).unwrap_or_default();
    let (text, end) = match text.trim_ascii_end().strip_suffix(b"=") {
        Some(soft) => (soft, &[][..]),
        None => (text, end),
    };
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (byte, after) {
            (b'=', [high, low, more @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                bytes.push(hex(high).unwrap_or_default() << 4 | hex(low).unwrap_or_default());
                rest = more;
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(end);
    if !bytes.is_empty() {
        out(Part::Bytes(&bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts with their names, in pieces of so many bytes.
    fn parts(text: &[u8], cut: usize) -> Vec<(String, String)> {
        let (mut mail, mut all) = (Mail::default(), Vec::new());
        let mut hear = |part: Part<'_>| match part {
            Part::Begin(name) => all.push((String::from_utf8(name).unwrap(), String::new())),
            Part::Bytes(bytes) => all.last_mut().unwrap().1.push_str(&bytes.escape_ascii().to_string()),
            Part::End => {}
        };
        for piece in text.chunks(cut) {
            mail.feed(piece, &mut hear);
        }
        mail.end(&mut hear);
        all
    }

    const MAIL: &[u8] = b"From: a@example.org\r\nSubject: two\r\n parts\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed;\r\n boundary=\"=_b 1\"\r\n\r\nignored\r\n--=_b 1\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9 =\r\nau lait\r\n--=_b 1\r\n\
        Content-Type: application/octet-stream; name=x; other=1\r\n\
        Content-Disposition: attachment; size=4; filename=\"a b.bin\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8h\r\nIQ==\r\n--=_b 1\r\n\
        Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n\r\nplain\r\nlines\r\n--in--\r\n\
        --=_b 1--\r\nignored\r\n";

    #[test]
    fn parts_of_a_mail() {
        let expected =
            [("", "caf\\xc3\\xa9 au lait\\r\\n"), ("a b.bin", "hello!!"), ("", "plain\\r\\nlines")];
        for cut in [1, 2, 3, 7, 64, 10_000] {
            let found = parts(MAIL, cut);
            let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            assert_eq!(found, expected, "{cut}");
        }
    }

    #[test]
    fn parameters() {
        for (value, name, expected) in [
            ("a; filename=b.txt", "filename", Some("b.txt")),
            ("a; x; FileName = \"b;c\" ; d=e", "filename", Some("b;c")),
            ("a; x=\"y; filename=no\"; filename=z", "filename", Some("z")),
            ("filename=b", "filename", None),
            ("a; filename=\"b", "filename", Some("b")),
            ("a; filename*=b", "filename", None),
            ("a;;;=;", "", Some("")),
        ] {
            let found = parameter(value.as_bytes(), name.as_bytes());
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{value}");
        }
    }

    #[test]
    fn long_lines_and_deep_parts_end() {
        let long = [b"Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n\r\n".as_slice(), &[b'x'; 40_000]]
            .concat();
        let found = parts(&long, 1_000);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1.len(), 40_000);
        let deep: String =
            (0..100).map(|n| format!("Content-Type: multipart/x; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
        assert!(parts(deep.as_bytes(), 100).is_empty());
    }
}
