//! Cipher suites that records are opened of (IANA, TLS cipher suites).

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
}

impl Hash {
    /// Bytes of its value.
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// How records are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bulk {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    /// AES in CBC mode, with the hash function of its HMAC.
    Aes128Cbc(Hash),
    Aes256Cbc(Hash),
}

/// A cipher suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suite {
    pub(super) bulk: Bulk,
    /// What keys are derived with.
    pub(super) hash: Hash,
    /// Whether it is one of TLS 1.3.
    pub(super) is_1_3: bool,
}

impl Suite {
    /// The suite of that number; `None` where records of it are not opened.
    pub(super) const fn of(number: u16) -> Option<Self> {
        use Bulk::{Aes128Cbc, Aes128Gcm, Aes256Cbc, Aes256Gcm, ChaCha20Poly1305};
        use Hash::{Sha1, Sha256, Sha384};
        let (bulk, hash) = match number {
            0x1301 => (Aes128Gcm, Sha256),
            0x1302 => (Aes256Gcm, Sha384),
            0x1303 => (ChaCha20Poly1305, Sha256),
            // RFC 5288, RFC 5289
            0x009c | 0x009e | 0xc02b | 0xc02d | 0xc02f | 0xc031 => (Aes128Gcm, Sha256),
            0x009d | 0x009f | 0xc02c | 0xc02e | 0xc030 | 0xc032 => (Aes256Gcm, Sha384),
            // RFC 7905
            0xcca8..=0xccaa => (ChaCha20Poly1305, Sha256),
            // RFC 5246, A.5, and RFC 8422, 6
            0x002f | 0x0033 | 0xc004 | 0xc009 | 0xc00e | 0xc013 => (Aes128Cbc(Sha1), Sha256),
            0x0035 | 0x0039 | 0xc005 | 0xc00a | 0xc00f | 0xc014 => (Aes256Cbc(Sha1), Sha256),
            0x003c | 0x0067 | 0xc023 | 0xc025 | 0xc027 | 0xc029 => (Aes128Cbc(Sha256), Sha256),
            0x003d | 0x006b => (Aes256Cbc(Sha256), Sha256),
            0xc024 | 0xc026 | 0xc028 | 0xc02a => (Aes256Cbc(Sha384), Sha384),
            _ => return None,
        };
        Some(Self { bulk, hash, is_1_3: number >> 8 == 0x13 })
    }
}

impl Bulk {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "AES-128-GCM",
            Self::Aes256Gcm => "AES-256-GCM",
            Self::ChaCha20Poly1305 => "ChaCha20-Poly1305",
            Self::Aes128Cbc(Hash::Sha1) => "AES-128-CBC with HMAC-SHA1",
            Self::Aes128Cbc(_) => "AES-128-CBC with HMAC-SHA256",
            Self::Aes256Cbc(Hash::Sha1) => "AES-256-CBC with HMAC-SHA1",
            Self::Aes256Cbc(Hash::Sha256) => "AES-256-CBC with HMAC-SHA256",
            Self::Aes256Cbc(Hash::Sha384) => "AES-256-CBC with HMAC-SHA384",
        }
    }

    /// Bytes of the MAC key; none where sealing authenticates.
    pub(super) const fn mac_len(self) -> usize {
        match self {
            Self::Aes128Cbc(hash) | Self::Aes256Cbc(hash) => hash.len(),
            _ => 0,
        }
    }

    pub(super) const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc(_) => 16,
            _ => 32,
        }
    }

    /// Bytes of the key block that nonces or initialisation vectors are made of, up to TLS 1.2.
    pub(super) const fn iv_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => 4,
            Self::ChaCha20Poly1305 => 12,
            Self::Aes128Cbc(_) | Self::Aes256Cbc(_) => 16,
        }
    }
}
