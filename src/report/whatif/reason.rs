//! What would become of a session under interception, and why.

use std::borrow::Cow;
use std::fmt;

use super::pins::Pin;
use crate::app::tls::alert_name;
use crate::feature::decryption::Check;

/// What an entry in the exclusion list says of hosts whose clients are known for pinning.
pub(super) const KNOWN_TO_PIN: &str = "known to pin";

/// What interception would do to a session or a host, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Verdict {
    /// Nothing in the capture speaks against it.
    Fine,
    /// It passes as it is, and nothing sees what is in it.
    NotDecrypted,
    /// Something speaks against it, and the capture cannot tell more.
    MayBreak,
    /// The session is blocked.
    Breaks,
}

impl Verdict {
    /// The worst first.
    pub(super) const ALL: [Self; 4] = [Self::Breaks, Self::MayBreak, Self::NotDecrypted, Self::Fine];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::NotDecrypted => "not decrypted",
            Self::MayBreak => "may break",
            Self::Breaks => "breaks",
        }
    }
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The profile blocks it.
    Blocked(Check),
    /// The profile does not support it and lets it pass.
    Unsupported {
        /// What.
        check: Check,
        /// Whether the client offers suites that the profile supports, so that the firewall may agree on one.
        has_alternative: bool,
    },
    /// Its clients are known for pinning.
    KnownToPin(&'static Pin),
    /// The handshake fails in the capture already: with an alert of the client or of the server.
    Fails {
        /// Whether the client sent it.
        by_client: bool,
        /// Its code.
        code: u8,
    },
    /// The profile lets the certificate pass; a stricter one would not.
    Doubtful(Check),
    /// QUIC.
    Quic,
    /// TLS after words in the clear.
    StartTls,
    /// Port 443, and no TLS.
    NotTls,
    /// `ssl-exclude-cert` of the rulebase names the server already.
    Listed,
    /// The beginning of the session is not in the capture, or damaged.
    NoHandshake,
    /// It is TLS, and App-ID did not say so: application override, or a session that was not followed to there.
    NotIdentified,
    /// The client asks for no host by name.
    NoServerName,
    /// The name that the client asks for may not be the true one.
    HidesName,
}

impl Reason {
    pub(super) const fn verdict(self) -> Verdict {
        match self {
            Self::Blocked(_) => Verdict::Breaks,
            Self::KnownToPin(_) | Self::Fails { .. } | Self::Doubtful(_) => Verdict::MayBreak,
            Self::Unsupported { .. }
            | Self::Quic
            | Self::StartTls
            | Self::NotTls
            | Self::Listed
            | Self::NoHandshake
            | Self::NotIdentified => Verdict::NotDecrypted,
            Self::NoServerName | Self::HidesName => Verdict::Fine,
        }
    }

    /// Its name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Blocked(_) => "blocked-by-profile",
            Self::Unsupported { .. } => "unsupported",
            Self::KnownToPin(_) => "known-to-pin",
            Self::Fails { .. } => "fails-already",
            Self::Doubtful(_) => "doubtful-certificate",
            Self::Quic => "quic",
            Self::StartTls => "starttls",
            Self::NotTls => "not-tls",
            Self::Listed => "listed",
            Self::NoHandshake => "no-handshake",
            Self::NotIdentified => "not-identified",
            Self::NoServerName => "no-server-name",
            Self::HidesName => "hidden-name",
        }
    }

    /// What an entry in the exclusion list says of it; `None` where the host does not belong there: nothing technical
    /// is in the way, or the certificate should be mended.
    pub(super) const fn exclusion(self) -> Option<&'static str> {
        match self {
            Self::Blocked(check) | Self::Unsupported { check, .. } => match check {
                Check::ClientCertificate => Some("client certificate"),
                Check::UnsupportedVersion => Some("unsupported version"),
                Check::UnsupportedCipher => Some("unsupported cipher"),
                _ => None,
            },
            Self::KnownToPin(_) => Some(KNOWN_TO_PIN),
            _ => None,
        }
    }
}

/// One clause for people.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Blocked(check) => write!(f, "{}: the profile blocks it", clause(check)),
            Self::Unsupported { check, has_alternative } => {
                write!(f, "{}: passes undecrypted", clause(check))?;
                match (check, has_alternative) {
                    (Check::UnsupportedCipher, true) => f.write_str(", unless the server takes another"),
                    (Check::UnsupportedCipher, false) => f.write_str("; the client offers no other"),
                    _ => Ok(()),
                }
            }
            Self::KnownToPin(pin) => {
                write!(f, "known to pin: {} ({}; {})", pin.who, pin.kind, pin.confidence)
            }
            Self::Fails { by_client, code } => {
                let side = if by_client { "client" } else { "server" };
                write!(f, "fails already: the {side}'s alert ")?;
                match alert_name(code) {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{code}"),
                }
            }
            Self::Doubtful(check) => write!(f, "{}: a stricter profile blocks it", clause(check)),
            Self::Quic => f.write_str("QUIC is never decrypted"),
            Self::StartTls => f.write_str("STARTTLS is not decrypted"),
            Self::NotTls => f.write_str("no TLS on port 443"),
            Self::Listed => f.write_str("ssl-exclude-cert names it already"),
            Self::NoHandshake => f.write_str("handshake not whole in the capture"),
            Self::NotIdentified => f.write_str("not identified as TLS, such as by an application override"),
            Self::NoServerName => f.write_str("no server name"),
            Self::HidesName => f.write_str("may hide its name (ECH or ESNI)"),
        }
    }
}

/// What a check finds, in few words.
fn clause(check: Check) -> Cow<'static, str> {
    match check {
        Check::ExpiredCertificate => "certificate not valid at this time".into(),
        Check::UntrustedIssuer => "certificate signed by itself".into(),
        Check::UnsupportedVersion => "version not supported by the profile".into(),
        Check::ClientCertificate => "server asks for a client certificate".into(),
        Check::UnsupportedCipher => "the profile does not support the cipher suite".into(),
        other => other.to_string().into(),
    }
}
