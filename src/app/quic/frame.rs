//! CRYPTO frames (RFC 9000, 19.6), and the stream they carry pieces of, in any order.

use super::packet::varint;
use crate::app::decoder::Reader;

/// Where the stream of a client's Initial packets ends at the latest: a message of 64 kB with its header.
const STREAM_MAX: usize = (1 << 16) + 4;

/// Pieces that are kept: clients cut a hello into dozens to keep middleboxes from guessing.
const PIECES_MAX: usize = 1_024;

/// Frame types that Initial packets may have (RFC 9000, 12.4).
const PADDING: u64 = 0;
const PING: u64 = 1;
const ACK: u64 = 2;
const ACK_ECN: u64 = 3;
const CRYPTO: u64 = 6;

/// Pieces of the stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces(Vec<(usize, Vec<u8>)>);

impl Pieces {
    /// Adds those in a packet's payload, up to the first frame that an Initial packet may not have, or that ends the
    /// connection.
    pub(super) fn add(&mut self, payload: &[u8]) {
        let mut read = Reader(payload);
        while let Some(()) = self.frame(&mut read) {}
    }

    fn frame(&mut self, read: &mut Reader<'_>) -> Option<()> {
        match varint(read)? {
            PADDING | PING => Some(()),
            kind @ (ACK | ACK_ECN) => {
                let (_largest, _delay, ranges, _first) =
                    (varint(read)?, varint(read)?, varint(read)?, varint(read)?);
                // Each takes two bytes at least, so this ends with them.
                for _ in 0..ranges {
                    let (_gap, _len) = (varint(read)?, varint(read)?);
                }
                if kind == ACK_ECN {
                    let (_ect0, _ect1, _ce) = (varint(read)?, varint(read)?, varint(read)?);
                }
                Some(())
            }
            CRYPTO => {
                let offset = usize::try_from(varint(read)?).ok()?;
                let len = usize::try_from(varint(read)?).ok()?;
                let data = read.take(len)?;
                let fits = offset.checked_add(data.len()).is_some_and(|end| end <= STREAM_MAX);
                if fits && !data.is_empty() && self.0.len() < PIECES_MAX {
                    self.0.push((offset, data.to_vec()));
                }
                Some(())
            }
            _ => None,
        }
    }

    /// The stream from its beginning to the first gap.
    pub(super) fn stream(mut self) -> Vec<u8> {
        self.0.sort_by_key(|(offset, _)| *offset);
        let mut stream = Vec::new();
        for (offset, data) in self.0 {
            let Some(known) = stream.len().checked_sub(offset) else { break };
            stream.extend_from_slice(data.get(known..).unwrap_or_default());
        }
        stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (what, payloads, stream) in [
            ("nothing", &[][..], &b""[..]),
            ("one", &[&b"\x06\0\x03abc"[..]], b"abc"),
            ("padded", &[b"\0\0\x01\x06\0\x03abc\0\0"], b"abc"),
            ("after an ACK", &[b"\x02\x05\0\x01\0\x01\x02\x06\0\x03abc"], b"abc"),
            ("after an ACK with ECN", &[b"\x03\x05\0\0\0\x01\x02\x03\x06\0\x03abc"], b"abc"),
            ("in any order", &[b"\x06\x03\x02de\x06\0\x03abc\x06\x05\x01f"], b"abcdef"),
            ("over packets", &[b"\x06\x03\x02de", b"\x06\0\x03abc"], b"abcde"),
            ("again", &[b"\x06\0\x03abc", b"\x06\0\x03abc\x06\x02\x03cde"], b"abcde"),
            ("again, less of it", &[b"\x06\0\x05abcde", b"\x06\x01\x01b"], b"abcde"),
            ("a gap", &[b"\x06\0\x03abc\x06\x04\x01e"], b"abc"),
            ("no beginning", &[b"\x06\x01\x03bcd"], b""),
            ("closed", &[b"\x06\0\x01a\x1c\0\0\0\x06\x01\x01b"], b"a"),
            ("a STREAM frame", &[b"\x08\0\x06\0\x01a"], b""),
            ("cut", &[b"\x06\0\x09abc"], b""),
            ("more ranges than bytes", &[b"\x02\x05\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x06\0\x01a"], b""),
            ("too far", &[b"\x06\x80\x01\x00\x04\x01a\x06\0\x01b"], b"b"),
        ] {
            let mut pieces = Pieces::default();
            payloads.iter().for_each(|payload| pieces.add(payload));
            assert_eq!(pieces.stream(), stream, "{what}");
        }
    }

    #[test]
    fn pieces_are_limited() {
        let mut pieces = Pieces::default();
        for _ in 0..3 {
            pieces.add(&b"\x06\0\x01a".repeat(500));
        }
        assert_eq!(pieces.0.len(), PIECES_MAX);
    }
}
