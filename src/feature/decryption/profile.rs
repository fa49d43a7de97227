//! Decryption profiles: what a decrypted connection is refused for (PANOS.md 8).

use std::collections::BTreeMap;
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
    pub const fn number(self) -> u16 {
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

    /// PAN-OS's key.
    pub const fn key(self) -> &'static str {
        Self::ALL[self as usize].0
    }

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

/// A part of a decryption profile, by PAN-OS's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `ssl-forward-proxy`
    ForwardProxy,
    /// `ssl-inbound-proxy`
    InboundProxy,
    /// `ssl-no-proxy`: of sessions that are not decrypted.
    NoProxy,
    /// `ssl-protocol-settings`
    Protocol,
    /// `ssh-proxy`
    SshProxy,
}

impl Section {
    /// All, with PAN-OS's names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("ssl-forward-proxy", Self::ForwardProxy),
        ("ssl-inbound-proxy", Self::InboundProxy),
        ("ssl-no-proxy", Self::NoProxy),
        ("ssl-protocol-settings", Self::Protocol),
        ("ssh-proxy", Self::SshProxy),
    ];

    /// PAN-OS's name.
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

/// A value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// `yes` or `no`.
    Flag(bool),
    /// A version; `None` is `max`, whatever is the newest.
    Version(Option<Version>),
}

impl Setting {
    /// As PAN-OS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag(true) => "yes",
            Self::Flag(false) => "no",
            Self::Version(None) => "max",
            Self::Version(Some(version)) => Version::ALL[version as usize].0,
        }
    }
}

/// A value that a decryption profile cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The section has no such key.
    #[error("no such key")]
    Key,
    /// The key does not take the value.
    #[error("it takes {0}")]
    Value(&'static str),
}

const OFF: Setting = Setting::Flag(false);
const ON: Setting = Setting::Flag(true);

/// Every key of every section, with its default (PANOS.md 8).
const KEYS: &[(Section, &str, Setting)] = &[
    (Section::ForwardProxy, "auto-include-altname", OFF),
    (Section::ForwardProxy, "block-client-cert", OFF),
    (Section::ForwardProxy, "block-expired-certificate", OFF),
    (Section::ForwardProxy, "block-if-hsm-unavailable", OFF),
    (Section::ForwardProxy, "block-if-no-resource", OFF),
    (Section::ForwardProxy, "block-timeout-cert", OFF),
    (Section::ForwardProxy, "block-tls13-downgrade-no-resource", OFF),
    (Section::ForwardProxy, "block-unknown-cert", OFF),
    (Section::ForwardProxy, "block-unsupported-cipher", OFF),
    (Section::ForwardProxy, "block-unsupported-version", OFF),
    (Section::ForwardProxy, "block-untrusted-issuer", OFF),
    (Section::ForwardProxy, "restrict-cert-exts", OFF),
    (Section::ForwardProxy, "strip-alpn", OFF),
    (Section::InboundProxy, "block-if-hsm-unavailable", OFF),
    (Section::InboundProxy, "block-if-no-resource", OFF),
    (Section::InboundProxy, "block-tls13-downgrade-no-resource", OFF),
    (Section::InboundProxy, "block-unsupported-cipher", OFF),
    (Section::InboundProxy, "block-unsupported-version", OFF),
    (Section::NoProxy, "block-expired-certificate", OFF),
    (Section::NoProxy, "block-untrusted-issuer", OFF),
    (Section::Protocol, "auth-algo-md5", OFF),
    (Section::Protocol, "auth-algo-sha1", ON),
    (Section::Protocol, "auth-algo-sha256", ON),
    (Section::Protocol, "auth-algo-sha384", ON),
    (Section::Protocol, "enc-algo-3des", ON),
    (Section::Protocol, "enc-algo-aes-128-cbc", ON),
    (Section::Protocol, "enc-algo-aes-128-gcm", ON),
    (Section::Protocol, "enc-algo-aes-256-cbc", ON),
    (Section::Protocol, "enc-algo-aes-256-gcm", ON),
    (Section::Protocol, "enc-algo-chacha20-poly1305", ON),
    (Section::Protocol, "enc-algo-rc4", ON),
    (Section::Protocol, "keyxchg-algo-dhe", ON),
    (Section::Protocol, "keyxchg-algo-ecdhe", ON),
    (Section::Protocol, "keyxchg-algo-rsa", ON),
    (Section::Protocol, "max-version", Setting::Version(Some(Version::Tls12))),
    (Section::Protocol, "min-version", Setting::Version(Some(Version::Tls10))),
    (Section::SshProxy, "block-if-no-resource", OFF),
    (Section::SshProxy, "block-ssh-errors", OFF),
    (Section::SshProxy, "block-unsupported-alg", OFF),
    (Section::SshProxy, "block-unsupported-version", OFF),
];

