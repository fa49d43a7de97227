//! Reconnaissance protection: who tries many ports, hosts or protocols within an interval (PANOS.md 6.2).
//!
//! Ports and protocols are counted for each pair of source and destination, hosts for each source. An interval begins
//! with the first packet and is over so many seconds later, whatever comes in it. What is remembered is bounded: where
//! there is no room a newcomer is not watched.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::flow::{Addr, FlowKey, Protocol};
use crate::time::{Span, Timestamp};

/// Kinds of scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScanKind {
    /// Many TCP ports of a host.
    TcpPorts,
    /// Many hosts.
    Hosts,
    /// Many UDP ports of a host.
    UdpPorts,
    /// Many IP protocols of a host.
    Protocols,
}

impl ScanKind {
    /// All, in order of declaration.
    pub const ALL: [Self; 4] = [Self::TcpPorts, Self::Hosts, Self::UdpPorts, Self::Protocols];

    /// PAN-OS's number, which is the key below `scan`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::TcpPorts => "8001",
            Self::Hosts => "8002",
            Self::UdpPorts => "8003",
            Self::Protocols => "8006",
        }
    }

    /// What the threat log calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TcpPorts => "SCAN: TCP Port Scan(8001)",
            Self::Hosts => "SCAN: Host Sweep(8002)",
            Self::UdpPorts => "SCAN: UDP Port Scan(8003)",
            Self::Protocols => "SCAN: IP Protocol Scan(8006)",
        }
    }

    /// What the first packet of a session with this key tries, where this kind counts it: who does it, whose ports it
    /// is about, and the port, host or protocol.
    const fn attempt(self, key: &FlowKey) -> Option<(Pair, Addr)> {
        let everyone = Addr::from_bits(0);
        match (self, key.protocol) {
            (Self::TcpPorts, Protocol::TCP) | (Self::UdpPorts, Protocol::UDP) => {
                Some(((key.src, key.dst), Addr::from_bits(key.dport as u128)))
            }
            (Self::Hosts, _) => Some(((key.src, everyone), key.dst)),
            (Self::Protocols, _) => Some(((key.src, key.dst), Addr::from_bits(key.protocol.0 as u128))),
            (Self::TcpPorts | Self::UdpPorts, _) => None,
        }
    }
}

/// Whom `block-ip` blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackBy {
    /// The source.
    Source,
    /// The source toward that destination.
    SourceAndDestination,
}

impl TrackBy {
    /// PAN-OS's words.
    pub const WORDS: [(&'static str, Self); 2] =
        [("source", Self::Source), ("source-and-destination", Self::SourceAndDestination)];

    /// PAN-OS's word.
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// What is done about a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanAction {
    /// Nothing.
    Allow,
    /// It is told.
    Alert,
    /// It is told, and no session is set up any more in the rest of the interval.
    Block,
    /// It is told, and the source is blocked.
    BlockIp {
        /// Whom it blocks.
        track_by: TrackBy,
        /// For so many seconds.
        duration: u32,
    },
}

/// The protection against one kind of scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// What is done.
    pub action: ScanAction,
    /// Seconds of an interval.
    pub interval: u32,
    /// So many ports, hosts or protocols are a scan.
    pub threshold: u32,
}

impl Scan {
    /// Neither interval nor threshold is higher.
    pub const MAX: u32 = 65_535;
    /// Seconds that `block-ip` blocks where it does not say.
    pub const DURATION: u32 = 300;
    /// It blocks no longer.
    pub const DURATION_MAX: u32 = 3_600;

    /// As PAN-OS makes it: a threshold of 100 in 2 seconds, of hosts in 10.
    pub const fn new(kind: ScanKind) -> Self {
        let interval = if matches!(kind, ScanKind::Hosts) { 10 } else { 2 };
        Self { action: ScanAction::Alert, interval, threshold: 100 }
    }
}

/// Source and destination; no destination where it does not matter.
type Pair = (Addr, Addr);

/// What is known of a packet's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// It may be harmless.
    Harmless,
    /// With this packet it is a scan.
    Found,
    /// It has been found to be one in this interval.
    Known,
    /// There is no room to remember it.
    NoRoom,
}

/// Remembers what sources try in one zone, for one kind of scan.
#[derive(Debug, Default)]
pub struct Scanner {
    watched: BTreeMap<Pair, Watch>,
    /// When the interval of each is over. Intervals are of one length, so they end in the order in which they began.
    ends: VecDeque<(Timestamp, Pair)>,
}

/// One source, or one source with one destination.
#[derive(Debug, Default)]
struct Watch {
    /// What it has tried; empty once it is found to be a scan.
    tried: BTreeSet<Addr>,
    found: bool,
}

