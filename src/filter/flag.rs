//! Names for the bits of the `flags` column (PANOS.md 11.2).

/// Names of a bit, the first being the one to show, and the bit.
pub(super) const FLAGS: &[(&[&str], u32)] = &[
    (&["pcap"], 0x8000_0000),
    (&["credential"], 0x1000_0000),
    (&["ipv6"], 0x0200_0000),
    (&["proxy", "s_encrypted", "decrypted"], 0x0100_0000),
    (&["url-denied"], 0x0080_0000),
    (&["nat"], 0x0040_0000),
    (&["captive-portal"], 0x0020_0000),
    (&["non-std-dport"], 0x0010_0000),
    (&["xff"], 0x0008_0000),
    (&["transaction"], 0x0004_0000),
    (&["pbf-c2s"], 0x0002_0000),
    (&["pbf-s2c"], 0x0001_0000),
    (&["container-page"], 0x0000_8000),
    (&["temporary-match"], 0x0000_2000),
    (&["sym-return"], 0x0000_0800),
    (&["decrypt-mirror"], 0x0000_0400),
    (&["tunnel-inspected"], 0x0000_0010),
];

/// The bit of a name; the report's names, such as `flag-nat`, are understood as well.
pub(super) fn bit(name: &str) -> Option<u32> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("flag-").unwrap_or(&name);
    FLAGS.iter().find(|(names, _)| names.contains(&name)).map(|&(_, bit)| bit)
}