/// A decryption profile. [`Default`] is the profile as PAN-OS makes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecryptionProfile {
    /// Its name.
    pub name: String,
    /// What was set.
    values: BTreeMap<(Section, &'static str), Setting>,
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
    /// The keys of a section.
    pub fn keys(section: Section) -> impl Iterator<Item = &'static str> {
        KEYS.iter().filter(move |(of, ..)| *of == section).map(|(_, key, _)| *key)
    }

    /// Sets a key, whose value is written as PAN-OS writes it.
    ///
    /// # Errors
    /// Where the section has no such key, or the key does not take the value.
    pub fn set(&mut self, section: Section, key: &str, value: &str) -> Result<(), ProfileError> {
        let known = KEYS.iter().find(|(of, known, _)| (*of, *known) == (section, key));
        let (_, key, default) = known.ok_or(ProfileError::Key)?;
        let setting = match (default, value) {
            (Setting::Flag(_), "yes") => Some(ON),
            (Setting::Flag(_), "no") => Some(OFF),
            (Setting::Flag(_), _) => None,
            (Setting::Version(_), "max") => Some(Setting::Version(None)),
            (Setting::Version(_), name) => {
                let found = Version::ALL.into_iter().find(|(known, _)| *known == name);
                found.map(|(_, version)| Setting::Version(Some(version)))
            }
        };
        let takes = match default {
            Setting::Flag(_) => "yes or no",
            Setting::Version(_) => "sslv3, tls1-0, tls1-1, tls1-2, tls1-3 or max",
        };
        self.values.insert((section, key), setting.ok_or(ProfileError::Value(takes))?);
        Ok(())
    }

    /// What was set, in order of sections and keys.
    pub fn written(&self) -> impl Iterator<Item = (Section, &'static str, Setting)> {
        self.values.iter().map(|(&(section, key), &setting)| (section, key, setting))
    }

    fn get(&self, section: Section, key: &str) -> Option<Setting> {
        let known = KEYS.iter().find(|(of, known, _)| (*of, *known) == (section, key));
        known.map(|&(_, key, default)| self.values.get(&(section, key)).copied().unwrap_or(default))
    }

    /// Whether a switch is on.
    pub fn is_on(&self, section: Section, key: &str) -> bool {
        self.get(section, key) == Some(Setting::Flag(true))
    }

    /// The lowest version that is decrypted.
    pub fn min_version(&self) -> Version {
        match self.get(Section::Protocol, "min-version") {
            Some(Setting::Version(Some(version))) => version,
            _ => Version::Tls13,
        }
    }

    /// The highest version that is decrypted; `None` is whatever is the newest.
    pub fn max_version(&self) -> Option<Version> {
        match self.get(Section::Protocol, "max-version") {
            Some(Setting::Version(version)) => version,
            _ => None,
        }
    }

    /// Whether it blocks what this check finds, of a decrypted session.
    pub fn blocks(&self, check: Check) -> bool {
        self.is_on(Section::ForwardProxy, check.key())
    }

    /// What it makes of something that a side has shown at `at`; `None` where nothing is wrong with it.
    pub fn check(&self, shown: Handshake, at: Timestamp) -> Option<Refusal> {
        let found = match shown {
            Handshake::ClientHello { version } | Handshake::ServerHello { version, .. }
                if version < self.min_version().number() =>
            {
                Check::UnsupportedVersion
            }
            Handshake::ServerHello { cipher, .. } if self.is_off(cipher) => Check::UnsupportedCipher,
            Handshake::Certificate(standing) if is_expired(standing, at) => Check::ExpiredCertificate,
            Handshake::Certificate(standing) if standing.self_signed => Check::UntrustedIssuer,
            Handshake::CertificateRequest => Check::ClientCertificate,
            _ => return None,
        };
        match (self.blocks(found), found) {
            (true, _) => Some(Refusal::Block(found)),
            // A certificate that is not blocked is passed on as one that nobody should trust.
            (false, Check::ExpiredCertificate | Check::UntrustedIssuer) => None,
            (false, _) => Some(Refusal::Exclude(found)),
        }
    }

    fn is_off(&self, suite: u16) -> bool {
        KINDS.iter().any(|(key, has)| !self.is_on(Section::Protocol, key) && has(suite))
    }
}

fn is_expired(standing: Standing, at: Timestamp) -> bool {
    let now = i64::try_from(at.since(Timestamp::ZERO).secs()).unwrap_or(i64::MAX);
    standing.not_after.is_some_and(|end| end < now) || standing.not_before.is_some_and(|start| start > now)
}
