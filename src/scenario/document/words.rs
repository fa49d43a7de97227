//! The words of a packet line: plain ones, quoted text, and the comment that ends it.

use std::collections::BTreeMap;

/// Bytes that a document names: ```` ```payload NAME ```` blocks.
pub(super) type Payloads = BTreeMap<String, Vec<u8>>;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word<'t> {
    /// Anything without blanks.
    Plain(&'t str),
    /// What stands between double quotes, with its escapes resolved.
    Quoted(Vec<u8>),
}

impl Word<'_> {
    /// What it says, whichever it is.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Plain(text) => (*text).to_owned(),
            Self::Quoted(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}

/// A line in words, and its comment without the `#`.
pub(super) fn split(mut line: &str) -> Result<(Vec<Word<'_>>, &str), String> {
    let mut words = Vec::new();
    loop {
        line = line.trim_start();
        if let Some(comment) = line.strip_prefix('#') {
            return Ok((words, comment.trim()));
        } else if let Some(rest) = line.strip_prefix('"') {
            let (bytes, rest) = quoted(rest)?;
            words.push(Word::Quoted(bytes));
            line = rest;
        } else if line.is_empty() {
            return Ok((words, ""));
        } else {
            let end = line.find(char::is_whitespace).unwrap_or(line.len());
            let (word, rest) = line.split_at(end);
            words.push(Word::Plain(word));
            line = rest;
        }
    }
}

/// Text up to the closing quote, with `\r \n \t \0 \\ \" \xHH` resolved; and what follows it.
fn quoted(text: &str) -> Result<(Vec<u8>, &str), String> {
    let mut bytes = Vec::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => return Ok((bytes, chars.as_str())),
            '\\' => bytes.push(match chars.next() {
                Some('r') => b'\r',
                Some('n') => b'\n',
                Some('t') => b'\t',
                Some('0') => 0,
                Some('\\') => b'\\',
                Some('"') => b'"',
                Some('x') => {
                    let rest = chars.as_str();
                    let (digits, rest) = rest.split_at_checked(2).ok_or("`\\x` needs two digits")?;
                    chars = rest.chars();
                    u8::from_str_radix(digits, 16).map_err(|_| format!("`\\x{digits}` is no byte"))?
                }
                other => return Err(format!("`\\{}` is no escape", other.unwrap_or(' '))),
            }),
            char => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err("the quotes are never closed".to_owned())
}

/// Bytes from hexadecimal digits, with or without blanks between the bytes.
pub(super) fn hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text.split_whitespace().collect();
    if !digits.is_ascii() || digits.len() % 2 == 1 {
        return Err(format!("`{text}` is no row of bytes"));
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| {
            let byte = digits.get(at..at + 2).unwrap_or_default();
            u8::from_str_radix(byte, 16).map_err(|_| format!("`{byte}` is no byte"))
        })
        .collect()
}

/// `@NAME`, or a part of it: `@NAME[5..]`, `@NAME[..5]`, `@NAME[5..9]`.
pub(super) fn reference(text: &str, payloads: &Payloads) -> Result<Vec<u8>, String> {
    let (name, part) = match text.split_once('[') {
        Some((name, part)) => {
            (name, part.strip_suffix(']').ok_or_else(|| format!("`@{text}` lacks its `]`"))?)
        }
        None => (text, ".."),
    };
    let bytes = payloads.get(name).ok_or_else(|| format!("no block `payload {name}`"))?;
    let (from, to) = part.split_once("..").ok_or_else(|| format!("`{part}` is no range"))?;
    let bound = |text: &str, default: usize| match text {
        "" => Ok(default),
        text => text.parse().map_err(|_| format!("`{text}` is no number")),
    };
    let range = bound(from, 0)?..bound(to, bytes.len())?;
    let part = bytes.get(range).ok_or_else(|| format!("`{name}` has {} bytes", bytes.len()))?;
    Ok(part.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_comments() {
        let (words, comment) = split(r#"+0.1 a > P. "a \"b\" # \r\n\x41\\" # drop X; why"#).unwrap();
        assert_eq!(words[3], Word::Plain("P."));
        assert_eq!(words[4], Word::Quoted(b"a \"b\" # \r\nA\\".to_vec()));
        assert_eq!(comment, "drop X; why");
        assert_eq!(split(r#"a "open"#).unwrap_err(), "the quotes are never closed");
        assert_eq!(split(r#"a "\q""#).unwrap_err(), "`\\q` is no escape");
        assert_eq!(split(r#"a "\x4""#).unwrap_err(), "`\\x4\"` is no byte");
    }

    #[test]
    fn bytes() {
        assert_eq!(hex("0a 0B0c").unwrap(), [10, 11, 12]);
        assert_eq!(hex("0a0").unwrap_err(), "`0a0` is no row of bytes");
        let payloads = Payloads::from([("hello".to_owned(), b"0123456789".to_vec())]);
        assert_eq!(reference("hello", &payloads).unwrap(), b"0123456789");
        assert_eq!(reference("hello[8..]", &payloads).unwrap(), b"89");
        assert_eq!(reference("hello[2..4]", &payloads).unwrap(), b"23");
        assert_eq!(reference("hello[9..11]", &payloads).unwrap_err(), "`hello` has 10 bytes");
        assert_eq!(reference("bye", &payloads).unwrap_err(), "no block `payload bye`");
    }
}
