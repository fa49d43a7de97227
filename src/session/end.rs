//! Why a session ended.

use std::fmt;

/// Session end reasons in the order of their precedence: where several apply, the first is logged
/// (PANOS.md 4.1, KB "PAN-OS 7.1 New 'session end' reasons"). The order of this enum is that order: do not sort it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndReason {
    /// A threat was found and reset, dropped or blocked.
    Threat,
    /// A rule blocks it.
    PolicyDeny,
    /// A certificate check, or a certificate alert, ended a decrypted session.
    DecryptCertValidation,
    /// An unsupported version, cipher or parameter ended a decrypted session.
    DecryptUnsupportParam,
    /// Any other failure of decryption.
    DecryptError,
    /// The client sent a RST.
    TcpRstFromClient,
    /// The server sent a RST.
    TcpRstFromServer,
    /// A limit of the firewall.
    ResourcesUnavailable,
    /// One side or both sent a FIN.
    TcpFin,
    /// A new SYN took over the ports during TIME-WAIT.
    TcpReuse,
    /// The decoder saw a new connection inside this one.
    Decoder,
    /// Its timer ran out.
    AgedOut,
    /// Anything else, such as `clear session`.
    Unknown,
}

impl EndReason {
    /// All, in order of precedence.
    pub const ALL: [Self; 13] = [
        Self::Threat,
        Self::PolicyDeny,
        Self::DecryptCertValidation,
        Self::DecryptUnsupportParam,
        Self::DecryptError,
        Self::TcpRstFromClient,
        Self::TcpRstFromServer,
        Self::ResourcesUnavailable,
        Self::TcpFin,
        Self::TcpReuse,
        Self::Decoder,
        Self::AgedOut,
        Self::Unknown,
    ];

    /// PAN-OS's spelling in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Threat => "threat",
            Self::PolicyDeny => "policy-deny",
            Self::DecryptCertValidation => "decrypt-cert-validation",
            Self::DecryptUnsupportParam => "decrypt-unsupport-param",
            Self::DecryptError => "decrypt-error",
            Self::TcpRstFromClient => "tcp-rst-from-client",
            Self::TcpRstFromServer => "tcp-rst-from-server",
            Self::ResourcesUnavailable => "resources-unavailable",
            Self::TcpFin => "tcp-fin",
            Self::TcpReuse => "tcp-reuse",
            Self::Decoder => "decoder",
            Self::AgedOut => "aged-out",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the session's row is written when it happens (subtype `deny`), and none when the session expires
    /// (PANOS.md 1.7, 8).
    pub const fn is_logged_at_once(self) -> bool {
        matches!(
            self,
            Self::PolicyDeny | Self::DecryptCertValidation | Self::DecryptUnsupportParam | Self::DecryptError
        )
    }

    /// `tracker stage firewall` in `show session id` (PANOS.md 4.3); `None` where no source gives one.
    pub const fn tracker_stage(self) -> Option<&'static str> {
        match self {
            Self::Threat => Some("mitigation tdb"),
            Self::PolicyDeny => Some("appid policy lookup deny"),
            Self::TcpRstFromClient => Some("TCP RST - client"),
            Self::TcpRstFromServer => Some("TCP RST - server"),
            Self::ResourcesUnavailable => Some("resource limit"),
            Self::TcpFin => Some("TCP FIN"),
            Self::AgedOut => Some("Aged out"),
            Self::DecryptCertValidation
            | Self::DecryptUnsupportParam
            | Self::DecryptError
            | Self::TcpReuse
            | Self::Decoder
            | Self::Unknown => None,
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndCauses(u16);

impl EndCauses {
    /// Adds one.
    pub const fn add(&mut self, cause: EndReason) {
        self.0 |= 1 << cause as u16;
    }

    /// Takes one back.
    pub const fn remove(&mut self, cause: EndReason) {
        self.0 &= !(1 << cause as u16);
    }

    /// Whether it is among them.
    pub const fn contains(self, cause: EndReason) -> bool {
        self.0 >> cause as u16 & 1 == 1
    }

    /// The highest of those whose row is written when they happen.
    pub fn logged_at_once(self) -> Option<EndReason> {
        EndReason::ALL.into_iter().find(|&cause| self.contains(cause) && cause.is_logged_at_once())
    }

    /// The one that is logged: the highest in precedence; [`EndReason::Unknown`] where there is none.
    pub fn reason(self) -> EndReason {
        EndReason::ALL.into_iter().find(|&cause| self.contains(cause)).unwrap_or(EndReason::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_is_dense_and_in_precedence() {
        for (index, reason) in EndReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
        }
        assert!(EndReason::ALL.is_sorted());
    }

    proptest! {
        #[test]
        fn the_reason_is_the_least_cause_in_any_order(picked in proptest::collection::vec(0usize..13, 1..8)) {
            let mut causes = EndCauses::default();
            for &index in &picked {
                causes.add(EndReason::ALL[index]);
            }
            prop_assert_eq!(Some(causes.reason()), picked.iter().map(|&index| EndReason::ALL[index]).min());
        }
    }
}
