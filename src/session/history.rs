//! A session's story in Zeek's letters.

use std::fmt;

/// What happened, in order of first appearance: upper case from the client, lower case from the server.
///
/// `S` SYN, `H` SYN-ACK, `A` a pure ACK, `D` payload, `F` FIN, `R` RST, `T` retransmitted payload. Each letter is
/// noted once per side, as Zeek does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    letters: [u8; 14],
    len: u8,
    seen: [u8; 2],
}

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
        self.push(side, 1 << letter as u8, b"SHADFRT"[letter as usize] | if side == 0 { 0 } else { 0x20 });
    }

    fn push(&mut self, side: usize, bit: u8, letter: u8) {
        let Some(seen) = self.seen.get_mut(side).filter(|seen| **seen & bit == 0) else { return };
        *seen |= bit;
        if let Some(place) = self.letters.get_mut(usize::from(self.len)) {
            *place = letter;
            self.len += 1;
        }
    }
}

impl History {
    /// The letters, in order.
    pub(crate) fn letters(&self) -> &[u8] {
        self.letters.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// A history to print: one that has noted these letters.
    pub(crate) fn from_letters(letters: &[u8]) -> Self {
        let mut history = Self::default();
        for &letter in letters {
            let found = b"SHADFRT".iter().position(|&upper| upper == letter.to_ascii_uppercase());
            let Some(bit) = found else { continue };
            history.push(usize::from(letter.is_ascii_lowercase()), 1 << bit, letter);
        }
        history
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(self.letters()).unwrap_or_default())
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
