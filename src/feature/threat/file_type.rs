//! Types of files by their first bytes and by their names: PAN-OS's names of file-blocking profiles.

/// A type that its first bytes tell.
struct Magic {
    /// Where they stand.
    at: usize,
    bytes: &'static [u8],
    /// What it is, unless the name says more.
    kind: &'static str,
    /// Whether it is that as well where the name says more.
    always: bool,
    /// Endings of names that say more, each with the type.
    endings: &'static [(&'static str, &'static str)],
}

const fn plain(bytes: &'static [u8], kind: &'static str) -> Magic {
    Magic { at: 0, bytes, kind, always: false, endings: &[] }
}

const MAGIC: &[Magic] = &[
    Magic {
        at: 0,
        bytes: b"MZ",
        kind: "pe",
        always: true,
        endings: &[
            ("cpl", "cpl"),
            ("dll", "dll"),
            ("drv", "drv"),
            ("exe", "exe"),
            ("ocx", "ocx"),
            ("pif", "pif"),
            ("scr", "scr"),
            ("sys", "sys"),
        ],
    },
    Magic {
        at: 0,
        bytes: b"PK\x03\x04",
        kind: "zip",
        always: false,
        endings: &[("apk", "apk"), ("docx", "docx"), ("jar", "jar"), ("pptx", "pptx"), ("xlsx", "xlsx")],
    },
    Magic {
        at: 0,
        bytes: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        kind: "msoffice",
        always: false,
        endings: &[("doc", "doc"), ("msi", "msi"), ("ppt", "ppt"), ("xls", "xls")],
    },
    plain(b"%PDF", "pdf"),
    plain(b"\x7fELF", "elf"),
    plain(b"Rar!\x1a\x07", "rar"),
    plain(b"7z\xbc\xaf\x27\x1c", "7z"),
    plain(b"\x1f\x8b", "gzip"),
    plain(b"BZh", "bzip2"),
    plain(b"MSCF", "cab"),
    plain(b"ITSF", "chm"),
    plain(b"\xca\xfe\xba\xbe", "class"),
    plain(b"FWS", "flash"),
    plain(b"CWS", "flash"),
    plain(b"{\\rtf", "rtf"),
    plain(b"L\0\0\0\x01\x14\x02\0", "lnk"),
    plain(b"GIF8", "gif"),
    plain(b"\x89PNG", "png"),
    plain(b"\xff\xd8\xff", "jpeg"),
];

/// Types that have no first bytes of their own: they are told by the ending of the name.
const ENDINGS: &[&str] =
    &["bat", "cmd", "hta", "js", "ps1", "reg", "sh", "tar", "torrent", "vbe", "vbs", "wsf"];

/// So many bytes are enough to tell.
pub(super) const HEAD: usize = 8;

/// All types that can be told, for those who check names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let told = MAGIC
        .iter()
        .flat_map(|magic| std::iter::once(magic.kind).chain(magic.endings.iter().map(|(_, kind)| *kind)));
    told.chain(ENDINGS.iter().copied())
}

/// The types of a file that begins with these bytes; `None` where more of them are needed.
pub(super) fn types(head: &[u8], is_whole: bool, name: &[u8]) -> Option<Vec<&'static str>> {
    let dot = memchr::memrchr(b'.', name).map_or(name.len(), |dot| dot + 1);
    let ending = name.get(dot..).unwrap_or_default();
    let mut more = false;
    for magic in MAGIC {
        let begun = head.get(magic.at..).unwrap_or_default();
        if begun.starts_with(magic.bytes) {
            let says = magic.endings.iter().find(|(text, _)| text.as_bytes().eq_ignore_ascii_case(ending));
            let mut types: Vec<&'static str> = says.map(|(_, kind)| *kind).into_iter().collect();
            if magic.always || types.is_empty() {
                types.push(magic.kind);
            }
            return Some(types);
        }
        more |= magic.bytes.starts_with(begun);
    }
    if more && !is_whole && head.len() < HEAD {
        return None;
    }
    Some(ENDINGS.iter().copied().filter(|kind| kind.as_bytes().eq_ignore_ascii_case(ending)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_files() {
        for (head, name, expected) in [
            (&b"MZ\x90\0"[..], "setup.exe", &["exe", "pe"][..]),
            (b"MZ\x90\0", "setup.bin", &["pe"]),
            (b"MZ\x90\0", "LIB.DLL", &["dll", "pe"]),
            (b"%PDF-1.7", "a.exe", &["pdf"]),
            (b"PK\x03\x04\x14\0", "a.zip", &["zip"]),
            (b"PK\x03\x04\x14\0", "a.docx", &["docx"]),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.msi", &["msi"]),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a", &["msoffice"]),
            (b"\x7fELF\x02", "", &["elf"]),
            (b"@echo off", "run.bat", &["bat"]),
            (b"<html><body>", "page.exe", &[]),
            (b"P", "p", &[]),
        ] {
            assert_eq!(types(head, true, name.as_bytes()).unwrap(), expected, "{name}");
        }
    }

    /// However few bytes there are, what is told of them is told of all that begin so.
    #[test]
    fn more_bytes_say_the_same() {
        for magic in MAGIC {
            assert!(magic.at == 0 && magic.bytes.len() <= HEAD);
            for len in 0..magic.bytes.len() {
                let early = types(&magic.bytes[..len], false, b"x");
                let whole = types(magic.bytes, false, b"x");
                assert!(early.is_none() || early == whole, "{:?} {len}", magic.bytes);
            }
        }
    }
}
