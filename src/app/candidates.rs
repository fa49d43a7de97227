//! Who may still be the one: the decoders that a session's bytes have not ruled out.

/// The decoders that a session's bytes have not ruled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidates {
    set: [u64; 4],
    /// Which sides' first bytes have been held against the index.
    pub(super) filtered: [bool; 2],
}

impl Candidates {
    pub(super) const NONE: Self = Self { set: [0; 4], filtered: [false; 2] };

    pub(super) fn insert(&mut self, index: usize) {
        if let Some(word) = self.set.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    pub(super) fn remove(&mut self, index: usize) {
        if let Some(word) = self.set.get_mut(index / 64) {
            *word &= !(1 << (index % 64));
        }
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.set.get(index / 64).is_some_and(|word| word & 1 << (index % 64) != 0)
    }

    pub(super) fn keep(&mut self, other: &Self) {
        for (word, other) in self.set.iter_mut().zip(other.set) {
            *word &= other;
        }
    }

    /// Whether every decoder is ruled out.
    pub fn is_empty(&self) -> bool {
        self.set == [0; 4]
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        self.set.into_iter().enumerate().flat_map(|(index, word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    index * 64 + bit
                })
            })
        })
    }
}
