//! What a decryption profile makes of what a session shows (PANOS.md 8).

use std::fmt;

use super::profile::{DecryptionProfile, Section, Version};
use super::suite::Suite;
use super::{Failure, ssh};
use crate::app::ssh_opening::Opening;
use crate::app::tls::decrypt::cipher_name;
use crate::app::tls::{Chain, ClientOffer, Handshake, Standing, released, version_name};
use crate::time::Timestamp;

/// Something a profile can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The certificate is not valid at this time.
    ExpiredCertificate,
    /// The certificate is signed by nobody else. (Whom a firewall trusts beside is not in a capture.)
    UntrustedIssuer,
    /// No version from the lowest to the highest that is supported.
    UnsupportedVersion,
    /// No cipher suite that is switched on.
    UnsupportedCipher,
    /// The server asks for the client's certificate, which the firewall does not have.
    ClientCertificate,
    /// A version of SSH other than 2.
    SshVersion,
    /// No algorithm of SSH that is supported.
    SshAlgorithm,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ExpiredCertificate,
        Self::UntrustedIssuer,
        Self::UnsupportedVersion,
        Self::UnsupportedCipher,
        Self::ClientCertificate,
        Self::SshVersion,
        Self::SshAlgorithm,
    ];

    /// PAN-OS's key, whichever section it stands in.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ExpiredCertificate => "block-expired-certificate",
            Self::UntrustedIssuer => "block-untrusted-issuer",
            Self::UnsupportedVersion | Self::SshVersion => "block-unsupported-version",
            Self::UnsupportedCipher => "block-unsupported-cipher",
            Self::ClientCertificate => "block-client-cert",
            Self::SshAlgorithm => "block-unsupported-alg",
        }
    }

    /// What a session that it refuses fails for (PANOS.md 4.2).
    pub const fn failure(self) -> Failure {
        match self {
            Self::ExpiredCertificate | Self::UntrustedIssuer | Self::ClientCertificate => {
                Failure::CertValidation
            }
            Self::UnsupportedVersion | Self::UnsupportedCipher | Self::SshVersion | Self::SshAlgorithm => {
                Failure::UnsupportParam
            }
        }
    }
}

/// One clause for people.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExpiredCertificate => "the server's certificate is not valid at this time",
            Self::UntrustedIssuer => "the server's certificate is signed by nobody but itself",
            Self::UnsupportedVersion => "no version of TLS is left that the profile supports",
            Self::UnsupportedCipher => "no cipher suite is left that the profile supports",
            Self::ClientCertificate => "the server asks for the client's certificate",
            Self::SshVersion => "this is not version 2 of SSH",
            Self::SshAlgorithm => "no algorithm of SSH is left that the firewall supports",
        })
    }
}

/// What a profile makes of something that it does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The session is blocked.
    Block(Check),
    /// It passes, without decryption from now on, and the server goes to the local exclusion cache.
    Exclude(Check),
}

/// Something to know of a decrypted session that blocks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Note {
    /// The server has chosen a version that the profile does not support: the firewall would negotiate another, as on
    /// the wire.
    OtherVersion(u16),
    /// The server has chosen a suite that the profile does not support: the firewall would offer the client's others.
    OtherCipher(u16),
    /// Certificate, request for the client's, and most alerts are encrypted.
    Hidden,
    /// The firewall's copy of the certificate would lack extensions.
    Extensions,
    /// The certificate is not for the host that the client asks for.
    WrongName,
    /// The certificates that are sent are no whole chain.
    Chain(Chain),
    /// One of an issuer is not valid at this time.
    ExpiredIssuer,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherVersion(version) => write!(
                f,
                "the server has chosen a version that the profile does not support: the firewall would negotiate {}; \
                 whether the server can is not in the capture",
                version_name(*version)
            ),
            Self::OtherCipher(cipher) => write!(
                f,
                "the server has chosen a suite that the profile does not support, {} (0x{cipher:04x}): the firewall would \
                 offer the client's others; whether the server would take one is not in the capture",
                cipher_name(*cipher).unwrap_or("one without a switch")
            ),
            Self::Hidden => f.write_str(
                "TLS 1.3: certificate, client-certificate request and most alerts are encrypted; nothing can be told of \
                 them",
            ),
            Self::Extensions => f.write_str(
                "restrict-cert-exts: the certificate has extensions that the firewall's copy of it would not have",
            ),
            Self::Chain(Chain::Disordered) => f.write_str(
                "the server's certificates are in no order: one is followed by another than its issuer's",
            ),
            Self::Chain(_) => f.write_str(
                "the server sends no certificate of its issuer: a firewall that does not have it cannot trust it",
            ),
            Self::ExpiredIssuer => f.write_str(
                "a certificate that the server sends for its issuers is not valid at this time: unless the firewall has \
                 another one, it counts as expired",
            ),
            Self::WrongName => f.write_str(
                "the server's certificate is for another name than the client asks for; the profile has no check for that",
            ),
        }
    }
}

impl DecryptionProfile {
    /// The lowest and the highest version that it supports, as on the wire.
    fn versions(&self) -> [u16; 2] {
        [self.min_version().number(), self.max_version().unwrap_or(Version::Tls13).number()]
    }

