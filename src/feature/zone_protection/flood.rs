//! Flood protection: how many new connections a zone may bring in a second (PANOS.md 6.2).
//!
//! What is counted are packets without a session, kind by kind; of TCP only SYNs. The rate is that of the last second,
//! in steps of a tenth, and counts what is dropped as well, so that a flood above the maximal rate stays out until it
//! ends. Between the activate and the maximal rate a share is dropped that rises evenly from nothing to everything.
//! Which packets those are is not drawn: the shares add up, and each time they come to a whole a packet goes.

use super::Response;
use crate::flow::Protocol;
use crate::packet::{Layer4, Packet, TcpFlags};
use crate::time::Timestamp;

/// Kinds of packets whose rates are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FloodKind {
    /// SYNs.
    TcpSyn,
    /// UDP.
    Udp,
    /// ICMP.
    Icmp,
    /// ICMPv6.
    Icmpv6,
    /// Every other IP protocol.
    OtherIp,
}

impl FloodKind {
    /// All, in order of declaration.
    pub const ALL: [Self; 5] = [Self::TcpSyn, Self::Udp, Self::Icmp, Self::Icmpv6, Self::OtherIp];

    /// PAN-OS's key below `flood`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::TcpSyn => "tcp-syn",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Icmpv6 => "icmpv6",
            Self::OtherIp => "other-ip",
        }
    }

    /// Name of the global counter of what is dropped.
    pub const fn counter(self) -> &'static str {
        match self {
            Self::TcpSyn => "flow_dos_red_tcp",
            Self::Udp => "flow_dos_red_udp",
            Self::Icmp => "flow_dos_red_icmp",
            Self::Icmpv6 => "flow_dos_red_icmp6",
            Self::OtherIp => "flow_dos_red_ip",
        }
    }

    /// What the threat log calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TcpSyn => "TCP Flood",
            Self::Udp => "UDP Flood",
            Self::Icmp => "ICMP Flood",
            Self::Icmpv6 => "ICMPv6 Flood",
            Self::OtherIp => "Other IP Flood",
        }
    }

    /// The kind that a packet without session counts in; `None` for TCP that begins nothing.
    pub const fn of(packet: &Packet<'_>) -> Option<Self> {
        match (packet.ip.protocol, &packet.layer4) {
            (_, Layer4::Tcp(tcp)) => {
                let is_syn = tcp.flags.contains(TcpFlags::SYN) && !tcp.flags.contains(TcpFlags::ACK);
                if is_syn { Some(Self::TcpSyn) } else { None }
            }
            (_, Layer4::Udp(_)) => Some(Self::Udp),
            (Protocol::ICMP, _) => Some(Self::Icmp),
            (Protocol::ICMPV6, _) => Some(Self::Icmpv6),
            _ => Some(Self::OtherIp),
        }
    }
}

/// What is done about a flood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloodAction {
    /// Random early drop.
    Red,
    /// SYN cookies: of TCP alone.
    SynCookies,
}

/// The protection against one kind of flood, where it is enabled. Rates are packets in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flood {
    /// What is done.
    pub action: FloodAction,
    /// Above this rate there is an alarm.
    pub alarm: u32,
    /// Above this rate something is done.
    pub activate: u32,
    /// From this rate on (with SYN cookies: above it) everything is dropped.
    pub maximal: u32,
}

impl Flood {
    /// No rate is higher.
    pub const RATE_MAX: u32 = 2_000_000;

    /// Its rates by PAN-OS's keys.
    pub const fn rates(&self) -> [(&'static str, u32); 3] {
        [("alarm-rate", self.alarm), ("activate-rate", self.activate), ("maximal-rate", self.maximal)]
    }

    /// With PAN-OS's rates for the action (PANOS.md 6.2).
    pub const fn new(action: FloodAction) -> Self {
        match action {
            FloodAction::Red => Self { action, alarm: 10_000, activate: 10_000, maximal: 40_000 },
            FloodAction::SynCookies => Self { action, alarm: 10_000, activate: 0, maximal: 1_000_000 },
        }
    }
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloodDecision {
    /// It goes on.
    Pass,
    /// It is dropped.
    Drop,
    /// The firewall answers it with a SYN cookie.
    SynCookie,
}

/// What the rate has just risen above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The alarm rate.
    Alarm,
    /// The activate rate.
    Activate,
    /// The maximal rate.
    Maximal,
}

impl Level {
    /// What the threat log has as action of such an entry.
    pub const fn response(self, action: FloodAction) -> Response {
        match (self, action) {
            (Self::Alarm, _) => Response::Alert,
            (Self::Activate, FloodAction::Red) => Response::RandomDrop,
            (Self::Activate, FloodAction::SynCookies) => Response::SynCookie,
            (Self::Maximal, _) => Response::Drop,
        }
    }
}

/// Parts of a second.
const PARTS: u64 = 10;
const PART_NANOS: u64 = 1_000_000_000 / PARTS;

/// Counts packets of one kind in one zone.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    /// Packets in each tenth of the last second; the place is the tenth's number modulo ten.
    parts: [u32; PARTS as usize],
    /// Number of the latest tenth, counted from 1970.
    latest: u64,
    /// Sum of `parts`.
    rate: u32,
    /// What the shares dropped have come to since the last drop.
    share: u64,
    /// The levels that the rate is above: alarm, activate, maximal.
    above: [bool; 3],
}

