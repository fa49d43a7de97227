//! Zone protection: what the profile of the ingress zone says of a packet, before sessions are asked (its guards), and
//! before a session is set up (floods and scans). PANOS.md 1.1, stage 5, and 6.2.

use std::net::IpAddr;

use super::Firewall;
use super::blocked::Offender;
use super::event::{Event, EventKind, Events, Limit};
use super::verdict::DropReason;
use crate::feature::zone_protection::{
    Flood, FloodDecision, FloodKind, Level, Meter, Response, Scan, ScanAction, ScanKind, Scanner, Sighting,
    Threat, TrackBy,
};
use crate::flow::{FlowKey, ZoneId};
use crate::packet::Packet;
use crate::time::{Span, Timestamp};

/// What is watched, by zone; those without a profile have nothing.
type Zones = Vec<Option<Box<ZoneWatch>>>;

/// What becomes of a packet, and what the rate has risen above with it (nearly always nothing, which takes no memory).
type Measured = (FloodDecision, Vec<Level>);

/// What the zones have seen so far.
#[derive(Debug)]
pub(super) struct Protection {
    zones: Zones,
    /// How much more scanners may remember.
    room: usize,
}

/// What one zone has seen.
#[derive(Debug, Default)]
struct ZoneWatch {
    meters: [Meter; FloodKind::ALL.len()],
    scanners: [Scanner; ScanKind::ALL.len()],
}

/// What the profile says of a new session's first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It goes on.
    Pass,
    /// It is a SYN, and is answered with a cookie.
    SynCookie,
    /// It is dropped.
    Drop(DropReason),
}

impl Protection {
    pub(super) fn new(scan_entries: u64) -> Self {
        Self { zones: Vec::new(), room: usize::try_from(scan_entries).unwrap_or(usize::MAX) }
    }

    /// Lets a meter count.
    fn measure(&mut self, kind: FloodKind, flood: &Flood, zone: ZoneId, now: Timestamp) -> Measured {
        let meter = watch(&mut self.zones, zone).and_then(|watch| watch.meters.get_mut(kind as usize));
        let Some((decision, risen)) = meter.map(|meter| meter.count(flood, now)) else {
            return (FloodDecision::Pass, Vec::new());
        };
        (decision, risen.collect())
    }

    /// Lets a scanner count; where there is no room, all scanners first forget whose interval is over.
    fn sight(&mut self, kind: ScanKind, scan: &Scan, key: &FlowKey, now: Timestamp) -> Sighting {
        let Self { zones, room } = self;
        let count = |zones: &mut Zones, room: &mut usize| {
            let scanner = watch(zones, key.zone).and_then(|watch| watch.scanners.get_mut(kind as usize));
            scanner.map_or(Sighting::NoRoom, |scanner| scanner.count(kind, scan, key, now, room))
        };
        let sighting = count(zones, room);
        if sighting != Sighting::NoRoom {
            return sighting;
        }
        let scanners = zones.iter_mut().flatten().flat_map(|watch| &mut watch.scanners);
        scanners.for_each(|scanner| scanner.forget(now, room));
        count(zones, room)
    }
}

fn watch(zones: &mut Zones, zone: ZoneId) -> Option<&mut ZoneWatch> {
    let index = usize::from(zone.0);
    if zones.len() <= index {
        zones.resize_with(index + 1, || None);
    }
    zones.get_mut(index).map(|watch| &mut **watch.get_or_insert_default())
}

impl Firewall {
    /// Packet-based protection. `Ok(true)` where an ICMPv6 error has to stand for itself.
    pub(super) fn guard(&self, packet: &Packet<'_>, zone: ZoneId) -> Result<bool, DropReason> {
        let Some(profile) = self.world.protections.of(zone) else { return Ok(false) };
        match profile.guards.refuse(packet, &self.world.network) {
            Some(guard) => Err(DropReason::ZoneProtection(guard)),
            None => Ok(profile.guards.stands_alone(packet)),
        }
    }

    /// Flood and reconnaissance protection, asked of each packet that would set a session up.
    pub(super) fn admit(&mut self, packet: &Packet<'_>, key: &FlowKey, out: &mut Events) -> Admission {
        if self.world.protections.is_empty() {
            return Admission::Pass;
        }
        match self.flood(packet, key.zone, out) {
            Admission::Drop(reason) => Admission::Drop(reason),
            admission => match self.scan(packet, key, out) {
                Some(kind) => Admission::Drop(DropReason::Scan(kind)),
                None => admission,
            },
        }
    }

