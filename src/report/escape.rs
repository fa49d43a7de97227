//! Text from outside made safe to show: no byte of a capture or a rulebase reaches a terminal or a page raw.
//!
//! Escaped are control characters (C0, DEL, C1), bidirectional and invisible formatting characters, and bytes that are
//! no UTF-8: `\x1b`, `\u{202e}`, `\xff`. Everything else stays readable as it is.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io;

use serde_json::ser::{CompactFormatter, Formatter};

/// A name or a path: text that is UTF-8 already. Borrowed where nothing needs escaping.
pub fn name(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = if is_unsafe(c) { write_escape(&mut safe, c) } else { safe.write_char(c) };
    }
    Cow::Owned(safe)
}

/// Bytes of a packet, for people. A backslash and a backtick are escaped as well, so that what is shown can be told
/// from what escapes, and be put in backticks.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a>(pub &'a [u8]);

/// So many bytes of a payload are shown.
const SHOWN: usize = 128;

impl fmt::Display for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, cut) = match self.0.split_at_checked(SHOWN) {
            Some((shown, rest)) => (shown, !rest.is_empty()),
            None => (self.0, false),
        };
        for chunk in shown.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\\' | '`' => write!(f, "\\{c}")?,
                    c if is_unsafe(c) => write_escape(f, c)?,
                    c => f.write_char(c)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        f.write_str(if cut { "…" } else { "" })
    }
}

fn write_escape(out: &mut impl fmt::Write, c: char) -> fmt::Result {
    if c.is_ascii() { write!(out, "\\x{:02x}", u32::from(c)) } else { write!(out, "{}", c.escape_unicode()) }
}

/// Characters that move the cursor, change how others are shown, or cannot be seen.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Appends a JSON string.
pub(super) fn push_json(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // Writing to memory cannot fail.
        let _ = write_json(out, text);
    }
}

/// JSON whose strings keep their value, but with every unsafe character written as a JSON escape.
#[derive(Debug, Default, Clone, Copy)]
pub struct Json;

impl Formatter for Json {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if is_plain(fragment) {
            return out.write_all(fragment.as_bytes());
        }
        let mut units = [0; 2];
        let mut bytes = [0; 4];
        for c in fragment.chars() {
            if is_unsafe(c) {
                for unit in c.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}")?;
                }
            } else {
                out.write_all(c.encode_utf8(&mut bytes).as_bytes())?;
            }
        }
        Ok(())
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        CompactFormatter.begin_object_value(out)
    }
}

/// Writes `value` as one line of safe JSON, without the line's end.
///
/// # Errors
/// Where `out` fails.
pub fn write_json(
    out: &mut (impl io::Write + ?Sized),
    value: &(impl serde::Serialize + ?Sized),
) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Json)).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOSTILE: &str = "a\u{1b}]0;pwned\u{7}\u{9b}31m\u{202e}txt\u{7f}\u{200b}é\n";

    #[test]
    fn names() {
        assert!(matches!(name("FTP for partners"), Cow::Borrowed(_)));
        assert!(matches!(name("Zürich → 東京"), Cow::Borrowed(_)));
        assert_eq!(name(HOSTILE), "a\\x1b]0;pwned\\x07\\u{9b}31m\\u{202e}txt\\x7f\\u{200b}é\\x0a");
    }

    #[test]
    fn payloads() {
        assert_eq!(Payload(b"USER \xffa`b\\c\r\n").to_string(), "USER \\xffa\\`b\\\\c\\x0d\\x0a");
        assert_eq!(Payload(&[b'a'; 200]).to_string(), format!("{}…", "a".repeat(128)));
        assert_eq!(Payload(&[b'a'; 128]).to_string(), "a".repeat(128));
    }

    #[test]
    fn json_keeps_the_value() {
        let mut out = Vec::new();
        write_json(&mut out, &HOSTILE).unwrap();
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), HOSTILE);
        assert!(is_safe(&out));
    }

    fn is_safe(bytes: &[u8]) -> bool {
        std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(is_unsafe))
    }

    proptest! {
        #[test]
        fn nothing_unsafe_gets_through(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in any::<String>()) {
            prop_assert!(is_safe(Payload(&bytes).to_string().as_bytes()));
            prop_assert!(is_safe(name(&text).as_bytes()));
            let mut out = Vec::new();
            write_json(&mut out, &text).unwrap();
            prop_assert!(is_safe(&out));
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
