//! What SSH proxy supports. PAN-OS says that it is version 2 and does not publish its lists of algorithms: these are
//! those of its own servers and of the releases before (assumed).

/// The algorithms of each list of a key exchange that an SSH proxy has a use for, in the order of RFC 4253, 7.1: key
/// exchange, host keys, encryption and MAC of either direction, compression of either direction.
const SUPPORTED: [&[&str]; 8] =
    [EXCHANGES, HOST_KEYS, CIPHERS, CIPHERS, MACS, MACS, COMPRESSIONS, COMPRESSIONS];

const EXCHANGES: &[&str] = &[
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group-exchange-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
];
const HOST_KEYS: &[&str] = &["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512", "ssh-dss"];
const CIPHERS: &[&str] =
    &["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-ctr", "aes192-ctr", "aes256-ctr"];
const MACS: &[&str] = &["hmac-md5", "hmac-sha1", "hmac-sha2-256", "hmac-sha2-512"];
const COMPRESSIONS: &[&str] = &["none"];

/// Whether a version is: 2.0, or 1.99, which says that of itself (RFC 4253, 5).
pub(super) fn is_supported(version: &[u8]) -> bool {
    matches!(version, b"2.0" | b"1.99")
}

/// Whether each list has an algorithm that is.
pub(super) fn has_algorithms(lists: [&[u8]; 8]) -> bool {
    lists.iter().zip(SUPPORTED).all(|(list, supported)| {
        list.split(|byte| *byte == b',').any(|name| supported.iter().any(|known| known.as_bytes() == name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_list() {
        let lists: [&[u8]; 8] = [
            b"curve25519-sha256,ecdh-sha2-nistp256",
            b"ssh-ed25519,rsa-sha2-256",
            b"aes128-ctr",
            b"chacha20-poly1305@openssh.com,aes256-ctr",
            b"hmac-sha1",
            b"hmac-sha2-256",
            b"none",
            b"none,zlib@openssh.com",
        ];
        assert!(has_algorithms(lists));
        for (index, list) in [&b"curve25519-sha256"[..], b"ssh-ed25519", b"chacha20-poly1305@openssh.com"]
            .into_iter()
            .enumerate()
        {
            let mut lists = lists;
            lists[index] = list;
            assert!(!has_algorithms(lists));
        }
        assert!(!has_algorithms([b""; 8]));
        assert!(is_supported(b"2.0") && is_supported(b"1.99") && !is_supported(b"1.5"));
    }
}
