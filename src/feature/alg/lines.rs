//! Whole lines out of pieces, each with its place in the stream.

use super::text::Part;

/// Lines longer than this are passed over.
const LINE_MAX: usize = 1_024;

/// Cuts the bytes of one side into lines, which end with LF or CRLF.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come.
    held: Vec<u8>,
    /// Where that line begins.
    at: u64,
    /// Whether the line is too long.
    is_passed_over: bool,
}

impl Lines {
    /// Takes the next bytes, which begin at `at`; gives every line that ends in them, without its end.
    pub(super) fn feed(&mut self, mut at: u64, mut bytes: &[u8], mut take: impl FnMut(Part<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            let whole = if self.held.is_empty() {
                self.at = at;
                line
            } else {
                self.held.extend_from_slice(line);
                &self.held
            };
            if !self.is_passed_over && whole.len() <= LINE_MAX {
                take(Part { at: self.at, text: whole.strip_suffix(b"\r").unwrap_or(whole) });
            }
            self.held.clear();
            self.is_passed_over = false;
            at += end as u64 + 1;
            bytes = rest.get(1..).unwrap_or_default();
        }
        if self.is_passed_over || bytes.is_empty() {
            return;
        }
        if self.held.is_empty() {
            self.at = at;
        }
        if self.held.len() + bytes.len() > LINE_MAX {
            // What is held stands for the rest: the line goes on until its end comes.
            self.held.truncate(1);
            self.is_passed_over = true;
        } else {
            self.held.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<(u64, Vec<u8>)> {
        let (mut lines, mut at, mut told) = (Lines::default(), 0, Vec::new());
        for piece in pieces {
            lines.feed(at, piece, |line| told.push((line.at, line.text.to_vec())));
            at += piece.len() as u64;
        }
        told
    }

    #[test]
    fn places() {
        let told = [(0, b"USER a".to_vec()), (8, b"".to_vec()), (9, b"PORT 1".to_vec())];
        assert_eq!(lines(&[b"USER a\r\n\nPORT 1\nrest"]), told);
        assert_eq!(lines(&[b"USER", b" a\r", b"\n\nPO", b"RT 1", b"\n", b"rest"]), told);
        let long = vec![b'x'; LINE_MAX];
        assert_eq!(lines(&[b"x", &long, b"y", b"\nok\n"]), [(LINE_MAX as u64 + 3, b"ok".to_vec())]);
    }

    proptest! {
        #[test]
        fn cuts_make_no_difference(bytes in proptest::collection::vec(0_u8..20, 0..200), cut in 1_usize..50) {
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            prop_assert_eq!(lines(&pieces), lines(&[&bytes]));
        }
    }
}
