//! Servers that are never decrypted: `ssl-exclude-cert` (PANOS.md 8).

/// Whether one of the patterns is a server's name. Case does not count. A label `*` stands for any one label, as in URL
/// category exceptions (vendor's documentation, Exclude a Server from Decryption).
pub fn is_excluded(patterns: &[String], name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    patterns.iter().any(|pattern| covers(pattern.as_bytes(), name))
}

fn covers(pattern: &[u8], name: &[u8]) -> bool {
    let labels = |text| <[u8]>::split(text, |byte| *byte == b'.');
    let is_one = |(pattern, label): (&[u8], &[u8])| {
        !label.is_empty() && (pattern == b"*" || pattern.eq_ignore_ascii_case(label))
    };
    labels(pattern).count() == labels(name).count() && labels(pattern).zip(labels(name)).all(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let patterns = ["pinned.example.net", "*.example.com", "mail.*.example"].map(str::to_owned);
        for (name, is) in [
            ("pinned.example.net", true),
            ("PINNED.example.net.", true),
            ("a.pinned.example.net", false),
            ("www.example.com", true),
            ("example.com", false),
            ("a.www.example.com", false),
            ("mail.north.example", true),
            ("mail..example", false),
            ("", false),
        ] {
            assert_eq!(is_excluded(&patterns, name.as_bytes()), is, "{name}");
        }
        assert!(!is_excluded(&[], b"www.example.com"));
    }
}
