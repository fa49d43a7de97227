//! Addresses and numbers as text.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::flow::Addr;

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
