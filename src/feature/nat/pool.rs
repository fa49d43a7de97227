//! Lists of IPv4 addresses that can be counted: pools, and the two sides of a one-to-one translation.

use std::sync::Arc;

use crate::flow::Addr;

/// IPv4 addresses in order, each with its place, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AddressPool {
    /// Inclusive ranges, sorted and disjoint.
    ranges: Arc<[(Addr, Addr)]>,
    /// How many addresses lie before each range.
    before: Arc<[u64]>,
    len: u64,
    /// Which of a policy's pools it is: the same for all rules that say the same.
    pub(super) number: u32,
}

impl AddressPool {
    /// A pool of inclusive ranges, which must be sorted and disjoint. What is not IPv4 is left out: rules for it
    /// (nat64, nptv6) are not modelled.
    pub fn new(ranges: &[(Addr, Addr)]) -> Self {
        let v4 = ranges.iter().filter(|(low, high)| low.is_v4() && high.is_v4());
        let ranges: Arc<[(Addr, Addr)]> = v4.copied().collect();
        let mut len = 0;
        let before = ranges
            .iter()
            .map(|&(low, high)| {
                let before = len;
                len += distance(low, high).map_or(0, |distance| distance + 1);
                before
            })
            .collect();
        Self { ranges, before, len, number: 0 }
    }

    /// A pool of one address.
    pub fn single(addr: Addr) -> Self {
        Self::new(&[(addr, addr)])
    }

    /// The ranges it is made of.
    pub fn ranges(&self) -> &Arc<[(Addr, Addr)]> {
        &self.ranges
    }

    /// How many addresses it has.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The address at a place.
    pub fn nth(&self, place: u64) -> Option<Addr> {
        let range = self.before.partition_point(|&before| before <= place).checked_sub(1)?;
        let (&(low, high), before) = self.ranges.get(range).zip(self.before.get(range))?;
        let addr = Addr::from_bits(low.bits() + u128::from(place - before));
        (addr <= high).then_some(addr)
    }

    /// The place of an address.
    pub fn place(&self, addr: Addr) -> Option<u64> {
        let range = self.ranges.partition_point(|&(low, _)| low <= addr).checked_sub(1)?;
        let (&(low, high), before) = self.ranges.get(range).zip(self.before.get(range))?;
        if addr > high {
            return None;
        }
        Some(before + distance(low, addr)?)
    }

    /// Whether an address is in it.
    pub fn contains(&self, addr: Addr) -> bool {
        self.place(addr).is_some()
    }
}

fn distance(low: Addr, high: Addr) -> Option<u64> {
    u64::try_from(high.bits().checked_sub(low.bits())?).ok()
}

/// A translation by place: the first original address to the first translated one, and so on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OneToOne {
    /// As in packets before the translation.
    pub(super) original: AddressPool,
    /// As in packets after it.
    pub(super) translated: AddressPool,
}

impl OneToOne {
    /// `None` where the two lists are not of the same length.
    pub fn new(original: AddressPool, translated: AddressPool) -> Option<Self> {
        (original.len() == translated.len()).then_some(Self { original, translated })
    }

    /// The addresses after the translation.
    pub const fn translated(&self) -> &AddressPool {
        &self.translated
    }

    /// What an original address becomes.
    pub fn translate(&self, addr: Addr) -> Option<Addr> {
        self.translated.nth(self.original.place(addr)?)
    }

    /// What a translated address was.
    pub fn original(&self, addr: Addr) -> Option<Addr> {
        self.original.nth(self.translated.place(addr)?)
    }

    /// The translation the other way.
    #[must_use]
    pub fn reverse(&self) -> Self {
        Self { original: self.translated.clone(), translated: self.original.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(ranges: &[(u8, u8)]) -> AddressPool {
        let addr = |last| Addr::v4([192, 0, 2, last]);
        let ranges: Vec<_> = ranges.iter().map(|&(low, high)| (addr(low), addr(high))).collect();
        AddressPool::new(&ranges)
    }

    #[test]
    fn every_address_has_its_place() {
        let pool = pool(&[(1, 1), (8, 15), (200, 201)]);
        assert_eq!(pool.len(), 11);
        for place in 0..11 {
            let addr = pool.nth(place).unwrap();
            assert_eq!(pool.place(addr), Some(place));
        }
        assert_eq!(pool.nth(11), None);
        for outside in [0, 2, 7, 16, 199, 202] {
            assert_eq!(pool.place(Addr::v4([192, 0, 2, outside])), None);
        }
        let all = AddressPool::new(&[(Addr::v4([0; 4]), Addr::v4([255; 4]))]);
        assert_eq!((all.len(), all.nth((1 << 32) - 1)), (1 << 32, Some(Addr::v4([255; 4]))));
        assert!(AddressPool::new(&[(Addr::v6([0x20; 16]), Addr::v6([0x21; 16]))]).is_empty());
    }

    #[test]
    fn one_to_one_goes_both_ways() {
        let nat = OneToOne::new(pool(&[(1, 2), (9, 9)]), pool(&[(101, 103)])).unwrap();
        for (original, translated) in [(1, 101), (2, 102), (9, 103)] {
            let (original, translated) = (Addr::v4([192, 0, 2, original]), Addr::v4([192, 0, 2, translated]));
            assert_eq!(nat.translate(original), Some(translated));
            assert_eq!(nat.original(translated), Some(original));
            assert_eq!(nat.reverse().translate(translated), Some(original));
            assert_eq!(nat.translate(translated), None);
        }
        assert_eq!(OneToOne::new(pool(&[(1, 2)]), pool(&[(1, 1)])), None);
    }
}
