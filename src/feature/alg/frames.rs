//! Whole messages that say their length in front, out of pieces, each with its place in the stream.

/// Messages longer than this are passed over.
const MESSAGE_MAX: usize = 4_096;

/// Cuts the bytes of one side into messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Frames {
    /// The beginning of a message whose end has not come.
    held: Vec<u8>,
    /// How many bytes that message has; 0 before its header is whole.
    len: usize,
    /// Bytes that are still to come of a message that is too long.
    passed_over: u64,
    /// The bytes are not what they should be: nothing more is read.
    is_lost: bool,
}

/// A message, with its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// Where it begins, counted as [`super::Said::at`].
    pub(super) at: u64,
    pub(super) bytes: &'a [u8],
}

impl Frames {
    /// Takes the next bytes, which begin at `at`; gives every message that ends in them.
    ///
    /// `len` tells of the first `header` bytes how many the whole message has; `None` where they are no header, and
    /// then the side is not read any more.
    pub(super) fn feed(
        &mut self,
        at: u64,
        bytes: &[u8],
        header: usize,
        len: impl Fn(&[u8]) -> Option<u64>,
        mut take: impl FnMut(Message<'_>),
    ) {
        let (mut at, mut bytes) = (at, bytes);
        while !bytes.is_empty() && !self.is_lost {
            if self.passed_over > 0 {
                let count = usize::try_from(self.passed_over).unwrap_or(usize::MAX).min(bytes.len());
                bytes = bytes.get(count..).unwrap_or_default();
                (at, self.passed_over) = (at + count as u64, self.passed_over - count as u64);
                continue;
            }
            let wanted = self.len.max(header) - self.held.len();
            let (now, rest) = bytes.split_at(wanted.min(bytes.len()));
            self.held.extend_from_slice(now);
            (at, bytes) = (at + now.len() as u64, rest);
            if self.len == 0 && self.held.len() == header {
                self.begin(len(&self.held));
            }
            if self.len > 0 && self.held.len() == self.len {
                take(Message { at: at - self.len as u64, bytes: &self.held });
                self.held.clear();
                self.len = 0;
            }
        }
    }

    /// The header is whole.
    fn begin(&mut self, len: Option<u64>) {
        let header = self.held.len();
        match len {
            Some(len) if len < header as u64 => self.is_lost = true,
            Some(len) if len > MESSAGE_MAX as u64 => self.passed_over = len - header as u64,
            Some(len) => self.len = usize::try_from(len).unwrap_or(MESSAGE_MAX),
            None => self.is_lost = true,
        }
        if self.len == 0 {
            self.held = Vec::new();
        }
    }
}

/// The bytes at a place, as many as the array has.
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn messages(pieces: &[&[u8]]) -> Vec<(u64, Vec<u8>)> {
        let (mut frames, mut at, mut told) = (Frames::default(), 0, Vec::new());
        let len =
            |header: &[u8]| array(header, 0).map(u16::from_be_bytes).map(u64::from).filter(|len| *len != 999);
        for piece in pieces {
            frames.feed(at, piece, 2, len, |message| told.push((message.at, message.bytes.to_vec())));
            at += piece.len() as u64;
        }
        told
    }

    #[test]
    fn places() {
        let told = [(0, b"\0\x03a".to_vec()), (3, b"\0\x02".to_vec()), (5, b"\0\x04bc".to_vec())];
        assert_eq!(messages(&[b"\0\x03a\0\x02\0\x04bc\0"]), told);
        assert_eq!(messages(&[b"\0", b"\x03a\0\x02\0\x04b", b"c\0"]), told);
        // Too long, shorter than its header, no header.
        let long = [&[0x10, 0x01][..], &[0; 4_095], b"\0\x03a"].concat();
        assert_eq!(messages(&[&long]), [(4_097, b"\0\x03a".to_vec())]);
        assert_eq!(messages(&[b"\0\x01\0\x03a"]), []);
        assert_eq!(messages(&[b"\x03\xe7\0\x03a"]), []);
    }

    proptest! {
        #[test]
        fn cuts_make_no_difference(bytes in proptest::collection::vec(0_u8..6, 0..200), cut in 1_usize..50) {
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            prop_assert_eq!(messages(&pieces), messages(&[&bytes]));
        }
    }
}
