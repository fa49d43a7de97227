//! Zone protection: what a profile on the ingress zone asks of every packet, before any session (PANOS.md 1.1, 6.2).

mod flood;
mod guard;
mod keys;
mod scan;

use ipnet::IpNet;

pub use flood::{Flood, FloodAction, FloodDecision, FloodKind, Level, Meter};
pub use guard::{Guard, Guards};
pub use keys::{Value, keys};
pub use scan::{Scan, ScanAction, ScanKind, Scanner, Sighting, TrackBy};

use crate::flow::ZoneId;

/// A zone-protection profile. [`Default`] is the profile as PAN-OS makes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZoneProtection {
    /// Its name.
    pub name: String,
    /// What it asks of TCP.
    pub tcp: TcpProtection,
    /// What it asks of single packets.
    pub guards: Guards,
    /// Flood protection, by [`FloodKind`]; `None` where it is not enabled.
    pub floods: [Option<Flood>; FloodKind::ALL.len()],
    /// Reconnaissance protection, by [`ScanKind`].
    pub scans: [Option<Scan>; ScanKind::ALL.len()],
    /// `scan-white-list`: sources that may scan.
    pub scan_white_list: Vec<IpNet>,
}

/// What a profile notices over several packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threat {
    /// Too many new connections.
    Flood(FloodKind),
    /// Somebody looks around.
    Scan(ScanKind),
}

impl Threat {
    /// What the threat log calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flood(kind) => kind.name(),
            Self::Scan(kind) => kind.name(),
        }
    }
}

/// What is done about a threat, in the words of the threat log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response {
    /// It is told.
    Alert,
    /// Some packets are dropped.
    RandomDrop,
    /// SYNs are answered with SYN cookies.
    SynCookie,
    /// Packets are dropped.
    Drop,
    /// The source is blocked for a while.
    BlockIp,
}

impl Response {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::RandomDrop => "random-drop",
            Self::SynCookie => "syncookie-sent",
            Self::Drop => "drop",
            Self::BlockIp => "block-ip",
        }
    }
}

/// The TCP part of a profile. `None` stands for `global`: the firewall's setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpProtection {
    /// `tcp-reject-non-syn`.
    pub reject_non_syn: Option<bool>,
    /// `asymmetric-path bypass` (`true`) or `drop`.
    pub asymmetric_bypass: Option<bool>,
    /// `strip-mptcp-option`.
    pub strip_mptcp: Option<bool>,
    /// `discard-tcp-split-handshake`.
    pub discard_split_handshake: bool,
    /// `discard-tcp-syn-with-data`.
    pub discard_syn_with_data: bool,
    /// `discard-tcp-synack-with-data`.
    pub discard_synack_with_data: bool,
    /// `strip-tcp-fast-open-and-data`.
    pub strip_fast_open: bool,
    /// `remove-tcp-timestamp`.
    pub remove_timestamp: bool,
    /// `discard-overlapping-tcp-segment-mismatch`.
    pub discard_overlap_mismatch: bool,
}

impl Default for TcpProtection {
    fn default() -> Self {
        Self {
            reject_non_syn: None,
            asymmetric_bypass: None,
            strip_mptcp: None,
            discard_split_handshake: false,
            discard_syn_with_data: true,
            discard_synack_with_data: true,
            strip_fast_open: false,
            remove_timestamp: false,
            discard_overlap_mismatch: false,
        }
    }
}

/// The profiles of all zones.
#[derive(Debug, Clone, Default)]
pub struct Protections {
    /// By [`ZoneId`]; shorter than the list of zones where the last ones have none.
    by_zone: Vec<Option<ZoneProtection>>,
}

impl Protections {
    /// Puts a profile on a zone.
    pub fn set(&mut self, zone: ZoneId, profile: ZoneProtection) {
        let index = usize::from(zone.0);
        if self.by_zone.len() <= index {
            self.by_zone.resize(index + 1, None);
        }
        self.by_zone[index] = Some(profile);
    }

    /// The profile of a zone, where it has one.
    pub fn of(&self, zone: ZoneId) -> Option<&ZoneProtection> {
        self.by_zone.get(usize::from(zone.0))?.as_ref()
    }

    /// Whether no zone has one.
    pub const fn is_empty(&self) -> bool {
        self.by_zone.is_empty()
    }
}
