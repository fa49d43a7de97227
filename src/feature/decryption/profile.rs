//! Decryption profiles: every key of PAN-OS, by its section (PANOS.md 8).

use std::collections::BTreeMap;

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

/// Switches of which no capture can tell anything.
const WITHOUT_EFFECT: [&str; 8] = [
    "auto-include-altname",
    "block-if-hsm-unavailable",
    "block-if-no-resource",
    "block-ssh-errors",
    "block-timeout-cert",
    "block-tls13-downgrade-no-resource",
    "block-unknown-cert",
    "strip-alpn",
];

/// A decryption profile. [`Default`] is the profile as PAN-OS makes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecryptionProfile {
    /// Its name.
    pub name: String,
    /// What was set.
    values: BTreeMap<(Section, &'static str), Setting>,
}

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

    /// The switches that are on although nothing in a capture can show what they ask for: what authorities answer, what
    /// resources and modules a device has, and what its own messages look like.
    pub fn without_effect(&self) -> impl Iterator<Item = &'static str> {
        let on = self.written().filter(|(_, _, setting)| *setting == ON).map(|(_, key, _)| key);
        on.filter(|key| WITHOUT_EFFECT.contains(key))
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

    /// Nothing newer than this is decrypted, whatever the profile says: no release before 10.0 decrypts TLS 1.3.
    pub fn limit(&mut self, newest: Version) {
        if self.max_version().is_none_or(|version| version > newest) {
            self.values.insert((Section::Protocol, "max-version"), Setting::Version(Some(newest)));
        }
    }

    /// The highest version that is decrypted; `None` is whatever is the newest.
    pub fn max_version(&self) -> Option<Version> {
        match self.get(Section::Protocol, "max-version") {
            Some(Setting::Version(version)) => version,
            _ => None,
        }
    }
}
