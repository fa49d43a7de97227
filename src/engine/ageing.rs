//! Ageing while the session table is nearly full (PANOS.md 5.1).
//!
//! - Accelerated ageing: timeouts are divided by a factor (vendor web help, "Accelerated Aging").
//! - The trickling scan: a session that has been idle for longer than its application's trickle threshold is given
//!   `session.timeout-scan` seconds. No source tells those thresholds; assumed: the session's timeout divided by
//!   `session.scan-scaling-factor`.
//!
//! Timers that are armed or refreshed under pressure get the shorter time at once. Sessions that were idle before are
//! come upon by a hand that goes round the table, a few slots for each new session, so that no packet pays for the
//! length of the table. What has been shortened stays so until the session is refreshed without pressure.

use super::Firewall;
use super::event::{Event, EventKind, Events};
use crate::config::Settings;
use crate::session::{Session, Slot, Timer};
use crate::time::Span;

/// How sessions age while the table is nearly full (PANOS.md 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ageing {
    /// Every timeout is divided.
    Accelerated,
    /// Sessions that trickle have little time left.
    TricklingScan,
}

impl Ageing {
    /// Its name in the event log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accelerated => "accelerated-aging",
            Self::TricklingScan => "trickling-scan",
        }
    }
}

/// Whether the table is nearly full, and how far the hand has come.
#[derive(Debug)]
pub(super) struct Pressure {
    accelerated: Gauge,
    scanning: Gauge,
    hand: u32,
}

/// One threshold.
#[derive(Debug, Clone, Copy)]
struct Gauge {
    /// From so many sessions on it is on.
    begins: usize,
    /// Below so many it is off again.
    ends: usize,
    on: bool,
}

/// So many slots are looked at for each new session.
const SWEEP: u32 = 8;

impl Gauge {
    /// `enabled` is false for one that is never on.
    fn new(max: u64, percent: u64, enabled: bool) -> Self {
        let at = |percent: u64| {
            let sessions = (u128::from(max) * u128::from(percent)).div_ceil(100);
            usize::try_from(sessions).unwrap_or(usize::MAX)
        };
        // One per cent lower, so that it does not flicker (assumed).
        let (begins, ends) = if enabled { (at(percent), at(percent - 1)) } else { (usize::MAX, 0) };
        Self { begins, ends, on: false }
    }

    /// Notes how many sessions there are; whether that switches it.
    const fn switches(&mut self, sessions: usize) -> bool {
        let on = if self.on { sessions >= self.ends } else { sessions >= self.begins };
        std::mem::replace(&mut self.on, on) != on
    }
}

impl Pressure {
    /// What `settings` say of an empty table.
    pub(super) fn new(settings: &Settings) -> Self {
        let max = settings.max_sessions;
        Self {
            accelerated: Gauge::new(max, settings.accelerated_aging_threshold, settings.accelerated_aging),
            scanning: Gauge::new(max, settings.scan_threshold, true),
            hand: 0,
        }
    }

    /// The same under other settings.
    pub(super) fn reset(&mut self, settings: &Settings) {
        let Self { accelerated, scanning, hand } = Self::new(settings);
        *self = Self {
            accelerated: Gauge { on: self.accelerated.on, ..accelerated },
            scanning: Gauge { on: self.scanning.on, ..scanning },
            hand,
        };
    }

    /// Whether timeouts are other than they are set.
    #[inline]
    pub(super) const fn is_on(&self) -> bool {
        self.accelerated.on || self.scanning.on
    }

    /// How long a timer runs that is armed or refreshed now.
    pub(super) fn lifetime(&self, settings: &Settings, timer: Timer, timeout: u32) -> Span {
        let regular = Span::from_secs(u64::from(timeout));
        let mut length = regular;
        if self.accelerated.on {
            length = Span::from_nanos(regular.nanos() / settings.accelerated_aging_factor.max(1));
        }
        if self.scanning.on && trickles(timer) {
            let threshold = regular.nanos() / settings.scan_factor.max(1);
            let left = Span::from_secs(settings.timeout_scan).nanos();
            length = length.min(Span::from_nanos(threshold.saturating_add(left)));
        }
        length
    }
}

/// Whether an application can be said to trickle while this timer runs.
const fn trickles(timer: Timer) -> bool {
    matches!(timer, Timer::Default | Timer::Icmp | Timer::Udp | Timer::Tcp)
}

