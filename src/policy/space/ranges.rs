//! Sets of numbers as ranges.

use std::fmt;
use std::sync::Arc;

/// A set of numbers: inclusive ranges, sorted, none touching the next. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Ranges(Arc<[(u128, u128)]>);

impl Ranges {
    /// Of ranges in any order, which may overlap.
    pub fn new(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.retain(|(low, high)| low <= high);
        ranges.sort_unstable();
        ranges.dedup_by(|next, last| {
            let joins = next.0 <= last.1.saturating_add(1);
            if joins {
                last.1 = last.1.max(next.1);
            }
            joins
        });
        Self(ranges.into())
    }

    /// All numbers from `low` to `high`.
    pub fn span(low: u128, high: u128) -> Self {
        Self::new(vec![(low, high)])
    }

    /// Whether there is no number in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u128, u128)> {
        self.0.iter().copied()
    }

    /// The smallest number.
    pub fn first(&self) -> Option<u128> {
        self.0.first().map(|&(low, _)| low)
    }

    /// The number, if there is only one.
    pub fn single(&self) -> Option<u128> {
        match *self.0 {
            [(low, high)] if low == high => Some(low),
            _ => None,
        }
    }

    /// Whether `value` is in it.
    pub fn contains(&self, value: u128) -> bool {
        self.range_at(value).is_some()
    }

    /// Whether all of `other` is in it.
    pub fn covers(&self, other: &Self) -> bool {
        self.is(other)
            || other.iter().all(|(low, high)| self.range_at(low).is_some_and(|(_, end)| high <= end))
    }

    /// Whether some number is in both.
    pub fn meets(&self, other: &Self) -> bool {
        let (few, many) = if self.0.len() <= other.0.len() { (self, other) } else { (other, self) };
        few.iter().any(|(low, high)| many.from(low).first().is_some_and(|&(start, _)| start <= high))
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if other.covers(self) {
            return self.clone();
        }
        let (few, many) = if self.0.len() <= other.0.len() { (self, other) } else { (other, self) };
        let mut both = Vec::new();
        for (low, high) in few.iter() {
            let inside = many.from(low).iter().take_while(|&&(start, _)| start <= high);
            both.extend(inside.map(|&(start, end)| (start.max(low), end.min(high))));
        }
        Self(both.into())
    }

    /// What is in this one and not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        for (low, high) in self.iter() {
            // What of the range is still to be looked at; `None` after its end.
            let mut next = Some(low);
            for &(start, end) in other.from(low).iter().take_while(|&&(start, _)| start <= high) {
                let Some(from) = next else { break };
                if from < start {
                    rest.push((from, start - 1));
                }
                next = end.checked_add(1).filter(|&next| next <= high);
            }
            rest.extend(next.map(|from| (from, high)));
        }
        Self(rest.into())
    }

    /// The range that holds `value`.
    fn range_at(&self, value: u128) -> Option<(u128, u128)> {
        self.from(value).first().copied().filter(|&(low, _)| low <= value)
    }

    /// The ranges that do not end before `value`.
    fn from(&self, value: u128) -> &[(u128, u128)] {
        let first = self.0.partition_point(|&(_, high)| high < value);
        self.0.get(first..).unwrap_or_default()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Numbers near both ends, so that ends meet.
    const SMALL: [u128; 12] =
        [0, 1, 2, 3, 4, 5, 6, u128::MAX - 4, u128::MAX - 3, u128::MAX - 2, u128::MAX - 1, u128::MAX];

    fn any_ranges() -> impl Strategy<Value = Ranges> {
        let ends = (0..SMALL.len(), 0..SMALL.len());
        vec(ends.prop_map(|(low, high)| (SMALL[low], SMALL[high])), 0..5).prop_map(Ranges::new)
    }

    proptest! {
        #[test]
        fn operations_are_those_of_sets(a in any_ranges(), b in any_ranges()) {
            let (both, rest) = (a.intersection(&b), a.difference(&b));
            for value in SMALL {
                let (in_a, in_b) = (a.contains(value), b.contains(value));
                prop_assert_eq!(both.contains(value), in_a && in_b);
                prop_assert_eq!(rest.contains(value), in_a && !in_b);
            }
            prop_assert_eq!(a.meets(&b), !both.is_empty());
            prop_assert_eq!(b.covers(&a), rest.is_empty());
            for result in [both, rest] {
                prop_assert_eq!(&Ranges::new(result.iter().collect()), &result);
            }
        }
    }
}