    fn flood(&mut self, packet: &Packet<'_>, zone: ZoneId, out: &mut Events) -> Admission {
        let profile = self.world.protections.of(zone);
        let Some((kind, flood)) = profile.and_then(|profile| {
            let kind = FloodKind::of(packet)?;
            Some((kind, profile.floods.get(kind as usize).copied().flatten()?))
        }) else {
            return Admission::Pass;
        };
        let (decision, risen) = self.protection.measure(kind, &flood, zone, self.now);
        for level in risen {
            let response = level.response(flood.action);
            self.tell(packet, zone, Threat::Flood(kind), response, out);
        }
        match decision {
            FloodDecision::Pass => Admission::Pass,
            FloodDecision::SynCookie => Admission::SynCookie,
            FloodDecision::Drop => Admission::Drop(DropReason::Flood(kind)),
        }
    }

    /// Asks all scanners; the first that does not let the packet pass.
    fn scan(&mut self, packet: &Packet<'_>, key: &FlowKey, out: &mut Events) -> Option<ScanKind> {
        let profile = self.world.protections.of(key.zone)?;
        let source = IpAddr::from(key.src);
        if profile.scan_white_list.iter().any(|net| net.contains(&source)) {
            return None;
        }
        let mut refused = None;
        for (kind, scan) in ScanKind::ALL.into_iter().zip(profile.scans) {
            let Some(scan) = scan.filter(|scan| scan.action != ScanAction::Allow) else { continue };
            if self.is_refused_by(kind, &scan, packet, key, out) {
                refused = refused.or(Some(kind));
            }
        }
        refused
    }

    fn is_refused_by(
        &mut self,
        kind: ScanKind,
        scan: &Scan,
        packet: &Packet<'_>,
        key: &FlowKey,
        out: &mut Events,
    ) -> bool {
        let sighting = self.protection.sight(kind, scan, key, self.now);
        match (sighting, scan.action) {
            (Sighting::NoRoom, _) => {
                self.limit(packet, Limit::ScanEntries, out);
                false
            }
            (Sighting::Harmless, _) | (_, ScanAction::Allow) => false,
            (Sighting::Known, ScanAction::Alert) => false,
            // It is blocked already, or there was no room to.
            (Sighting::Known, ScanAction::Block | ScanAction::BlockIp { .. }) => true,
            (Sighting::Found, action) => {
                let (response, is_refused) = match action {
                    ScanAction::Allow | ScanAction::Alert => (Response::Alert, false),
                    ScanAction::Block => (Response::Drop, true),
                    ScanAction::BlockIp { .. } => (Response::BlockIp, true),
                };
                self.tell(packet, key.zone, Threat::Scan(kind), response, out);
                if let ScanAction::BlockIp { track_by, duration } = action {
                    self.block_source(packet, key, track_by, duration, out);
                }
                is_refused
            }
        }
    }

    /// Blocks the sender of a packet.
    fn block_source(
        &mut self,
        packet: &Packet<'_>,
        key: &FlowKey,
        track_by: TrackBy,
        duration: u32,
        out: &mut Events,
    ) {
        let destination = (track_by == TrackBy::SourceAndDestination).then_some(key.dst);
        let offender = Offender { zone: key.zone, source: key.src, destination };
        let until = self.now + Span::from_secs(u64::from(duration));
        let most = usize::try_from(self.world.settings.blocked_sources).unwrap_or(usize::MAX);
        if !self.blocked.insert(offender, self.now, until, most) {
            self.limit(packet, Limit::BlockedSources, out);
        }
    }

    fn tell(&self, packet: &Packet<'_>, zone: ZoneId, threat: Threat, response: Response, out: &mut Events) {
        let kind = EventKind::Threat { zone, source: packet.ip.src, threat, response };
        out.push(Event { at: self.now, packet: packet.number, session: None, kind });
    }

    fn limit(&self, packet: &Packet<'_>, limit: Limit, out: &mut Events) {
        let kind = EventKind::Limit { limit };
        out.push(Event { at: self.now, packet: packet.number, session: None, kind });
    }
}
