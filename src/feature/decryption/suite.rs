//! What TLS cipher suites are made of, in the keys of `ssl-protocol-settings` (IANA, TLS cipher suites).

/// A suite that PAN-OS has switches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suite {
    /// How keys are agreed on; `None` where that is no part of the suite (TLS 1.3).
    exchange: Option<&'static str>,
    cipher: &'static str,
    hash: &'static str,
}

const RSA: &str = "keyxchg-algo-rsa";
const DHE: &str = "keyxchg-algo-dhe";
const ECDHE: &str = "keyxchg-algo-ecdhe";
const RC4: &str = "enc-algo-rc4";
const TRIPLE_DES: &str = "enc-algo-3des";
const CBC_128: &str = "enc-algo-aes-128-cbc";
const CBC_256: &str = "enc-algo-aes-256-cbc";
const GCM_128: &str = "enc-algo-aes-128-gcm";
const GCM_256: &str = "enc-algo-aes-256-gcm";
const CHACHA: &str = "enc-algo-chacha20-poly1305";
const MD5: &str = "auth-algo-md5";
const SHA1: &str = "auth-algo-sha1";
const SHA256: &str = "auth-algo-sha256";
const SHA384: &str = "auth-algo-sha384";

impl Suite {
    /// By its number; `None` where it has parts without a switch (Camellia, DSS, anonymous servers and the like).
    pub(super) const fn of(number: u16) -> Option<Self> {
        let (cipher, hash) = match number {
            0x0004 => (RC4, MD5),
            0x0005 | 0xc007 | 0xc011 => (RC4, SHA1),
            0x000a | 0x0016 | 0xc008 | 0xc012 => (TRIPLE_DES, SHA1),
            0x002f | 0x0033 | 0xc009 | 0xc013 => (CBC_128, SHA1),
            0x0035 | 0x0039 | 0xc00a | 0xc014 => (CBC_256, SHA1),
            0x003c | 0x0067 | 0xc023 | 0xc027 => (CBC_128, SHA256),
            0x003d | 0x006b => (CBC_256, SHA256),
            0xc024 | 0xc028 => (CBC_256, SHA384),
            0x009c | 0x009e | 0xc02b | 0xc02f | 0x1301 => (GCM_128, SHA256),
            0x009d | 0x009f | 0xc02c | 0xc030 | 0x1302 => (GCM_256, SHA384),
            0xcca8..=0xccaa | 0x1303 => (CHACHA, SHA256),
            _ => return None,
        };
        let exchange = match number {
            0x1301..=0x1303 => None,
            0x0016 | 0x0033 | 0x0039 | 0x0067 | 0x006b | 0x009e | 0x009f | 0xccaa => Some(DHE),
            0xc007.. => Some(ECDHE),
            _ => Some(RSA),
        };
        Some(Self { exchange, cipher, hash })
    }

    /// Its parts, each by the key of its switch.
    pub(super) fn keys(self) -> impl Iterator<Item = &'static str> {
        self.exchange.into_iter().chain([self.cipher, self.hash])
    }

    /// The lowest and the highest version that have it, as on the wire (RFC 5246, A.5; RFC 5289; RFC 8446, B.4).
    pub(super) fn versions(self) -> [u16; 2] {
        match self {
            Self { exchange: None, .. } => [0x0304; 2],
            Self { hash: SHA256 | SHA384, .. } => [0x0303; 2],
            _ => [0x0300, 0x0303],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers and names as IANA lists them.
    #[test]
    fn parts() {
        for (number, keys, versions) in [
            (0x0004, &[RSA, RC4, MD5][..], [0x0300, 0x0303]),
            (0x0016, &[DHE, TRIPLE_DES, SHA1], [0x0300, 0x0303]),
            (0x002f, &[RSA, CBC_128, SHA1], [0x0300, 0x0303]),
            (0x0035, &[RSA, CBC_256, SHA1], [0x0300, 0x0303]),
            (0x003c, &[RSA, CBC_128, SHA256], [0x0303, 0x0303]),
            (0x009d, &[RSA, GCM_256, SHA384], [0x0303, 0x0303]),
            (0x009e, &[DHE, GCM_128, SHA256], [0x0303, 0x0303]),
            (0xc013, &[ECDHE, CBC_128, SHA1], [0x0300, 0x0303]),
            (0xc028, &[ECDHE, CBC_256, SHA384], [0x0303, 0x0303]),
            (0xc030, &[ECDHE, GCM_256, SHA384], [0x0303, 0x0303]),
            (0xcca8, &[ECDHE, CHACHA, SHA256], [0x0303, 0x0303]),
            (0xccaa, &[DHE, CHACHA, SHA256], [0x0303, 0x0303]),
            (0x1301, &[GCM_128, SHA256], [0x0304, 0x0304]),
            (0x1303, &[CHACHA, SHA256], [0x0304, 0x0304]),
        ] {
            let suite = Suite::of(number).unwrap();
            assert_eq!(
                (suite.keys().collect::<Vec<_>>(), suite.versions()),
                (keys.to_vec(), versions),
                "{number:x}"
            );
        }
        // NULL, DSS, Camellia, static ECDH, SCSV, ARIA, CCM.
        for number in [0x0002, 0x0032, 0x0041, 0xc00e, 0x00ff, 0xc03c, 0x1304] {
            assert_eq!(Suite::of(number), None, "{number:x}");
        }
    }
}
