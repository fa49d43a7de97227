//! Small words in which events speak, with their names.

use std::fmt;

use crate::app::tls::decrypt::{Stop, cipher_name};
use crate::app::tls::{alert_name, version_name};
use crate::feature::decryption::{Check, Note};

/// How decryption of a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecryptionStep {
    /// The rule decrypts it, from here on. The capture holds no clear text, unless there is a key log.
    Begins,
    /// The rule leaves it as it is.
    NoDecrypt,
    /// It passes, without decryption from here on: the profile does not support it, and does not block that.
    Excluded(Check),
    /// It passes undecrypted: the server is in the local exclusion cache.
    Cached,
    /// It passes, without decryption: `ssl-exclude-cert` names the server.
    Listed,
    /// Something to know that blocks nothing.
    Noted(Note),
    /// The profile blocks it.
    Blocked(Check),
    /// Its records are sealed from here on, and are to be opened with secrets of a key log: version and cipher suite, as
    /// on the wire.
    Sealed {
        /// The version.
        version: u16,
        /// The suite.
        cipher: u16,
    },
    /// Records of the packet at hand were opened.
    Opened(Records),
    /// Its records are opened no further, or not at all.
    Shut(Stop),
    /// A fatal alert ends it, by its code (RFC 8446, 6).
    Alert(u8),
}

/// A TCP option that is taken off (PANOS.md 6.1, 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stripped {
    /// MPTCP: the connection stays one of plain TCP.
    Mptcp,
    /// Timestamps.
    Timestamp,
    /// TCP Fast Open, with the data of the SYN.
    FastOpen,
}

/// A packet that the firewall makes itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Injection {
    /// A RST that seems to come from the peer.
    Rst,
    /// An ICMP or ICMPv6 destination unreachable, administratively prohibited.
    Unreachable,
    /// A SYN-ACK in the server's place: a SYN cookie.
    SynAck,
    /// A SYN in the client's place, once the client has answered the cookie.
    Syn,
}

impl Injection {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rst => "rst",
            Self::Unreachable => "unreachable",
            Self::SynAck => "syn-ack",
            Self::Syn => "syn",
        }
    }
}

/// Why something that was announced is not predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unpredicted {
    /// It is at an address of neither side of the session (RFC 2577, 3).
    Elsewhere,
    /// Its port is below 1024 (RFC 2577, 3).
    PrivilegedPort,
    /// NAT has no port left for it.
    NatExhausted,
    /// NAT would have to rewrite it, and it came in more than one segment: a part of it has left.
    Split,
}

/// Why nobody looks into a session, or less closely, although its application is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uninspected {
    /// An application-override rule makes it a custom application, for which there is no decoder (PANOS.md 2.7).
    Overridden,
    /// The gateway of its application is switched off (`alg-override`).
    AlgDisabled,
}

impl Uninspected {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overridden => "overridden",
            Self::AlgDisabled => "alg-disabled",
        }
    }

    /// One sentence for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Overridden => {
                "layer-7 inspection is off, for an application-override rule says what it is: no decoder, no ALG, no \
                 content inspection"
            }
            Self::AlgDisabled => {
                "the ALG of the application is switched off (alg-override): nothing it announces is predicted"
            }
        }
    }
}

/// A limit of the firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// The session table is full.
    Sessions,
    /// A session has too many out-of-order segments.
    OutOfOrderSegments,
    /// All sessions together have too many out-of-order segments.
    OutOfOrderTotal,
    /// The bytes kept to be compared with later ones in their place are full.
    OverlapBytes,
    /// More ICMP unreachables than the firewall sends in a second.
    IcmpUnreachable,
    /// Too many servers' answers wait for a client's, while SYN cookies are in use.
    SynCookies,
    /// The bytes kept for App-ID are full.
    AppIdBytes,
    /// The App-ID cache has no room for another server.
    AppIdCache,
    /// The key logs have secrets of more connections than are kept.
    KeyLogEntries,
    /// The local exclusion cache of decryption has no room for another server.
    Exclusions,
    /// Reconnaissance protection has no room to watch another source, port or host.
    ScanEntries,
    /// No more sources can be blocked.
    BlockedSources,
    /// No more predict sessions, of this session or at all.
    Predictions,
    /// Content that security profiles look into becomes too large, or too much of it is remarkable at once.
    Inspection,
}

