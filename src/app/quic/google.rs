//! Google's QUIC before it took over TLS: the hello is a tagged message, CHLO, and in the clear up to Q046 (QUIC Crypto,
//! Langley and Chang, 2016; QUIC Wire Layout Specification, 2016).

use crate::app::decoder::Reader;

/// Where a CHLO begins at the latest, after the header: the hash over the packet takes 12 bytes, the header of the
/// stream frame at most 16, and a frame or two may come before it.
const BEFORE_MAX: usize = 64;

/// Tags: at most so many are allowed in a message.
const TAGS_MAX: u16 = 128;

/// The server name in the CHLO of a client's datagram in the clear.
pub(super) fn server_name(datagram: &[u8]) -> Option<&[u8]> {
    let mut read = Reader(datagram);
    match datagram {
        // Public header: flags (version, 8-byte connection id), the id, the version, the packet number.
        [flags, _, _, _, _, _, _, _, _, b'Q', b'0', b'0'..=b'4', b'0'..=b'9', ..] if flags & 0xc9 == 0x09 => {
            read.take(1 + 8 + 4)?;
            read.take(match flags >> 4 & 3 {
                0 => 1,
                1 => 2,
                2 => 4,
                _ => 6,
            })?;
        }
        // A long header with both lengths of ids in one byte: only the client's hello has the server's id alone.
        [flags @ 0xc0..=0xff, b'Q', b'0', b'4', b'6', 0x50, ..] => {
            read.take(1 + 4 + 1 + 8)?;
            read.take(usize::from(flags & 3) + 1)?;
        }
        _ => return None,
    }
    let head = read.0.get(..BEFORE_MAX).unwrap_or(read.0);
    let at = memchr::memmem::find(head, b"CHLO")?;
    chlo_name(read.0.get(at..)?)
}

/// The server name in a CHLO: tags with the ends of their values, then the values.
pub(super) fn chlo_name(message: &[u8]) -> Option<&[u8]> {
    let mut read = Reader(message.strip_prefix(b"CHLO")?);
    let count = read.le16().filter(|count| *count <= TAGS_MAX)?;
    read.take(2)?;
    let mut tags = Reader(read.take(usize::from(count) * 8)?);
    let values = read.0;
    let mut start = 0;
    while let Some(tag) = tags.array::<4>() {
        let end = tags.le32()? as usize;
        if tag == *b"SNI\0" {
            return values.get(start..end);
        }
        start = end;
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A CHLO with these tags.
    pub(in crate::app::quic) fn chlo(tags: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut message = b"CHLO".to_vec();
        message.extend(u16::try_from(tags.len()).unwrap().to_le_bytes());
        message.extend([0, 0]);
        let mut end = 0;
        for (tag, value) in tags {
            end += u32::try_from(value.len()).unwrap();
            message.extend_from_slice(*tag);
            message.extend(end.to_le_bytes());
        }
        message.extend(tags.iter().flat_map(|(_, value)| value.iter()));
        message
    }

    #[test]
    fn table() {
        let named = chlo(&[(b"PAD\0", &[b'-'; 900]), (b"SNI\0", b"www.example.org"), (b"VER\0", b"Q043")]);
        let nameless = chlo(&[(b"PAD\0", &[b'-'; 900]), (b"VER\0", b"Q043")]);
        let mut lie = named.clone();
        lie[20..24].copy_from_slice(&[0xff; 4]);
        let hash = &[9; 12];
        let frame = b"\xa0\x01\0\x04";
        let q043 = b"\x09\x01\x02\x03\x04\x05\x06\x07\x08Q043\x01";
        let q043_long_number = b"\x29\x01\x02\x03\x04\x05\x06\x07\x08Q043\0\0\0\x01";
        let q046 = b"\xc3Q046\x50\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\x01";
        for (what, header, message, name) in [
            ("Q043", &q043[..], &named, Some(&b"www.example.org"[..])),
            ("a long packet number", q043_long_number, &named, Some(b"www.example.org")),
            ("Q046", q046, &named, Some(b"www.example.org")),
            ("no name", q046, &nameless, None),
            ("an end beyond the message", q046, &lie, None),
            ("a REJ", q043, &b"REJ\0\x01\0\0\0SNI\0\x01\0\0\0a".to_vec(), None),
            ("QUIC version 1", b"\xc3\0\0\0\x01\x08\x01\x02\x03\x04\x05\x06\x07\x08\0", &named, None),
        ] {
            let datagram = [header, hash, frame, message].concat();
            assert_eq!(server_name(&datagram), name, "{what}");
            for len in 0..datagram.len() {
                server_name(&datagram[..len]);
            }
        }
    }
}