impl Scanner {
    /// Counts the first packet of a session that would have this key. `room` is how much more may be remembered, by
    /// this scanner and others.
    pub fn count(
        &mut self,
        kind: ScanKind,
        scan: &Scan,
        key: &FlowKey,
        now: Timestamp,
        room: &mut usize,
    ) -> Sighting {
        let Some((pair, tried)) = kind.attempt(key) else { return Sighting::Harmless };
        self.forget(now, room);
        if !self.watched.contains_key(&pair) {
            // A watch and what it has tried.
            let Some(left) = room.checked_sub(2) else { return Sighting::NoRoom };
            *room = left;
            self.ends.push_back((now + Span::from_secs(u64::from(scan.interval)), pair));
            let watch = Watch { tried: BTreeSet::from([tried]), found: false };
            self.watched.insert(pair, watch);
            return Sighting::Harmless;
        }
        let Some(watch) = self.watched.get_mut(&pair) else { return Sighting::Harmless };
        if watch.found {
            return Sighting::Known;
        }
        if watch.tried.contains(&tried) {
            return Sighting::Harmless;
        }
        if watch.tried.len() + 1 >= scan.threshold as usize {
            watch.found = true;
            *room += watch.tried.len();
            watch.tried.clear();
            return Sighting::Found;
        }
        let Some(left) = room.checked_sub(1) else { return Sighting::NoRoom };
        *room = left;
        watch.tried.insert(tried);
        Sighting::Harmless
    }

    /// Forgets whose interval is over by `now`.
    pub fn forget(&mut self, now: Timestamp, room: &mut usize) {
        while let Some(&(end, pair)) = self.ends.front().filter(|(end, _)| *end <= now) {
            self.ends.pop_front();
            debug_assert!(end <= now, "intervals end in order");
            if let Some(watch) = self.watched.remove(&pair) {
                *room += 1 + watch.tried.len();
            }
        }
    }

    /// How many sources are watched.
    pub fn watched(&self) -> usize {
        self.watched.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(src: u32, dst: u8, dport: u16) -> FlowKey {
        let src = Addr::v4(src.to_be_bytes());
        let dst = Addr::v4([192, 0, 2, dst]);
        let zone = crate::flow::ZoneId::default();
        FlowKey { src, dst, sport: 40_000, dport, protocol: Protocol::TCP, zone }
    }

    const SCAN: Scan = Scan { action: ScanAction::Block, interval: 2, threshold: 3 };

    #[test]
    fn ports_count_for_each_host_and_hosts_for_each_source() {
        use Sighting::{Found, Harmless, Known};
        for (kind, attempts, seen) in [
            (
                ScanKind::TcpPorts,
                [(1, 1), (1, 2), (1, 2), (1, 3), (1, 4)],
                [Harmless, Harmless, Harmless, Found, Known],
            ),
            (ScanKind::TcpPorts, [(1, 1), (2, 2), (3, 3), (1, 4), (2, 5)], [Harmless; 5]),
            (
                ScanKind::Hosts,
                [(1, 1), (2, 1), (3, 1), (1, 1), (4, 1)],
                [Harmless, Harmless, Found, Known, Known],
            ),
            (ScanKind::Hosts, [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)], [Harmless; 5]),
            (ScanKind::UdpPorts, [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)], [Harmless; 5]),
            (ScanKind::Protocols, [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)], [Harmless; 5]),
        ] {
            let (mut scanner, mut room) = (Scanner::default(), 100);
            let now = Timestamp::from_secs(5);
            let found =
                attempts.map(|(host, port)| scanner.count(kind, &SCAN, &key(7, host, port), now, &mut room));
            assert_eq!(found, seen, "{kind:?} {attempts:?}");
        }
    }

    #[test]
    fn intervals_end_and_room_comes_back() {
        let (mut scanner, mut room) = (Scanner::default(), 100);
        let at = |nanos: u64| Timestamp::from_nanos(5_000_000_000 + nanos);
        let mut count = |port, nanos| {
            let seen = scanner.count(ScanKind::TcpPorts, &SCAN, &key(7, 1, port), at(nanos), &mut room);
            (seen, room)
        };
        assert_eq!(count(1, 0), (Sighting::Harmless, 98));
        assert_eq!(count(1, 1), (Sighting::Harmless, 98));
        assert_eq!(count(2, 1), (Sighting::Harmless, 97));
        assert_eq!(count(3, 1_999_999_999), (Sighting::Found, 99));
        assert_eq!(count(4, 1_999_999_999), (Sighting::Known, 99));
        assert_eq!(count(4, 2_000_000_000), (Sighting::Harmless, 98));
        scanner.forget(at(4_000_000_000), &mut room);
        assert_eq!((scanner.watched(), room), (0, 100));
    }

    /// Spoofed sources fill the table and no more.
    #[test]
    fn memory_is_bounded() {
        let (mut scanner, mut room) = (Scanner::default(), 1_000);
        let mut refused = 0;
        for number in 0..100_000_u32 {
            let now = Timestamp::from_nanos(u64::from(number) * 100_000);
            let kind = ScanKind::Hosts;
            let seen = scanner.count(kind, &SCAN, &key(number, 1, 1), now, &mut room);
            refused += u32::from(seen == Sighting::NoRoom);
            assert!(scanner.watched() <= 500 && scanner.ends.len() == scanner.watched());
            assert_eq!(room + 2 * scanner.watched(), 1_000);
        }
        // Five intervals of two seconds have room for 500 each.
        assert_eq!(refused, 100_000 - 5 * 500);
    }
}