impl Limit {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::OutOfOrderSegments => "out-of-order-segments",
            Self::OutOfOrderTotal => "out-of-order-total",
            Self::OverlapBytes => "overlap-bytes",
            Self::IcmpUnreachable => "icmp-unreachable",
            Self::SynCookies => "syn-cookies",
            Self::AppIdBytes => "app-id-bytes",
            Self::AppIdCache => "app-id-cache",
            Self::KeyLogEntries => "key-log-entries",
            Self::Exclusions => "exclusions",
            Self::Inspection => "inspection",
            Self::ScanEntries => "scan-entries",
            Self::BlockedSources => "blocked-sources",
            Self::Predictions => "predictions",
        }
    }
}

impl Unpredicted {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Elsewhere, Self::PrivilegedPort, Self::NatExhausted, Self::Split];

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Elsewhere => "elsewhere",
            Self::PrivilegedPort => "privileged-port",
            Self::NatExhausted => "nat-exhausted",
            Self::Split => "split",
        }
    }

    /// One clause for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Elsewhere => "the address belongs to neither side of the session",
            Self::PrivilegedPort => "the port is below 1024",
            Self::NatExhausted => "NAT has no port left for it",
            Self::Split => "NAT would have to rewrite it, and a part of it has left in an earlier segment",
        }
    }
}

impl DecryptionStep {
    /// Whether decryption fails with it, and the session is blocked.
    pub const fn fails(self) -> bool {
        matches!(self, Self::Blocked(_) | Self::Alert(_))
    }

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begins => "begins",
            Self::NoDecrypt => "no-decrypt",
            Self::Excluded(_) => "excluded",
            Self::Cached => "cached",
            Self::Listed => "listed",
            Self::Noted(_) => "noted",
            Self::Blocked(_) => "blocked",
            Self::Sealed { .. } => "sealed",
            Self::Opened(_) => "opened",
            Self::Shut(_) => "shut",
            Self::Alert(_) => "alert",
        }
    }

    /// What there is to say, in words; empty where there is nothing.
    pub fn detail(self) -> String {
        match self {
            Self::Begins | Self::NoDecrypt => String::new(),
            Self::Cached => "excluded: the server is in the local exclusion cache".to_owned(),
            Self::Listed => "excluded: ssl-exclude-cert names the server".to_owned(),
            Self::Noted(note) => note.to_string(),
            Self::Excluded(check) | Self::Blocked(check) => check.to_string(),
            Self::Sealed { version, cipher } => {
                let name = cipher_name(cipher).unwrap_or("a cipher suite that is not opened");
                format!("{}, {name} (0x{cipher:04x})", version_name(version))
            }
            Self::Opened(records) => records.to_string(),
            Self::Shut(stop) => stop.to_string(),
            Self::Alert(code) => {
                alert_name(code).map_or_else(|| format!("alert {code}"), |name| format!("{name} ({code})"))
            }
        }
    }
}

impl Stripped {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mptcp => "mptcp",
            Self::Timestamp => "timestamp",
            Self::FastOpen => "fast-open",
        }
    }
}

/// Records that were opened: which types, and how many bytes they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Records {
    kinds: u8,
    bytes: u32,
}

/// Types of records with their names (RFC 8446, 5.1; RFC 6520, 3).
const KINDS: [(u8, &str); 5] = [
    (20, "change_cipher_spec"),
    (21, "alert"),
    (22, "handshake"),
    (23, "application_data"),
    (24, "heartbeat"),
];

impl Records {
    /// One more.
    pub(super) fn add(&mut self, kind: u8, len: usize) {
        self.kinds |= 1 << (kind % 8);
        self.bytes = self.bytes.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
    }

    /// Whether there are none.
    pub(super) const fn is_empty(self) -> bool {
        self.kinds == 0
    }
}

/// As `handshake, application_data: 78 bytes`.
impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = KINDS.iter().filter(|(kind, _)| self.kinds & 1 << (kind % 8) != 0);
        for (index, (_, name)) in names.enumerate() {
            write!(f, "{}{name}", if index == 0 { "" } else { ", " })?;
        }
        write!(f, ": {} byte{}", self.bytes, if self.bytes == 1 { "" } else { "s" })
    }
}
