//! Decryption profiles: what a decrypted connection is refused for (PANOS.md 8).

use std::fmt;

use super::Failure;
use crate::app::tls::{Handshake, Standing};
use crate::time::Timestamp;

/// A version of TLS as profiles name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// SSL 3.0
    SslV3,
    /// TLS 1.0
    Tls10,
    /// TLS 1.1
    Tls11,
    /// TLS 1.2
    Tls12,
    /// TLS 1.3
    Tls13,
}

impl Version {
    /// All, with PAN-OS's names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("sslv3", Self::SslV3),
        ("tls1-0", Self::Tls10),
        ("tls1-1", Self::Tls11),
        ("tls1-2", Self::Tls12),
        ("tls1-3", Self::Tls13),
    ];

    /// The number on the wire.
    const fn number(self) -> u16 {
        0x0300 + self as u16
    }
}

/// Something a profile can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The certificate is not valid at this time.
    ExpiredCertificate,
    /// The certificate is signed by nobody else. (Whom a firewall trusts beside is not in a capture.)
    UntrustedIssuer,
    /// A version below the lowest that is supported.
    UnsupportedVersion,
    /// A cipher suite of a kind that is switched off.
    UnsupportedCipher,
    /// The server asks for the client's certificate, which the firewall does not have.
    ClientCertificate,
}

impl Check {
    /// All, with PAN-OS's keys.
    pub const ALL: [(&'static str, Self); 5] = [
        ("block-expired-certificate", Self::ExpiredCertificate),
        ("block-untrusted-issuer", Self::UntrustedIssuer),
        ("block-unsupported-version", Self::UnsupportedVersion),
        ("block-unsupported-cipher", Self::UnsupportedCipher),
        ("block-client-cert", Self::ClientCertificate),
    ];

    /// What a session that it refuses fails for (PANOS.md 4.2).
    pub const fn failure(self) -> Failure {
        match self {
            Self::ExpiredCertificate | Self::UntrustedIssuer | Self::ClientCertificate => {
                Failure::CertValidation
            }
            Self::UnsupportedVersion | Self::UnsupportedCipher => Failure::UnsupportParam,
        }
    }
}

/// One clause for people.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExpiredCertificate => "the server's certificate is not valid at this time",
            Self::UntrustedIssuer => "the server's certificate is signed by nobody but itself",
            Self::UnsupportedVersion => "the version is below the lowest that the profile supports",
            Self::UnsupportedCipher => "the profile does not support the cipher suite",
            Self::ClientCertificate => "the server asks for the client's certificate",
        })
    }
}

/// What a profile makes of something that it does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The session is blocked.
    Block(Check),
    /// It passes, without decryption from now on (PANOS.md 8: the server goes to the local exclusion cache).
    Exclude(Check),
}

/// A decryption profile. [`Default`] is the profile as PAN-OS makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecryptionProfile {
    /// Its name.
    pub name: String,
    /// What it blocks.
    pub blocks: Vec<Check>,
    /// The lowest version that is decrypted.
    pub min_version: Version,
    /// Kinds of cipher suites that are switched off.
    pub ciphers_off: Vec<&'static str>,
}

impl Default for DecryptionProfile {
    fn default() -> Self {
        Self { name: String::new(), blocks: Vec::new(), min_version: Version::Tls10, ciphers_off: Vec::new() }
    }
}

/// What suites are made of, by PAN-OS's keys in `ssl-protocol-settings`, and whether a suite by its number has it.
type Kind = (&'static str, fn(u16) -> bool);

/// Suites by their numbers (IANA, TLS cipher suites), of those that servers still choose.
const KINDS: [Kind; 8] = [
    ("keyxchg-algo-rsa", |suite| {
        matches!(suite, 0x0004 | 0x0005 | 0x000a | 0x002f | 0x0035 | 0x003c | 0x003d | 0x009c | 0x009d)
    }),
    ("keyxchg-algo-dhe", |suite| {
        matches!(suite, 0x0016 | 0x0033 | 0x0039 | 0x0067 | 0x006b | 0x009e | 0x009f | 0xccaa)
    }),
    ("keyxchg-algo-ecdhe", |suite| matches!(suite, 0xc007..=0xc014 | 0xc023..=0xc030 | 0xcca8 | 0xcca9)),
    ("enc-algo-3des", |suite| matches!(suite, 0x000a | 0x0016 | 0xc008 | 0xc012)),
    ("enc-algo-rc4", |suite| matches!(suite, 0x0004 | 0x0005 | 0xc007 | 0xc011)),
    ("enc-algo-aes-128-cbc", |suite| {
        matches!(suite, 0x002f | 0x0033 | 0x003c | 0x0067 | 0xc009 | 0xc013 | 0xc023 | 0xc027)
    }),
    ("enc-algo-aes-256-cbc", |suite| {
        matches!(suite, 0x0035 | 0x0039 | 0x003d | 0x006b | 0xc00a | 0xc014 | 0xc024 | 0xc028)
    }),
    ("enc-algo-chacha20-poly1305", |suite| matches!(suite, 0x1303 | 0xcca8..=0xccaa)),
];

impl DecryptionProfile {
    /// The keys of kinds of cipher suites that can be switched off.
    pub fn cipher_keys() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|(key, _)| *key)
    }

    /// What it makes of something that a side has shown at `at`; `None` where nothing is wrong with it.
    pub fn check(&self, shown: Handshake, at: Timestamp) -> Option<Refusal> {
        let found = match shown {
            Handshake::ClientHello { version } | Handshake::ServerHello { version, .. }
                if version < self.min_version.number() =>
            {
                Check::UnsupportedVersion
            }
            Handshake::ServerHello { cipher, .. } if self.is_off(cipher) => Check::UnsupportedCipher,
            Handshake::Certificate(standing) if is_expired(standing, at) => Check::ExpiredCertificate,
            Handshake::Certificate(standing) if standing.self_signed => Check::UntrustedIssuer,
            Handshake::CertificateRequest => Check::ClientCertificate,
            _ => return None,
        };
        match (self.blocks.contains(&found), found) {
            (true, _) => Some(Refusal::Block(found)),
            // A certificate that is not blocked is passed on as one that nobody should trust.
            (false, Check::ExpiredCertificate | Check::UntrustedIssuer) => None,
            (false, _) => Some(Refusal::Exclude(found)),
        }
    }

    fn is_off(&self, suite: u16) -> bool {
        KINDS.iter().any(|(key, has)| self.ciphers_off.contains(key) && has(suite))
    }
}

fn is_expired(standing: Standing, at: Timestamp) -> bool {
    let now = i64::try_from(at.since(Timestamp::ZERO).secs()).unwrap_or(i64::MAX);
    standing.not_after.is_some_and(|end| end < now) || standing.not_before.is_some_and(|start| start > now)
}
