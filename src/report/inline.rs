//! Short texts without allocation: what a row prints of addresses, times and flags.

use std::fmt;
use std::net::IpAddr;

use crate::flow::Addr;
use crate::time::Timestamp;

/// A text of at most `N` bytes; what does not fit is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Inline<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Default for Inline<N> {
    fn default() -> Self {
        Self { bytes: [0; N], len: 0 }
    }
}

impl<const N: usize> Inline<N> {
    /// The text that `value` prints.
    pub(super) fn of(value: impl fmt::Display) -> Self {
        let mut text = Self::default();
        // The only error is one that `value` itself makes; none of ours does.
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{value}"));
        text
    }

    pub(super) fn of_text(text: &[u8]) -> Self {
        let mut inline = Self::default();
        inline.push(text);
        inline
    }

    pub(super) fn of_bytes(bytes: impl Iterator<Item = u8>) -> Self {
        let mut inline = Self::default();
        for byte in bytes {
            inline.push(&[byte]);
        }
        inline
    }

    /// An address, as it prints itself.
    pub(super) fn of_addr(addr: Addr) -> Self {
        let IpAddr::V4(v4) = IpAddr::from(addr) else { return Self::of(addr) };
        let mut text = Self::default();
        for (place, octet) in v4.octets().into_iter().enumerate() {
            if place > 0 {
                text.push(b".");
            }
            text.push(itoa::Buffer::new().format(octet).as_bytes());
        }
        text
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        let len = usize::from(self.len);
        if let Some(place) = self.bytes.get_mut(len..len + text.len()) {
            place.copy_from_slice(text);
            self.len += u8::try_from(text.len()).unwrap_or(0);
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Write for Inline<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl<const N: usize> fmt::Debug for Inline<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl<const N: usize> fmt::Display for Inline<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Prints times as [`Timestamp`] does, but works out the date only when the second changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    second: Option<u64>,
    /// Date and time to the second, without the zone.
    prefix: Inline<30>,
}

impl Clock {
    pub(super) fn print(&mut self, at: Timestamp) -> Inline<30> {
        let (second, nanos) = (at.nanos() / 1_000_000_000, at.nanos() % 1_000_000_000);
        if self.second != Some(second) {
            self.second = Some(second);
            self.prefix = Inline::default();
            let whole = Inline::<30>::of(Timestamp::from_secs(second));
            self.prefix.push(whole.as_str().trim_end_matches('Z').as_bytes());
        }
        let mut text = self.prefix;
        if nanos > 0 {
            // A leading one keeps the zeros that follow it.
            let mut digits = itoa::Buffer::new();
            let digits = digits.format(1_000_000_000 + nanos).trim_end_matches('0');
            text.push(b".");
            text.push(digits.as_bytes().get(1..).unwrap_or_default());
        }
        text.push(b"Z");
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_clock_prints_as_the_timestamp_does(times in proptest::collection::vec((0u64..1 << 34, 0u64..10, 0u32..10), 1..20)) {
            let mut clock = Clock::default();
            for (second, digit, places) in times {
                let at = Timestamp::from_nanos(second * 1_000_000_000 + digit * 10u64.pow(places) % 1_000_000_000);
                prop_assert_eq!(clock.print(at).to_string(), at.to_string());
            }
        }
    }

    #[test]
    fn addresses_print_as_they_do() {
        for bits in [0, 0xffff_0000_0000, 0xffff_0a00_01ff, 0xffff_ffff_ffff, 1, u128::MAX] {
            let addr = Addr::from_bits(bits);
            assert_eq!(Inline::<46>::of_addr(addr).to_string(), addr.to_string());
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut text = Inline::<4>::of("abc");
        text.push(b"de");
        assert_eq!(text.as_str(), "abc");
    }
}
