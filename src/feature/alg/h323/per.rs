//! Aligned PER (X.691), as far as H.225.0 and H.245 need it: what is read or passed over, with its place.
//!
//! Every function gives `None` where the bytes end or say what is not known here; nothing of the value is read then.
//! Fragments (lengths from 16 KiB on) are not known. No value holds itself, so that depth is bounded by the code.

/// Reads one value bit by bit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Per<'a> {
    bytes: &'a [u8],
    /// Where the bytes begin, counted as [`super::Said::at`].
    at: u64,
    /// How many bits are read.
    bit: usize,
}

/// What a SEQUENCE says of itself in front: which of its optional components are there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence {
    is_extended: bool,
    optional: u32,
    left: u32,
}

/// Which alternative of a CHOICE it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Choice<'a> {
    /// One of those before the extension marker, whose value follows.
    Root(u32),
    /// One of those after it, with its value.
    Added(u32, Per<'a>),
}

impl<'a> Per<'a> {
    /// Reads `bytes`, which begin at `at`.
    pub(super) fn new(at: u64, bytes: &'a [u8]) -> Self {
        Self { bytes, at, bit: 0 }
    }

    /// The next bits, at most 32.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = *self.bytes.get(self.bit / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.bit % 8) & 1);
            self.bit += 1;
        }
        Some(value)
    }

    /// A BOOLEAN.
    pub(super) fn boolean(&mut self) -> Option<bool> {
        self.bits(1).map(|bit| bit == 1)
    }

    /// Bytes that begin on the next whole one, with their place.
    pub(super) fn octets(&mut self, count: usize) -> Option<(u64, &'a [u8])> {
        let start = self.bit.div_ceil(8);
        let octets = self.bytes.get(start..)?.get(..count)?;
        self.bit = (start + count) * 8;
        Some((self.at + start as u64, octets))
    }

    /// A whole number that has `range` values, as its distance from the least (X.691, 10.5.7).
    pub(super) fn number(&mut self, range: u64) -> Option<u32> {
        match range {
            0..=255 => self.bits(range.saturating_sub(1).checked_ilog2().map_or(0, |log| log + 1)),
            256 => self.big_endian(1),
            257..=0x1_0000 => self.big_endian(2),
            _ => {
                let most = u64::from((range - 1).ilog2() / 8 + 1);
                let count = self.number(most)? as usize + 1;
                self.big_endian(count)
            }
        }
    }

    fn big_endian(&mut self, count: usize) -> Option<u32> {
        let (_, octets) = self.octets(count)?;
        (count <= 4).then(|| octets.iter().fold(0, |value, octet| value << 8 | u32::from(*octet)))
    }

    /// How many of something follow (X.691, 10.9.3.5 to 10.9.3.7).
    pub(super) fn length(&mut self) -> Option<usize> {
        let first = self.big_endian(1)? as usize;
        match first {
            0..=0x7f => Some(first),
            0x80..=0xbf => Some((first & 0x3f) << 8 | self.big_endian(1)? as usize),
            _ => None,
        }
    }

    /// A small number that is seldom more than 63 (X.691, 10.6).
    fn small(&mut self) -> Option<u32> {
        (!self.boolean()?).then_some(())?;
        self.bits(6)
    }

    /// An OCTET STRING of any length, an OBJECT IDENTIFIER, or an open type: something that has its length in front.
    pub(super) fn open(&mut self) -> Option<Self> {
        let count = self.length()?;
        let (at, bytes) = self.octets(count)?;
        Some(Self { bytes, at, bit: 0 })
    }

    /// All bytes of the value.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What comes after a value that is whole: another one, from the next whole byte on.
    pub(super) fn rest(&self) -> Option<Self> {
        let start = self.bit.div_ceil(8).max(1);
        let bytes = self.bytes.get(start..).filter(|bytes| !bytes.is_empty())?;
        Some(Self { bytes, at: self.at + start as u64, bit: 0 })
    }

    /// The beginning of a SEQUENCE with an extension marker and so many optional components before it.
    pub(super) fn sequence(&mut self, optional: u32) -> Option<Sequence> {
        Some(Sequence { is_extended: self.boolean()?, ..self.closed(optional)? })
    }

    /// The beginning of a SEQUENCE without an extension marker.
    pub(super) fn closed(&mut self, optional: u32) -> Option<Sequence> {
        Some(Sequence { is_extended: false, optional: self.bits(optional)?, left: optional })
    }

    /// The end of a SEQUENCE: takes every component after the extension marker, with its number (X.691, 18.7 to 18.9).
    pub(super) fn additions(&mut self, of: Sequence, mut take: impl FnMut(u32, Self)) -> Option<()> {
        if !of.is_extended {
            return Some(());
        }
        let count = self.small()? + 1;
        let mut present = [false; 64];
        for one in present.iter_mut().take(count as usize) {
            *one = self.boolean()?;
        }
        for (number, _) in (0_u32..).zip(present).filter(|(_, is_present)| *is_present) {
            take(number, self.open()?);
        }
        Some(())
    }

    /// The end of a SEQUENCE, of which nothing after the extension marker matters.
    pub(super) fn end(&mut self, of: Sequence) -> Option<()> {
        self.additions(of, |_, _| ())
    }

    /// A CHOICE with an extension marker and so many alternatives before it (X.691, 22).
    pub(super) fn choice(&mut self, root: u64) -> Option<Choice<'a>> {
        if self.boolean()? {
            let number = self.small()?;
            return Some(Choice::Added(number, self.open()?));
        }
        self.number(root).map(Choice::Root)
    }

    /// A SEQUENCE OF, whose every element `one` reads.
    pub(super) fn each(&mut self, mut one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        (0..self.length()?).try_for_each(|_| one(self))
    }
}

impl Sequence {
    /// Whether the next of its optional components is there.
    pub(super) fn has(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.optional >> self.left & 1 == 1
    }
}
