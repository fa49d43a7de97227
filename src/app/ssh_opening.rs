//! What a side of SSH opens with, in the clear: its identification and its key exchange (RFC 4253, 4.2 and 7.1).

use super::decoder::Reader;

/// The longest identification (RFC 4253, 4.2).
const LINE_MAX: usize = 255;

/// Lines that a server may send before it (RFC 4253, 4.2); more are not looked at.
const LINES_MAX: usize = 64;

/// The message that begins a key exchange.
const KEXINIT: u8 = 20;

/// What a side has shown so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opening<'a> {
    /// The version of the protocol, e.g. `2.0`.
    pub version: Option<&'a [u8]>,
    /// The names of algorithms, separated by commas: key exchange, host keys, encryption to and from the server, MAC to
    /// and from it, compression to and from it.
    pub lists: Option<[&'a [u8]; 8]>,
}

impl<'a> Opening<'a> {
    /// From the bytes of one side. More bytes only add to it.
    pub fn read(bytes: &'a [u8]) -> Self {
        let Some((version, rest)) = identification(bytes) else { return Self::default() };
        Self { version: Some(version), lists: lists(rest) }
    }

    /// How much of it there is, from 0 to 2.
    pub const fn len(&self) -> usize {
        self.version.is_some() as usize + self.lists.is_some() as usize
    }

    /// Whether there is nothing.
    pub const fn is_empty(&self) -> bool {
        self.version.is_none()
    }
}

/// The version in the identification, and what follows.
fn identification(mut bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    for _ in 0..LINES_MAX {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
        if let Some(named) = line.strip_prefix(b"SSH-").filter(|_| end < LINE_MAX) {
            let end = named.iter().position(|byte| *byte == b'-')?;
            return Some((named.get(..end)?, rest));
        }
        bytes = rest;
    }
    None
}

/// The lists of a key exchange, which a binary packet holds (RFC 4253, 6).
fn lists(bytes: &[u8]) -> Option<[&[u8]; 8]> {
    let mut packet = Reader(bytes);
    let len = packet.u32()?;
    let mut read = Reader(packet.take(len as usize)?);
    read.u8()?; // length of the padding
    if read.u8()? != KEXINIT {
        return None;
    }
    read.take(16)?; // cookie
    let mut lists = [&[][..]; 8];
    for list in &mut lists {
        let len = read.u32()?;
        *list = read.take(len as usize)?;
    }
    Some(lists)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exchange(names: &str) -> Vec<u8> {
        let mut message = vec![4, KEXINIT];
        message.extend([9; 16]);
        for _ in 0..10 {
            message.extend(u32::try_from(names.len()).unwrap().to_be_bytes());
            message.extend(names.as_bytes());
        }
        message.extend([0; 5 + 4]);
        [&u32::try_from(message.len()).unwrap().to_be_bytes()[..], &message].concat()
    }

    #[test]
    fn what_sides_open_with() {
        let lists = Some([&b"a,b"[..]; 8]);
        let exchange = exchange("a,b");
        for (what, line, version) in [
            ("version 2", &b"SSH-2.0-OpenSSH_9.2p1\r\n"[..], Some(&b"2.0"[..])),
            ("a line before", b"Hello.\r\nSSH-1.99-x\n", Some(b"1.99")),
            ("old", b"SSH-1.5-x\n", Some(b"1.5")),
            ("nothing", b"", None),
            ("half", b"SSH-2.0-Op", None),
            ("other", b"220 ftp.example\r\n", None),
        ] {
            assert_eq!(Opening::read(line), Opening { version, lists: None }, "{what}");
            if version.is_some() {
                let bytes = [line, &exchange].concat();
                assert_eq!(Opening::read(&bytes), Opening { version, lists }, "{what}");
                assert_eq!(Opening::read(&bytes[..bytes.len() - 1]).len(), 1, "{what}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            Opening::read(&[b"SSH-2.0-\n", &bytes[..]].concat());
        }
    }
}
