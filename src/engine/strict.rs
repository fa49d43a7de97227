//! How strict the firewall is with TCP: its settings, overridden by the profile of the zone (PANOS.md 6.1, 6.2).

use super::Firewall;
use super::event::{Event, EventKind, Events, Stripped};
use super::slow::is_syn;
use super::verdict::DropReason;
use crate::config::{AsymmetricPath, Settings, UrgentData};
use crate::feature::zone_protection::TcpProtection;
use crate::flow::ZoneId;
use crate::packet::{Normalisation, Packet, TcpFlags, TcpOptions, TcpSegment};
use crate::session::TcpRules;

impl Firewall {
    /// What the profile of a zone says of TCP, where it has one.
    fn zone_tcp(&self, zone: ZoneId) -> Option<TcpProtection> {
        self.world.protections.of(zone).map(|profile| profile.tcp)
    }

    /// The rules of a session that comes in by `zone`.
    pub(super) fn tcp_rules(&self, zone: ZoneId) -> TcpRules {
        let settings = &self.world.settings;
        let own = self.zone_tcp(zone);
        let bypass = own
            .and_then(|own| own.asymmetric_bypass)
            .unwrap_or(settings.asymmetric_path == AsymmetricPath::Bypass);
        TcpRules::default()
            .with(TcpRules::BYPASS, bypass)
            .with(TcpRules::CHALLENGE_ACK, settings.tcp_allow_challenge_ack)
            .with(TcpRules::ANY_RST, !settings.strict_rst)
            .with(TcpRules::NO_SPLIT_HANDSHAKE, own.is_some_and(|own| own.discard_split_handshake))
            .with(TcpRules::NO_SYNACK_DATA, own.is_some_and(|own| own.discard_synack_with_data))
            .with(TcpRules::NO_MISMATCH, own.is_some_and(|own| own.discard_overlap_mismatch))
    }

    /// Why a segment cannot be the first of a session (PANOS.md 1.4, 6.2).
    pub(super) fn refused_first(&self, segment: &TcpSegment<'_>, zone: ZoneId) -> Option<DropReason> {
        let own = self.zone_tcp(zone);
        if !is_syn(segment) {
            let rejects =
                own.and_then(|own| own.reject_non_syn).unwrap_or(self.world.settings.tcp_reject_non_syn);
            return rejects.then_some(DropReason::NonSyn);
        }
        // Data of a SYN that asks for Fast Open are another setting's matter (KB kA10g000000ClT5CAK).
        let refuses = own.is_some_and(|own| own.discard_syn_with_data) && segment.payload.len > 0;
        (refuses && !TcpOptions::parse(segment.options).fast_open).then_some(DropReason::SynWithData)
    }

    /// Whether a SYN's Fast Open option and data are taken off.
    pub(super) fn strips_fast_open(&self, segment: &TcpSegment<'_>, zone: ZoneId) -> bool {
        let own = self.zone_tcp(zone);
        own.is_some_and(|own| own.strip_fast_open) && TcpOptions::parse(segment.options).fast_open
    }

    /// Says what is taken off a SYN.
    pub(super) fn say_stripped(
        &self,
        packet: &Packet<'_>,
        segment: &TcpSegment<'_>,
        zone: ZoneId,
        out: &mut Events,
    ) {
        // Most SYNs have nothing that is taken off: a look for the option's number tells.
        if self.world.protections.is_empty() && !segment.options.contains(&TcpOptions::MPTCP) {
            return;
        }
        let (has, takes) = (TcpOptions::parse(segment.options), self.normalisation(zone));
        for (what, is_taken) in [
            (Stripped::Mptcp, has.mptcp && takes.mptcp),
            (Stripped::Timestamp, has.timestamp.is_some() && takes.timestamp),
            (Stripped::FastOpen, has.fast_open && takes.fast_open),
        ] {
            if is_taken {
                let kind = EventKind::Stripped { what };
                out.push(Event { at: self.now, packet: packet.number, session: None, kind });
            }
        }
    }

    /// What is changed in the segments that come in by `zone`.
    pub(super) fn normalisation(&self, zone: ZoneId) -> Normalisation {
        let settings = &self.world.settings;
        let own = self.zone_tcp(zone);
        Normalisation {
            urgent: settings.tcp_urgent_data == UrgentData::Clear,
            mptcp: own.and_then(|own| own.strip_mptcp).unwrap_or(settings.tcp_strip_mptcp),
            timestamp: own.is_some_and(|own| own.remove_timestamp),
            fast_open: own.is_some_and(|own| own.strip_fast_open),
            ..Normalisation::default()
        }
    }
}

/// Why a segment of a session is dropped whatever its numbers are.
#[inline]
pub(super) fn refused(segment: &TcpSegment<'_>, settings: &Settings) -> Option<DropReason> {
    if segment.flags.0 & 0x3f == TcpFlags::URG.0 {
        let cleared = settings.tcp_urgent_data == UrgentData::Clear;
        return (cleared && settings.tcp_drop_zero_flag).then_some(DropReason::ZeroFlag);
    }
    match segment.options {
        // As nearly every segment of today has them: two fillers and a timestamp (RFC 7323, appendix A).
        [] => None,
        &[1, 1, 8, 10, a, b, c, d, ..] if a | b | c | d != 0 => None,
        // The clock of a SYN may stand at 0: there are systems that begin there (assumed).
        _ if segment.flags.contains(TcpFlags::SYN) => None,
        options => (settings.tcp_check_timestamp && has_bad_timestamp(options))
            .then_some(DropReason::TimestampOption),
    }
}

/// A timestamp option that is null or has a wrong length.
#[inline(never)]
fn has_bad_timestamp(options: &[u8]) -> bool {
    matches!(TcpOptions::parse(options).timestamp, Some(None | Some(0)))
}
