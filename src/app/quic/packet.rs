//! The Initial packets in a datagram: long headers (RFC 9000, 17.2; RFC 9369, 3.2) and coalesced packets (12.2).

use super::keys::Version;
use crate::app::decoder::Reader;

/// The longest connection id (RFC 9000, 17.2).
const ID_MAX: u8 = 20;

/// Packets that are looked at in a datagram: an endpoint coalesces one of each kind, four at most.
const COALESCED_MAX: usize = 8;

/// An Initial packet, still protected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Initial<'a> {
    pub(super) version: &'static Version,
    /// The destination connection id.
    pub(super) destination: &'a [u8],
    /// All of the packet.
    pub(super) bytes: &'a [u8],
    /// Where its packet number begins.
    pub(super) number_at: usize,
}

/// Types of long-header packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Initial,
    Retry,
    Other,
}

impl Kind {
    const fn of(first: u8, version: &Version) -> Self {
        // In version 2 Retry is 0 and each other type one more.
        match (first >> 4 & 3, version.is_2) {
            (0, false) | (1, true) => Self::Initial,
            (3, false) | (0, true) => Self::Retry,
            _ => Self::Other,
        }
    }
}

/// The Initial packets in a datagram, of versions whose keys are known.
pub(super) fn initials(datagram: &[u8]) -> impl Iterator<Item = Initial<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let (packet, after) = one(rest)?;
        rest = after;
        Some(packet)
    })
    .take(COALESCED_MAX)
    .flatten()
}

/// The first packet, if it is an Initial one, and what follows it; `None` where no other packet can follow.
fn one(bytes: &[u8]) -> Option<(Option<Initial<'_>>, &[u8])> {
    let mut read = Reader(bytes);
    let first = read.u8().filter(|first| first & 0x80 != 0)?;
    let version = Version::of(read.u32()?)?;
    let destination = read.u8().filter(|len| *len <= ID_MAX)?;
    let destination = read.take(destination.into())?;
    let source = read.u8().filter(|len| *len <= ID_MAX)?;
    read.take(source.into())?;
    let kind = Kind::of(first, version);
    match kind {
        Kind::Initial => {
            let token = varint(&mut read)?;
            read.take(usize::try_from(token).ok()?)?;
        }
        Kind::Retry => return None,
        Kind::Other => {}
    }
    let len = usize::try_from(varint(&mut read)?).ok()?;
    let number_at = bytes.len() - read.0.len();
    read.take(len)?;
    let packet = bytes.get(..bytes.len() - read.0.len())?;
    let initial =
        (kind == Kind::Initial).then_some(Initial { version, destination, bytes: packet, number_at });
    Some((initial, read.0))
}

/// A variable-length integer (RFC 9000, 16).
pub(super) fn varint(read: &mut Reader<'_>) -> Option<u64> {
    let first = read.u8()?;
    let more = (1_usize << (first >> 6)) - 1;
    let rest = read.take(more)?;
    Some(rest.iter().fold(u64::from(first & 0x3f), |sum, byte| sum << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9000, A.1.
    #[test]
    fn integers() {
        for (bytes, value) in [
            (&b"\xc2\x19\x7c\x5e\xff\x14\xe8\x8c"[..], Some(151_288_809_941_952_652)),
            (b"\x9d\x7f\x3e\x7d", Some(494_878_333)),
            (b"\x7b\xbd", Some(15_293)),
            (b"\x25", Some(37)),
            (b"\x40\x25", Some(37)),
            (b"\x9d\x7f\x3e", None),
            (b"", None),
        ] {
            assert_eq!(varint(&mut Reader(bytes)), value, "{bytes:x?}");
        }
    }

    #[test]
    fn packets_in_datagrams() {
        let initial = b"\xc3\0\0\0\x01\x02ab\x01c\x03tok\x0512345";
        let zero_rtt = b"\xd3\0\0\0\x01\x02ab\x01c\x0254";
        let handshake = b"\xe3\0\0\0\x01\x02ab\x01c\x0254";
        let initial_2 = b"\xd3\x6b\x33\x43\xcf\x02ab\x01c\0\x0512345";
        let retry = b"\xf3\0\0\0\x01\x02ab\x01ctoken-and-tag";
        let short = b"\x43ab12345678";
        let unknown = b"\xc3\0\0\0\x07\x02ab\x01c\0\x0512345";
        let cut = &initial[..initial.len() - 1];
        let cases: [(&str, &[&[u8]], usize); 9] = [
            ("one", &[initial], 1),
            ("version 2", &[initial_2], 1),
            ("after others", &[zero_rtt, handshake, initial, initial], 2),
            ("before a short header", &[initial, short, initial], 1),
            ("nothing follows a Retry", &[retry, initial], 0),
            ("an unknown version", &[unknown, initial], 0),
            ("cut", &[cut], 0),
            ("type 0 is Retry in version 2", &[b"\xc3", &initial_2[1..]], 0),
            ("an id too long", &[b"\xc3\0\0\0\x01\x15abcdefghijklmnopqrstu\0\0\x0512345"], 0),
        ];
        for (what, parts, count) in cases {
            let datagram = parts.concat();
            assert_eq!(initials(&datagram).count(), count, "{what}");
            for initial in initials(&datagram) {
                assert_eq!(initial.destination, b"ab", "{what}");
                assert_eq!(&initial.bytes[initial.number_at..], b"12345", "{what}");
            }
        }
    }
}