impl Meter {
    /// Counts a packet at `now`: what becomes of it, and what the rate has risen above with it.
    pub fn count(
        &mut self,
        flood: &Flood,
        now: Timestamp,
    ) -> (FloodDecision, impl Iterator<Item = Level> + use<>) {
        self.move_to(now);
        if let Some(part) = self.parts.get_mut((self.latest % PARTS) as usize) {
            *part = part.saturating_add(1);
            self.rate = self.rate.saturating_add(1);
        }
        let risen = self.rise(flood);
        (self.decide(flood), risen)
    }

    /// Packets in the last second.
    pub const fn rate(&self) -> u32 {
        self.rate
    }

    fn move_to(&mut self, now: Timestamp) {
        let tenth = now.nanos() / PART_NANOS;
        let gone = tenth.saturating_sub(self.latest).min(PARTS);
        for step in 0..gone {
            let at = ((tenth - step) % PARTS) as usize;
            if let Some(part) = self.parts.get_mut(at) {
                self.rate -= std::mem::take(part);
            }
        }
        self.latest = self.latest.max(tenth);
    }

    fn rise(&mut self, flood: &Flood) -> impl Iterator<Item = Level> + use<> {
        // Where SYN cookies are always sent there is nothing to tell of their beginning.
        let always = flood.activate == 0;
        let is = [self.rate > flood.alarm, self.rate > flood.activate && !always, self.rate > flood.maximal];
        let was = std::mem::replace(&mut self.above, is);
        let levels = [Level::Alarm, Level::Activate, Level::Maximal];
        (0..).zip(levels).filter(move |&(at, _): &(usize, _)| is[at] && !was[at]).map(|(_, level)| level)
    }

    fn decide(&mut self, flood: &Flood) -> FloodDecision {
        let Flood { action, activate, maximal, .. } = *flood;
        if self.rate <= activate {
            self.share = 0;
            return FloodDecision::Pass;
        }
        if action == FloodAction::SynCookies {
            return if self.rate > maximal { FloodDecision::Drop } else { FloodDecision::SynCookie };
        }
        let whole = u64::from(maximal.saturating_sub(activate));
        self.share += u64::from(self.rate - activate).min(whole);
        if self.share < whole {
            return FloodDecision::Pass;
        }
        self.share -= whole;
        FloodDecision::Drop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    const FLOOD: Flood = Flood { action: FloodAction::Red, alarm: 100, activate: 200, maximal: 400 };

    /// Drops in `packets` that come evenly at `rate`, once the meter knows the rate.
    fn dropped(flood: &Flood, rate: u64, packets: u64) -> u64 {
        let mut meter = Meter::default();
        let start = Timestamp::from_secs(1_000);
        let drops = (0..rate + packets).filter(|number| {
            let now = start + Span::from_nanos(number * 1_000_000_000 / rate);
            meter.count(flood, now).0 == FloodDecision::Drop && *number >= rate
        });
        drops.count() as u64
    }

    #[test]
    fn the_share_rises_evenly() {
        // The rate is known to a tenth of a second: of 300 in a second between 270 and 300 are seen.
        for (rate, low, high) in
            [(100, 0, 0), (200, 0, 0), (250, 150, 225), (300, 380, 480), (350, 600, 720), (450, 1_000, 1_000)]
        {
            let drops = dropped(&FLOOD, rate, 1_000);
            assert!((low..=high).contains(&drops), "at {rate} in a second {drops} of 1,000");
        }
    }

    #[test]
    fn levels_are_told_once_each_time_they_are_passed() {
        let mut meter = Meter::default();
        let told = |meter: &mut Meter, at: u64, packets: u32| {
            let now = Timestamp::from_secs(at);
            (0..packets).flat_map(|_| meter.count(&FLOOD, now).1.collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        assert_eq!(told(&mut meter, 5, 100), []);
        assert_eq!(told(&mut meter, 5, 1), [Level::Alarm]);
        assert_eq!(told(&mut meter, 5, 299), [Level::Activate]);
        assert_eq!(told(&mut meter, 5, 9), [Level::Maximal]);
        assert_eq!(told(&mut meter, 7, 500), [Level::Alarm, Level::Activate, Level::Maximal]);
        assert_eq!(meter.rate(), 500);
    }

    #[test]
    fn syn_cookies_are_sent_up_to_the_maximal_rate() {
        let flood = Flood { maximal: 3, ..Flood::new(FloodAction::SynCookies) };
        let mut meter = Meter::default();
        let now = Timestamp::from_secs(9);
        let decisions: Vec<_> = (0..4).map(|_| meter.count(&flood, now).0).collect();
        assert_eq!(decisions[..3], [FloodDecision::SynCookie; 3]);
        assert_eq!(decisions[3], FloodDecision::Drop);
    }
}
