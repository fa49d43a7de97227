//! Lines and their words, piece by piece as they come: nothing is kept but where in a line one is.

/// Cuts bytes into lines. A line ends with LF or CRLF, which are not part of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines {
    /// The last byte was CR, which ends the line if LF follows and is a part of it otherwise.
    held: bool,
    /// Whether the line has begun.
    begun: bool,
}

/// A part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'b> {
    /// Its first bytes.
    First(&'b [u8]),
    /// More bytes.
    More(&'b [u8]),
    /// Its end. Whether anything was before it.
    End(bool),
}

impl Lines {
    /// The next part, taken off the front of `bytes`; `None` once these are used up.
    pub(super) fn next<'b>(&mut self, bytes: &mut &'b [u8]) -> Option<Part<'b>> {
        let (&first, rest) = bytes.split_first()?;
        if std::mem::take(&mut self.held) && first != b'\n' {
            return Some(self.part(b"\r"));
        }
        if first == b'\n' {
            *bytes = rest;
            return Some(Part::End(std::mem::take(&mut self.begun)));
        }
        let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
        let (line, after) = bytes.split_at_checked(end)?;
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        // What is behind the CR, if there is one, is LF or not yet known.
        self.held = text.len() < line.len();
        *bytes = after;
        if text.is_empty() { self.next(bytes) } else { Some(self.part(text)) }
    }

    /// Whether a line has begun and not ended.
    pub(super) const fn is_inside(&self) -> bool {
        self.begun || self.held
    }

    const fn part<'b>(&mut self, text: &'b [u8]) -> Part<'b> {
        if self.begun {
            Part::More(text)
        } else {
            self.begun = true;
            Part::First(text)
        }
    }
}

/// The first bytes of something that comes in pieces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Default for Start<N> {
    fn default() -> Self {
        Self { bytes: [0; N], len: 0 }
    }
}

impl<const N: usize> Start<N> {
    /// Adds bytes, as far as there is room.
    pub(super) fn add(&mut self, more: &[u8]) {
        let room = self.bytes.get_mut(self.len.min(N)..).unwrap_or_default();
        for (slot, byte) in room.iter_mut().zip(more) {
            *slot = *byte;
        }
        self.len = self.len.saturating_add(more.len());
    }

    /// Takes bytes off the front of `bytes` until it is full; whether it is.
    pub(super) fn fill(&mut self, bytes: &mut &[u8]) -> bool {
        let (taken, rest) = bytes.split_at(bytes.len().min(N.saturating_sub(self.len)));
        self.add(taken);
        *bytes = rest;
        self.len >= N
    }

    /// What there is of it.
    pub(super) fn get(&self) -> &[u8] {
        self.bytes.get(..self.len.min(N)).unwrap_or_default()
    }

    /// Whether it is all there was, and is this word in any case of letters.
    pub(super) fn is(&self, word: &str) -> bool {
        self.len == word.len() && self.get().eq_ignore_ascii_case(word.as_bytes())
    }

    /// How long all of it was.
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}

/// A command and its arguments, after so many words that stand before it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Command<const BEFORE: usize> {
    /// The command, or as much of it as names one.
    pub(super) word: Start<12>,
    /// The word one is in, counted from 0, and whether it has begun.
    index: usize,
    begun: bool,
}

impl<const BEFORE: usize> Command<BEFORE> {
    /// Takes a piece of the line; gives what of it belongs to the arguments, from the first word of these on.
    pub(super) fn take<'b>(&mut self, mut piece: &'b [u8]) -> &'b [u8] {
        while self.index <= BEFORE || !self.begun {
            let Some((&byte, rest)) = piece.split_first() else { break };
            match byte {
                b' ' | b'\t' if self.begun => (self.index, self.begun) = (self.index + 1, false),
                b' ' | b'\t' => {}
                _ if self.index > BEFORE => {
                    self.begun = true;
                    break;
                }
                _ => {
                    self.begun = true;
                    if self.index == BEFORE {
                        self.word.add(&[byte]);
                    }
                }
            }
            piece = rest;
        }
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `pieces`, with the end of each.
    fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut lines, mut all) = (Lines::default(), vec![Vec::new()]);
        for piece in pieces {
            let mut rest = *piece;
            while let Some(part) = lines.next(&mut rest) {
                match part {
                    Part::First(text) => {
                        assert!(all.last().unwrap().is_empty());
                        all.last_mut().unwrap().extend(text);
                    }
                    Part::More(text) => all.last_mut().unwrap().extend(text),
                    Part::End(begun) => {
                        assert_eq!(begun, !all.last().unwrap().is_empty());
                        all.push(Vec::new());
                    }
                }
            }
        }
        all
    }

    #[test]
    fn line_ends() {
        for (text, expected) in [
            (&b"a\r\nb\nc"[..], &[&b"a"[..], b"b", b"c"][..]),
            (b"a\rb\r\r\n\r\n\n", &[b"a\rb\r", b"", b"", b""]),
            (b"\r\n\rx\r\n", &[b"", b"\rx", b""]),
            (b"", &[b""]),
        ] {
            assert_eq!(lines(&[text]), expected, "{text:?}");
            let bytes: Vec<&[u8]> = text.chunks(1).collect();
            assert_eq!(lines(&bytes), expected, "{text:?}, a byte at a time");
        }
    }

    #[test]
    fn commands() {
        for (line, word, arguments) in [
            ("MAIL FROM:<a@b>  SIZE=1 ", "mail", "FROM:<a@b>  SIZE=1 "),
            ("  quit", "QUIT", ""),
            ("NOOP  ", "noop", ""),
            ("", "", ""),
        ] {
            let (mut command, mut found) = (Command::<0>::default(), Vec::<u8>::new());
            for piece in line.as_bytes().chunks(3) {
                found.extend(command.take(piece));
            }
            assert!(command.word.is(word), "{line}");
            assert_eq!(found, arguments.as_bytes(), "{line}");
        }
        let mut tagged = Command::<1>::default();
        assert_eq!(tagged.take(b"a1 LOGIN user word"), b"user word");
        assert!(tagged.word.is("LOGIN"));
        let mut long = Command::<0>::default();
        assert_eq!(long.take(b"abcdefghijklmnop q"), b"q");
        assert!(!long.word.is("abcdefghijkl"), "it goes on");
    }
}