impl Firewall {
    /// Looks how full the table is; events where a threshold is passed.
    pub(super) fn weigh(&mut self, packet: u64, out: &mut Events) {
        let sessions = self.table.len();
        let gauges = [
            (&mut self.pressure.accelerated, Ageing::Accelerated),
            (&mut self.pressure.scanning, Ageing::TricklingScan),
        ];
        for (gauge, what) in gauges {
            if gauge.switches(sessions) {
                let kind = EventKind::Ageing { what, begins: gauge.on };
                out.push(Event { at: self.now, packet, session: None, kind });
            }
        }
    }

    /// A session is new: it counts, and may find the table nearly full.
    pub(super) fn weigh_new(&mut self, slot: Slot, packet: u64, out: &mut Events) {
        self.weigh(packet, out);
        if !self.pressure.is_on() {
            return;
        }
        if let Some(session) = self.table.get_mut(slot) {
            let length = self.pressure.lifetime(&self.world.settings, session.timer, session.timeout);
            session.expires = self.now + length;
            session.scheduled = session.expires;
            session.hastened = true;
        }
        self.sweep();
    }

    /// A session's timer runs anew.
    pub(super) fn wind(&mut self, slot: Slot) {
        let Some(session) = self.table.get_mut(slot) else { return };
        let length = self.pressure.lifetime(&self.world.settings, session.timer, session.timeout);
        session.expires = self.now + length;
        session.hastened = self.pressure.is_on();
        if session.expires < session.scheduled {
            session.scheduled = session.expires;
            self.timers.schedule(session.expires, session.id.low(), slot);
        }
    }

    /// Looks at a few sessions that may have been idle since before the table filled.
    fn sweep(&mut self) {
        for _ in 0..SWEEP {
            let slot = Slot(self.pressure.hand);
            self.pressure.hand = if self.table.is_behind(slot) { 0 } else { slot.0 + 1 };
            let Some(session) = self.table.get(slot).filter(|session| !session.hastened) else { continue };
            let length = self.pressure.lifetime(&self.world.settings, session.timer, session.timeout);
            let refreshed = session.expires - Span::from_secs(u64::from(session.timeout));
            let expires = (refreshed + length).max(self.now + self.grace(session));
            let Some(session) = self.table.get_mut(slot).filter(|session| expires < session.expires) else {
                continue;
            };
            session.expires = expires;
            session.hastened = true;
            if expires < session.scheduled {
                session.scheduled = expires;
                self.timers.schedule(expires, session.id.low(), slot);
            }
        }
    }

    /// How long a session that should have expired already is left: one that trickles has its scan time.
    fn grace(&self, session: &Session) -> Span {
        if self.pressure.accelerated.on || !trickles(session.timer) {
            Span::default()
        } else {
            Span::from_secs(self.world.settings.timeout_scan)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thresholds in sessions, of tables of any size, and where they end.
    #[test]
    fn thresholds() {
        for (max, percent, begins, ends) in
            [(10, 80, 8, 8), (100, 80, 80, 79), (1_000, 80, 800, 790), (2, 80, 2, 2), (1, 50, 1, 1)]
        {
            let mut gauge = Gauge::new(max, percent, true);
            assert!(!gauge.switches(begins - 1), "{max}");
            assert!(gauge.switches(begins) && gauge.on, "{max}");
            assert!(!gauge.switches(ends), "{max}");
            assert!(gauge.switches(ends - 1) && !gauge.on, "{max}");
        }
        assert!(!Gauge::new(10, 80, false).switches(10));
    }

    /// PANOS.md 5.1: the timeout divided by the factor; a trickling session's threshold and ten seconds.
    #[test]
    fn lifetimes() {
        let settings = Settings::default();
        let mut pressure = Pressure::new(&settings);
        let secs = |pressure: &Pressure, timer, timeout| pressure.lifetime(&settings, timer, timeout).secs();
        assert_eq!(secs(&pressure, Timer::Tcp, 3_600), 3_600);
        pressure.accelerated.on = true;
        assert_eq!(secs(&pressure, Timer::Tcp, 3_600), 1_800);
        assert_eq!(secs(&pressure, Timer::Discard, 90), 45);
        pressure.scanning.on = true;
        assert_eq!(secs(&pressure, Timer::Tcp, 3_600), 460);
        assert_eq!(secs(&pressure, Timer::Discard, 90), 45, "nothing trickles in DISCARD");
        pressure.accelerated.on = false;
        assert_eq!(secs(&pressure, Timer::Udp, 30), 13);
    }
}
