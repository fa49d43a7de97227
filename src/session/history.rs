//! A session's story in Zeek's letters.

use std::fmt;

/// What happened, in order of first appearance: upper case from the client, lower case from the server.
///
/// `S` SYN, `H` SYN-ACK, `A` a pure ACK, `D` payload, `F` FIN, `R` RST, `T` retransmitted payload. Each letter is
/// noted once per side, as Zeek does.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// How many letters there are, in four bits, then the letters, in four bits each: at most fourteen.
    packed: u64,
}

/// The letters from the client, in the order of [`Letter`].
const LETTERS: [u8; 7] = *b"SHADFRT";

/// One letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter {
    Syn,
    SynAck,
    Ack,
    Data,
    Fin,
    Rst,
    Retransmission,
}

impl History {
    /// Notes a letter from `side` (0 client, 1 server).
    pub(crate) fn note(&mut self, side: usize, letter: Letter) {
        let code = (letter as u64) << 1 | (side as u64 & 1);
        if self.codes().any(|noted| noted == code) {
            return;
        }
        let len = self.packed & 15;
        self.packed = (self.packed + 1) | code << (4 + 4 * len);
    }

    /// The letters, in order.
    pub(crate) fn letters(&self) -> impl Iterator<Item = u8> {
        self.codes().filter_map(|code| {
            let letter = *LETTERS.get(usize::try_from(code >> 1).ok()?)?;
            Some(if code & 1 == 0 { letter } else { letter.to_ascii_lowercase() })
        })
    }

    /// All of it in one number.
    pub(crate) const fn bits(self) -> u64 {
        self.packed
    }

    /// What [`History::bits`] gave.
    pub(crate) const fn from_bits(packed: u64) -> Self {
        Self { packed }
    }

    fn codes(self) -> impl Iterator<Item = u64> {
        (0..self.packed & 15).map(move |place| self.packed >> (4 + 4 * place) & 15)
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters: String = self.letters().map(char::from).collect();
        f.pad(&letters)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "History({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_once_per_side() {
        let mut history = History::default();
        for _ in 0..3 {
            for side in [0, 1] {
                for letter in [
                    Letter::Syn,
                    Letter::SynAck,
                    Letter::Ack,
                    Letter::Data,
                    Letter::Fin,
                    Letter::Rst,
                    Letter::Retransmission,
                ] {
                    history.note(side, letter);
                }
            }
        }
        assert_eq!(history.to_string(), "SHADFRTshadfrt");
    }
}
