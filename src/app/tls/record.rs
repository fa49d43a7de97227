//! Handshake messages out of records (RFC 8446, 5.1; RFC 5246, 6.2.1): several in one, or one over several.

use std::borrow::Cow;

use crate::app::decoder::Reader;

/// The longest handshake message that is read. OpenSSL takes no certificates beyond 100 kB, no hello beyond 128 kB;
/// those of real servers and clients are far shorter.
pub(super) const MESSAGE_MAX: usize = 1 << 16;

/// A handshake message, as much of it as has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct Message<'a> {
    /// Its type (RFC 8446, 4; RFC 5246, 7.4).
    pub(in crate::app) kind: u8,
    /// How long its body will be.
    pub(in crate::app) len: usize,
    /// Its body.
    pub(in crate::app) body: Cow<'a, [u8]>,
    /// What keeps it from being longer, where it is not complete.
    pub(in crate::app) stop: Stop,
}

impl Message<'_> {
    pub(in crate::app) fn is_complete(&self) -> bool {
        self.body.len() == self.len
    }
}

/// Why there is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Stop {
    /// More bytes are needed.
    More,
    /// Handshake messages in the clear are over: what follows is encrypted, or an alert ends it all.
    Over,
    /// These are no records.
    Malformed,
}

/// Reads the messages of one side.
#[derive(Debug, Clone)]
pub(in crate::app) struct Messages<'a> {
    records: Reader<'a>,
    /// What is left of the current handshake record.
    content: &'a [u8],
}

impl<'a> Messages<'a> {
    pub(in crate::app) fn new(bytes: &'a [u8]) -> Self {
        Self { records: Reader(bytes), content: &[] }
    }

    /// The next message; its body is cut where its records end. It is borrowed unless it spans records.
    pub(in crate::app) fn next(&mut self) -> Result<Message<'a>, Stop> {
        let mut header = [0; 4];
        for byte in &mut header {
            *byte = self.byte()?;
        }
        let [kind, a, b, c] = header;
        let len = u32::from_be_bytes([0, a, b, c]) as usize;
        if len > MESSAGE_MAX {
            return Err(Stop::Malformed);
        }
        let mut body = Cow::Borrowed(&[][..]);
        let mut stop = Stop::More;
        while body.len() < len {
            if self.content.is_empty()
                && let Err(why) = self.record()
            {
                stop = why;
                break;
            }
            let want = (len - body.len()).min(self.content.len());
            let (piece, rest) = self.content.split_at(want);
            self.content = rest;
            if body.is_empty() {
                body = Cow::Borrowed(piece);
            } else {
                body.to_mut().extend_from_slice(piece);
            }
        }
        Ok(Message { kind, len, body, stop })
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        loop {
            if let Some((byte, rest)) = self.content.split_first() {
                self.content = rest;
                return Ok(*byte);
            }
            self.record()?;
        }
    }

    /// Goes on to the next handshake record that has content, over warnings.
    fn record(&mut self) -> Result<(), Stop> {
        loop {
            let mut read = self.records;
            let kind = read.u8().ok_or(Stop::More)?;
            if !(0x14..=0x17).contains(&kind) {
                return Err(Stop::Malformed);
            }
            if read.u8().ok_or(Stop::More)? != 3 {
                return Err(Stop::Malformed);
            }
            let _minor = read.u8().ok_or(Stop::More)?;
            let len = usize::from(read.u16().ok_or(Stop::More)?);
            // At most 2^14 bytes and what ciphers add; an empty handshake record is not allowed.
            if len == 0 || len > 0x4000 + 2_048 {
                return Err(Stop::Malformed);
            }
            match kind {
                0x16 => {
                    let (content, rest) = read.0.split_at_checked(len).unwrap_or((read.0, &[]));
                    if content.is_empty() {
                        return Err(Stop::More);
                    }
                    (self.content, self.records) = (content, Reader(rest));
                    return Ok(());
                }
                // A warning (RFC 5246, 7.2), such as a server's that it does not know the name, ends nothing.
                0x15 if len == 2 => match read.array() {
                    None => return Err(Stop::More),
                    Some([1, description]) if description != 0 => self.records = read,
                    Some(_) => return Err(Stop::Over),
                },
                _ => return Err(Stop::Over),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> (Vec<(u8, Vec<u8>)>, Stop) {
        let mut messages = Messages::new(bytes);
        let mut list = Vec::new();
        loop {
            match messages.next() {
                Ok(message) if !message.is_complete() => return (list, message.stop),
                Ok(message) => list.push((message.kind, message.body.to_vec())),
                Err(stop) => return (list, stop),
            }
        }
    }

    #[test]
    fn table() {
        for (what, bytes, messages, stop) in [
            ("nothing", &b""[..], &[][..], Stop::More),
            ("one", b"\x16\x03\x03\0\x06\x02\0\0\x02ab", &[(2, &b"ab"[..])], Stop::More),
            (
                "two in one record",
                b"\x16\x03\x03\0\x0a\x02\0\0\x02ab\x0e\0\0\0",
                &[(2, b"ab"), (14, b"")],
                Stop::More,
            ),
            (
                "one over two",
                b"\x16\x03\x03\0\x05\x02\0\0\x02a\x16\x03\x03\0\x01b",
                &[(2, b"ab")],
                Stop::More,
            ),
            (
                "its header, too",
                b"\x16\x03\x03\0\x02\x02\0\x16\x03\x03\0\x04\0\x02ab",
                &[(2, b"ab")],
                Stop::More,
            ),
            (
                "a warning between",
                b"\x15\x03\x03\0\x02\x01\x70\x16\x03\x03\0\x04\x0e\0\0\0",
                &[(14, b"")],
                Stop::More,
            ),
            ("a fatal alert", b"\x15\x03\x03\0\x02\x02\x28\x16\x03\x03\0\x04\x0e\0\0\0", &[], Stop::Over),
            ("the end", b"\x15\x03\x03\0\x02\x01\0\x16\x03\x03\0\x04\x0e\0\0\0", &[], Stop::Over),
            (
                "ciphers change",
                b"\x16\x03\x03\0\x04\x0e\0\0\0\x14\x03\x03\0\x01\x01",
                &[(14, b"")],
                Stop::Over,
            ),
            ("application data", b"\x17\x03\x03\0\x01x", &[], Stop::Over),
            ("an empty record", b"\x16\x03\x03\0\0\x16\x03\x03\0\x04\x0e\0\0\0", &[], Stop::Malformed),
            ("a record too long", b"\x16\x03\x03\xff\xff", &[], Stop::Malformed),
            ("a message too long", b"\x16\x03\x03\0\x04\x0b\x01\0\x01", &[], Stop::Malformed),
            ("junk in a message", b"\x16\x03\x03\0\x05\x0b\0\0\x02a\0\x03", &[], Stop::Malformed),
            ("no TLS", b"HTTP/1.1", &[], Stop::Malformed),
            ("DTLS", b"\x16\xfe\xfd\0\0", &[], Stop::Malformed),
        ] {
            let messages: Vec<_> = messages.iter().map(|(kind, body)| (*kind, body.to_vec())).collect();
            assert_eq!(all(bytes), (messages, stop), "{what}");
        }
    }
}
