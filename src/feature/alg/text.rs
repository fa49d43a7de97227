//! Addresses and numbers as text, and the parts of a text with their places.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Field, Spelling};
use crate::flow::Addr;

/// A part of what one side has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Where it begins, counted as [`super::Said::at`].
    pub(super) at: u64,
    pub(super) text: &'a [u8],
}

impl<'a> Part<'a> {
    /// The first `end` bytes, and what follows them.
    pub(super) fn split(self, end: usize) -> (Self, Self) {
        let end = end.min(self.text.len());
        let (text, rest) = self.text.split_at(end);
        (Self { at: self.at, text }, Self { at: self.at + end as u64, text: rest })
    }

    /// Without its first bytes.
    pub(super) fn after(self, count: usize) -> Self {
        self.split(count).1
    }

    /// What comes before and after the first of these bytes.
    pub(super) fn cut(self, byte: u8) -> Option<(Self, Self)> {
        let (before, rest) = self.split(memchr::memchr(byte, self.text)?);
        Some((before, rest.after(1)))
    }

    /// Up to the first byte that ends it, and from there on.
    pub(super) fn until(self, ends: impl Fn(u8) -> bool) -> (Self, Self) {
        self.split(self.text.iter().position(|byte| ends(*byte)).unwrap_or(self.text.len()))
    }

    /// The parts between these bytes.
    pub(super) fn parts(self, byte: u8) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let whole = rest?;
            let (part, others) = whole.cut(byte).map_or((whole, None), |(part, others)| (part, Some(others)));
            rest = others;
            Some(part)
        })
    }

    /// Its lines, without their ends.
    pub(super) fn lines(self) -> impl Iterator<Item = Self> {
        self.parts(b'\n')
            .map(|line| Self { text: line.text.strip_suffix(b"\r").unwrap_or(line.text), ..line })
    }

    /// Its words, which blanks part.
    pub(super) fn words(self) -> impl Iterator<Item = Self> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let (word, others) = rest.trim().until(|byte| byte.is_ascii_whitespace());
            rest = others;
            (!word.text.is_empty()).then_some(word)
        })
    }

    /// Without blanks at either end, ends of lines among them.
    pub(super) fn trim(self) -> Self {
        let text = self.text.trim_ascii_start();
        Self { at: self.at + (self.text.len() - text.len()) as u64, text: text.trim_ascii_end() }
    }

    /// Whether it is this word, however it is written.
    pub(super) fn is(self, word: &[u8]) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    /// What follows this beginning, however it is written.
    pub(super) fn strip(self, beginning: &[u8]) -> Option<Self> {
        let (start, rest) = self.split(beginning.len());
        start.is(beginning).then_some(rest)
    }

    /// It as a field.
    pub(super) fn field(self, spelling: Spelling) -> Field {
        Field { at: self.at, len: u32::try_from(self.text.len()).unwrap_or(u32::MAX), spelling }
    }
}

/// The address and the port of `192.0.2.1:5060` or `[2001:db8::1]:5060`, with which a text begins, and the fields they
/// stand in. The port may be absent.
pub(super) fn host_port(text: Part<'_>) -> Option<(Addr, Option<u16>, Vec<Field>)> {
    let (host, rest) = match text.strip(b"[") {
        Some(inside) => inside.cut(b']')?,
        None => text.until(|byte| !byte.is_ascii_digit() && byte != b'.'),
    };
    let addr = address(host.text)?;
    let mut fields = vec![host.field(Spelling::Address)];
    let Some(rest) = rest.strip(b":") else {
        // A name may begin as an address does.
        let is_more = rest.text.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        return (!is_more).then_some((addr, None, fields));
    };
    let (port, _) = rest.until(|byte| !byte.is_ascii_digit());
    fields.push(port.field(Spelling::Port));
    Some((addr, Some(number(port.text).filter(|port| *port > 0)?), fields))
}

/// Whether nobody is meant: the unspecified address (RFC 3264, 8.4), or a group.
pub(super) fn is_nobody(addr: Addr) -> bool {
    let addr = std::net::IpAddr::from(addr);
    addr.is_unspecified() || addr.is_multicast()
}

/// A decimal number without sign that fills the text.
pub(super) fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    let text =
        std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

/// An IPv4 or IPv6 address that fills the text.
pub(super) fn address(text: &[u8]) -> Option<Addr> {
    let text = std::str::from_utf8(text).ok()?;
    let v4 = || text.parse::<Ipv4Addr>().ok().map(|addr| Addr::v4(addr.octets()));
    v4().or_else(|| text.parse::<Ipv6Addr>().ok().map(|addr| Addr::v6(addr.octets())))
}

/// The first digits in a text: where they begin, and they.
pub(super) fn digits(text: &[u8]) -> Option<(usize, &[u8])> {
    let start = text.iter().position(u8::is_ascii_digit)?;
    let rest = text.get(start..)?;
    let len = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    Some((start, rest.get(..len)?))
}
