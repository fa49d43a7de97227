//! Telling by its first bytes what a file is.

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Lz4,
    Zstd,
}

impl Compression {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// Told by the magic number: gzip (RFC 1952, 2.3.1), zstd and its skippable frames (RFC 8878, 3.1), the lz4
    /// frame and its older form.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        Some(match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Self::Lz4,
            _ => return None,
        })
    }
}

/// The capture formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Pcap,
    PcapNg,
}

impl Format {
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        Some(match head {
            [0xa1, 0xb2, 0xc3, 0xd4, ..]
            | [0xd4, 0xc3, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0x3c, 0x4d, ..]
            | [0x4d, 0x3c, 0xb2, 0xa1, ..] => Self::Pcap,
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => Self::PcapNg,
            _ => return None,
        })
    }
}

const EDITCAP: &str = "convert it with `editcap -F pcapng IN OUT.pcapng`";
const UNPACK: &str = "unpack it first";

/// What a file is that is no capture we read, and what to do about it.
pub(super) fn describe(head: &[u8]) -> (&'static str, &'static str) {
    /// Magic numbers from the formats' own documents and the `file` program's public list.
    const KNOWN: [(&[u8], &str, &str); 26] = [
        (&[0xa1, 0xb2, 0xcd, 0x34], "a pcap file in the modified format of patched libpcap", EDITCAP),
        (&[0x34, 0xcd, 0xb2, 0xa1], "a pcap file in the modified format of patched libpcap", EDITCAP),
        (&[0xa1, 0xb2, 0x34, 0xcd], "a pcap file in a modified format", EDITCAP),
        (&[0xcd, 0x34, 0xb2, 0xa1], "a pcap file in a modified format", EDITCAP),
        (&[0x1c, 0x00, 0x01, 0xac], "an IXIA capture", EDITCAP),
        (&[0xac, 0x01, 0x00, 0x1c], "an IXIA capture", EDITCAP),
        (b"GMBU", "a Microsoft Network Monitor capture", EDITCAP),
        (b"RTSS", "a Microsoft Network Monitor 1 capture", EDITCAP),
        (b"snoop\0\0\0", "a snoop capture", EDITCAP),
        (b"btsnoop\0", "a Bluetooth snoop capture", "it holds no IP packets"),
        (b"TRSNIFF data", "a Sniffer capture", EDITCAP),
        (b"XCP\0", "a NetXray or Sniffer capture", EDITCAP),
        (b"iptrace ", "an AIX iptrace capture", EDITCAP),
        (b"\x7fver", "an OmniPeek capture", EDITCAP),
        (&[0xaa, 0xaa, 0xaa, 0xaa], "a 5View capture", EDITCAP),
        (b"BZh", "a bzip2 file", "unpack it first: `bzip2 -dc FILE | firstpass replay - …`"),
        (b"\xfd7zXZ\0", "an xz file", "unpack it first: `xz -dc FILE | firstpass replay - …`"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
        (b"PK\x03\x04", "a zip archive", UNPACK),
        (b"Rar!", "a RAR archive", UNPACK),
        (b"%PDF", "a PDF document", "give a capture instead"),
        (b"\x7fELF", "a program", "give a capture instead"),
        (b"SQLite format 3", "an SQLite database", "give a capture instead"),
        (b"<?xml", "an XML document", "a rulebase goes to `--rules`"),
        (b"<config", "an XML document", "a rulebase goes to `--rules`"),
        (b"{", "a JSON document", "give the capture it was made from"),
    ];
    if let Some((_, what, cure)) = KNOWN.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return (what, cure);
    }
    if head.get(257..262) == Some(b"ustar") {
        return ("a tar archive", UNPACK);
    }
    if head.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)) {
        return ("a text file", "a packet dump in text becomes a capture with `text2pcap`");
    }
    ("no capture format known here", "pcap and pcapng are read; `file` and `capinfos` may tell what it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_captures_and_compressions() {
        assert_eq!(Format::of(&0xa1b2_c3d4_u32.to_le_bytes()), Some(Format::Pcap));
        assert_eq!(Format::of(&0xa1b2_3c4d_u32.to_be_bytes()), Some(Format::Pcap));
        assert_eq!(Format::of(&0x0a0d_0d0a_u32.to_be_bytes()), Some(Format::PcapNg));
        assert_eq!(Format::of(&0xa1b2_cd34_u32.to_be_bytes()), None);
        assert_eq!(Compression::of(&[0x1f, 0x8b, 8, 0]), Some(Compression::Gzip));
        assert_eq!(Compression::of(&0xfd2f_b528_u32.to_le_bytes()), Some(Compression::Zstd));
        assert_eq!(Compression::of(&0x184d_2204_u32.to_le_bytes()), Some(Compression::Lz4));
        assert_eq!(Compression::of(&[]), None);
    }

    #[test]
    fn names_what_is_no_capture() {
        assert_eq!(describe(b"GMBU\0\x02").0, "a Microsoft Network Monitor capture");
        assert_eq!(describe(b"hello, world\n").0, "a text file");
        assert!(describe(&[0, 1, 2, 3]).0.contains("no capture"));
        let mut tar = [0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(describe(&tar).0, "a tar archive");
    }
}