    /// Whether all parts of a suite are switched on; one whose parts have no switches is not supported.
    fn supports(&self, suite: u16) -> bool {
        Suite::of(suite).is_some_and(|suite| suite.keys().all(|key| self.is_on(Section::Protocol, key)))
    }

    /// Whether a client offers a suite that is switched on, for a version that both support.
    fn has_suite_for(&self, offer: &ClientOffer) -> bool {
        let [lowest, highest] = self.versions();
        offer.suites().iter().any(|&number| {
            let has_version = Suite::of(number).is_some_and(|suite| {
                let [oldest, newest] = suite.versions();
                offer.best_within(oldest.max(lowest), newest.min(highest)).is_some()
            });
            has_version && self.supports(number)
        })
    }

    /// What it makes, in one of its sections, of something that a side of TLS has shown at `at`; `None` where nothing
    /// is wrong with it. The firewall negotiates with each side for itself: what the server has chosen counts for nothing
    /// where the client offers something else that is supported.
    pub fn check(
        &self,
        section: Section,
        shown: Handshake,
        offer: Option<&ClientOffer>,
        at: Timestamp,
    ) -> Option<Refusal> {
        let [lowest, highest] = self.versions();
        let is_none_left = || offer.is_some_and(|offer| offer.best_within(lowest, highest).is_none());
        let negotiates = matches!(section, Section::ForwardProxy | Section::InboundProxy);
        let looks_at_certificates = matches!(section, Section::ForwardProxy | Section::NoProxy);
        let found = match shown {
            Handshake::ClientHello { .. } if negotiates && is_none_left() => Check::UnsupportedVersion,
            // Servers choose the newest that both sides have.
            Handshake::ServerHello { version, .. }
                if negotiates && (released(version) < lowest || is_none_left()) =>
            {
                Check::UnsupportedVersion
            }
            Handshake::ServerHello { version, cipher }
                if negotiates
                    && (released(version) > highest || !self.supports(cipher))
                    && offer.is_some_and(|offer| !self.has_suite_for(offer)) =>
            {
                Check::UnsupportedCipher
            }
            Handshake::Certificate(standing) if looks_at_certificates && is_expired(standing, at) => {
                Check::ExpiredCertificate
            }
            Handshake::Certificate(standing) if looks_at_certificates && standing.self_signed => {
                Check::UntrustedIssuer
            }
            Handshake::CertificateRequest if negotiates => Check::ClientCertificate,
            _ => return None,
        };
        self.refuse(section, found)
    }

    /// What it makes of what a side of SSH opens with; `None` where nothing is wrong with it.
    pub fn check_ssh(&self, opening: &Opening<'_>) -> Option<Refusal> {
        let found = if opening.version.is_some_and(|version| !ssh::is_supported(version)) {
            Check::SshVersion
        } else if opening.lists.is_some_and(|lists| !ssh::has_algorithms(lists)) {
            Check::SshAlgorithm
        } else {
            return None;
        };
        self.refuse(Section::SshProxy, found)
    }

    fn refuse(&self, section: Section, found: Check) -> Option<Refusal> {
        match (self.is_on(section, found.key()), found) {
            (true, _) => Some(Refusal::Block(found)),
            // A certificate that is not blocked is passed on as one that nobody should trust.
            (false, Check::ExpiredCertificate | Check::UntrustedIssuer) => None,
            (false, _) => Some(Refusal::Exclude(found)),
        }
    }

    /// What there is to know besides of something that it does not refuse.
    pub fn note(&self, section: Section, shown: Handshake, offer: Option<&ClientOffer>) -> Option<Note> {
        let [lowest, highest] = self.versions();
        let negotiates = matches!(section, Section::ForwardProxy | Section::InboundProxy);
        match shown {
            Handshake::ServerHello { version, .. } if negotiates && released(version) > highest => {
                Some(Note::OtherVersion(offer?.best_within(lowest, highest)?))
            }
            Handshake::ServerHello { cipher, .. } if negotiates && !self.supports(cipher) => {
                Some(Note::OtherCipher(cipher))
            }
            Handshake::Certificate(Standing { has_extensions: true, .. })
                if section == Section::ForwardProxy && self.is_on(section, "restrict-cert-exts") =>
            {
                Some(Note::Extensions)
            }
            _ => None,
        }
    }
}

/// What is to be known of a server's certificates that no profile has a check for.
pub fn about_chain(shown: Handshake, at: Timestamp) -> impl Iterator<Item = Note> {
    let standing = if let Handshake::Certificate(standing) = shown { Some(standing) } else { None };
    let chain = standing.map(|it| it.chain).filter(|chain| *chain != Chain::Linked).map(Note::Chain);
    let expired = standing.is_some_and(|it| !is_within(it.issuers, at)).then_some(Note::ExpiredIssuer);
    chain.into_iter().chain(expired)
}

fn is_expired(standing: Standing, at: Timestamp) -> bool {
    !is_within([standing.not_before, standing.not_after], at)
}

/// Whether it is that time: seconds since 1970, where they are known.
fn is_within([start, end]: [Option<i64>; 2], at: Timestamp) -> bool {
    let now = i64::try_from(at.since(Timestamp::ZERO).secs()).unwrap_or(i64::MAX);
    end.is_none_or(|end| end >= now) && start.is_none_or(|start| start <= now)
}
