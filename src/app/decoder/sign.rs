//! How bytes compare with what a protocol begins with, and small readers for both kinds of protocols.

use crate::app::{Finding, Match};

/// Whether the bytes seen so far show something: the three values order so that "both" is `min` and "either" is `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// They cannot any more.
    No,
    /// They may, once there are more.
    More,
    /// They do.
    Yes,
}

impl Sign {
    /// Both must show.
    pub(super) fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Both must show; the other is looked at only where this one leaves room for it.
    pub(super) fn and_then(self, other: impl FnOnce() -> Self) -> Self {
        if self == Self::No { Self::No } else { self.min(other()) }
    }

    /// Either must show.
    pub(super) fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Every side that has spoken must fit (a silent one is `More`), and one of them must prove it.
    pub(super) fn beside(self, other: Self) -> Self {
        if self.and(other) == Self::No { Self::No } else { self.or(other) }
    }

    /// From a reader that ran out of bytes (`None`) or came to an answer.
    pub(super) const fn of(answer: Option<bool>) -> Self {
        match answer {
            None => Self::More,
            Some(true) => Self::Yes,
            Some(false) => Self::No,
        }
    }

    /// The same in the decoder's words.
    pub(super) const fn finds<'a>(
        self,
        app: &'static str,
        what: &'static str,
        detail: &'a [u8],
    ) -> Match<'a> {
        match self {
            Self::No => Match::No,
            Self::More => Match::More,
            Self::Yes => Match::Yes(Finding { app, what, detail, names_host: false }),
        }
    }
}

/// Whether `bytes` begin with `pattern`.
#[inline]
pub(super) fn begins(bytes: &[u8], pattern: &[u8]) -> Sign {
    match (bytes.first(), pattern.first()) {
        (None, _) => Sign::More,
        // Most do not, and the first byte says so.
        (Some(a), Some(b)) if a != b => Sign::No,
        _ if bytes.starts_with(pattern) => Sign::Yes,
        _ if pattern.starts_with(bytes) => Sign::More,
        _ => Sign::No,
    }
}

/// Whether `bytes` begin with one of `patterns`.
pub(super) fn begins_any(bytes: &[u8], patterns: &[&[u8]]) -> Sign {
    patterns.iter().map(|pattern| begins(bytes, pattern)).max().unwrap_or(Sign::No)
}

/// Whether `bytes` begin with one of `words`, in any case of letters, and the word ends there: a space, a tab or a
/// line end follows. A word that is written with a space or a colon at its end needs no more.
pub(super) fn command(bytes: &[u8], words: &[&str]) -> Sign {
    let Some(first) = bytes.first() else { return Sign::More };
    let alike =
        |word: &&&str| word.as_bytes().first().is_some_and(|letter| letter.eq_ignore_ascii_case(first));
    words.iter().filter(alike).map(|word| one_command(bytes, word.as_bytes())).max().unwrap_or(Sign::No)
}

fn one_command(bytes: &[u8], word: &[u8]) -> Sign {
    let same = bytes.iter().zip(word).all(|(a, b)| a.eq_ignore_ascii_case(b));
    if !same {
        return Sign::No;
    }
    if word.ends_with(b" ") || word.ends_with(b":") {
        return if bytes.len() >= word.len() { Sign::Yes } else { Sign::More };
    }
    match bytes.get(word.len()) {
        None => Sign::More,
        Some(b' ' | b'\t' | b'\r' | b'\n') => Sign::Yes,
        Some(_) => Sign::No,
    }
}

/// Whether the lines begin with commands: the first with one of the first list, the next with one of the next.
pub(super) fn commands(mut lines: &[u8], lists: &[&[&str]]) -> Sign {
    let mut sign = Sign::Yes;
    for words in lists {
        sign = sign.and(command(lines, words));
        match line(lines) {
            Some((_, rest)) => lines = rest,
            // What follows this line, if anything must, has not come.
            None => lines = &[],
        }
    }
    sign
}

/// Whether `bytes` begin with a three-digit reply: one of `codes`, then a space, a hyphen or a line end
/// (RFC 959, 4.2; RFC 5321, 4.2.1).
pub(super) fn reply(bytes: &[u8], codes: &[&str]) -> Sign {
    codes
        .iter()
        .map(|code| {
            begins(bytes, code.as_bytes()).and(match bytes.get(code.len()) {
                None => Sign::More,
                Some(b' ' | b'-' | b'\r' | b'\n') => Sign::Yes,
                Some(_) => Sign::No,
            })
        })
        .max()
        .unwrap_or(Sign::No)
}

/// Whether a side is silent (the capture may lack it) or speaks in three-digit replies.
pub(super) fn silent_or_replies(bytes: &[u8]) -> Sign {
    match bytes {
        [] | [b'1'..=b'5'] | [b'1'..=b'5', b'0'..=b'9'] => Sign::Yes,
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', rest @ ..] => {
            Sign::of(Some(matches!(rest, [] | [b' ' | b'-' | b'\r' | b'\n', ..])))
        }
        _ => Sign::No,
    }
}

/// The first line and what follows it, once its end has come.
pub(super) fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes)?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..)?))
}

/// For protocols in which one line asks and the answer to it decides: the line is not longer than `max`, `is_query`
/// holds for it and for whatever it begins with. Where more follows it and there is no answer yet, none is waited for.
pub(super) fn line_and_answer(
    client: &[u8],
    max: usize,
    is_query: impl Fn(&[u8]) -> bool,
    answer: impl FnOnce() -> Sign,
) -> Sign {
    match line(client.get(..max).unwrap_or(client)) {
        Some((query, rest)) if is_query(query) => match answer() {
            Sign::More if !rest.is_empty() => Sign::No,
            sign => sign,
        },
        None if client.len() < max && is_query(client.strip_suffix(b"\r").unwrap_or(client)) => {
            Sign::More.and(answer())
        }
        _ => Sign::No,
    }
}

/// Whether `needle` is in `bytes`, in any case of letters.
pub(super) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len().max(1)).any(|window| window.eq_ignore_ascii_case(needle))
}

/// Reads numbers off the front of bytes; `None` once they run out.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) struct Reader<'a>(pub(in crate::app) &'a [u8]);

impl<'a> Reader<'a> {
    pub(in crate::app) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(in crate::app) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(in crate::app) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(in crate::app) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(in crate::app) fn le16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(in crate::app) fn le32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(in crate::app) fn u24(&mut self) -> Option<u32> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    pub(in crate::app) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }
}
