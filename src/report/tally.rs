//! Totals: everything a report says that is not a row. Quick enough to read every packet of a long capture.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::Sink;
use super::decryptions::Decryptions;
use super::leaks::Leaks;
use super::row::{Subtype, label_name};
use super::threats::Threats;
use crate::app::AppId;
use crate::config::World;
use crate::engine::{
    Ageing, Commit, DropReason, Event, EventKind, Events, Injection, Label, Limit, Record, Verdict,
};
use crate::feature::zone_protection::Threat;
use crate::flow::{Direction, Protocol};
use crate::policy::RuleId;
use crate::session::{EndReason, Timer};

/// What a run comes to.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    forwarded: u64,
    dropped: u64,
    injected: u64,
    sessions: u64,
    /// Rows by subtype, in the order of [`Subtype::ALL`].
    by_subtype: [u64; 4],
    /// Rows by end reason; the last place is for `n/a`.
    by_end_reason: [u64; EndReason::ALL.len() + 1],
    /// Rows by application, and by the labels that are none.
    by_application: Vec<u64>,
    by_label: BTreeMap<Label, u64>,
    drops: BTreeMap<DropReason, u64>,
    counters: [u64; Counter::ALL.len()],
    rules: Vec<RuleTally>,
    leaks: Leaks,
    threats: Threats,
    decryptions: Decryptions,
}

/// What one rule comes to.
#[derive(Debug, Clone, Default)]
pub struct RuleTally {
    /// Port-only lookups (and first lookups with the application known from the header) that chose it.
    pub tentative_hits: u64,
    /// Sessions and refused packets whose last full lookup chose it.
    pub final_hits: u64,
    /// Packets of the sessions and refused packets that are logged under it.
    pub packets: u64,
    /// Bytes of these packets.
    pub bytes: u64,
    /// Applications logged under it.
    pub applications: BTreeSet<AppId>,
}

impl Tally {
    /// Frames forwarded.
    pub fn forwarded(&self) -> u64 {
        self.forwarded
    }

    /// Frames dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Packets that the firewall made itself.
    pub fn injected(&self) -> u64 {
        self.injected
    }

    /// Sessions set up.
    pub fn sessions(&self) -> u64 {
        self.sessions
    }

    /// Rows of a subtype. Identical refusals count one by one, whether or not they share a row.
    pub fn rows(&self, subtype: Subtype) -> u64 {
        self.by_subtype.get(subtype as usize).copied().unwrap_or(0)
    }

    /// Rows by session end reason, `start` rows left out.
    pub fn by_end_reason(&self) -> BTreeMap<&'static str, u64> {
        let names = EndReason::ALL.iter().map(|reason| reason.name()).chain(["n/a"]);
        names.zip(self.by_end_reason).filter(|&(_, rows)| rows > 0).collect()
    }

    /// Rows by application column, `start` rows left out.
    pub fn by_application<'a>(&self, world: &'a World) -> BTreeMap<&'a str, u64> {
        let applications = world.catalog.iter().map(|(_, application)| application.name.as_str());
        let known = applications.zip(self.by_application.iter().copied()).filter(|&(_, rows)| rows > 0);
        known.chain(self.by_label.iter().map(|(&label, &rows)| (label_name(world, label), rows))).collect()
    }

    /// Frames dropped, by why.
    pub fn drops(&self) -> &BTreeMap<DropReason, u64> {
        &self.drops
    }

    /// Global counters by name, PAN-OS's own names where they are known (PANOS.md 6.4).
    pub fn counters(&self) -> BTreeMap<&'static str, u64> {
        let mut counters = BTreeMap::new();
        let drops = self.drops.iter().map(|(reason, &frames)| (reason.counter(), frames));
        let sessions = ["session_allocated", "session_installed"].map(|name| (name, self.sessions));
        let others = Counter::ALL.iter().map(|counter| counter.name()).zip(self.counters);
        for (name, count) in drops.chain(sessions).chain(others).filter(|&(_, count)| count > 0) {
            *counters.entry(name).or_default() += count;
        }
        counters
    }

    /// Every rule in order, the two default rules last; empty before the first event.
    pub fn rules(&self) -> impl Iterator<Item = (RuleId, &RuleTally)> {
        (0u32..).map(RuleId).zip(&self.rules)
    }

    /// The first packets.
    pub fn leaks(&self) -> &Leaks {
        &self.leaks
    }

    /// What becomes of sessions that the decryption policy is about.
    pub fn decryptions(&self) -> &Decryptions {
        &self.decryptions
    }

    /// The threat log.
    pub fn threats(&self) -> &Threats {
        &self.threats
    }

    fn read_event(&mut self, world: &World, events: &Events, event: &Event) {
        match event.kind {
            EventKind::Verdict { verdict, frames, .. } => match verdict {
                Verdict::Forward => self.forwarded += u64::from(frames),
                Verdict::Drop(reason) => {
                    self.dropped += u64::from(frames);
                    *self.drops.entry(reason).or_default() += u64::from(frames);
                }
            },
            EventKind::LookedUp { lookup, .. } if event.session.is_none() => {
                self.rule(lookup.rule).tentative_hits += 1;
            }
            EventKind::Created { record } => {
                self.sessions += 1;
                let record = events.record(record);
                if record.decided.is_some() && record.c2s.protocol == Protocol::ICMP {
                    self.count(Counter::IdentByIcmp);
                }
            }
            EventKind::Identified { app, .. } => match world.catalog.name(app) {
                "unknown-tcp" | "non-syn-tcp" => self.count(Counter::UnknownMaxPackets),
                "unknown-udp" => self.count(Counter::UnknownUdp),
                _ => {}
            },
            EventKind::Allowed { record } => self.allow(world, events.record(record)),
            EventKind::Denied { record } => {
                self.count(Counter::Discard);
                self.row(Subtype::Deny, events.record(record));
            }
            EventKind::Refused { record } => self.row(Subtype::Drop, events.record(record)),
            EventKind::Ended { record } => self.end(events.record(record)),
            EventKind::Injected { direction, what, .. } => self.inject(direction, what),
            EventKind::Threat { threat: Threat::Flood(_), .. } => self.count(Counter::FloodTold),
            EventKind::Threat { threat: Threat::Scan(_), .. } => self.count(Counter::ScanTold),
            EventKind::ContentThreat { threat } => self.threats.add(world, events, event, threat),
            EventKind::Decryption { step, .. } => self.decryptions.add(step),
            EventKind::Limit { limit: Limit::AppIdBytes } => self.count(Counter::AppIdMaxBytes),
            EventKind::Limit { limit: Limit::Sessions } => self.count(Counter::AllocFailure),
            EventKind::Bypassed => self.count(Counter::Bypassed),
            EventKind::Ageing { begins: true, what: Ageing::Accelerated } => {
                self.count(Counter::AcceleratedAging);
            }
            EventKind::Ageing { begins: true, what: Ageing::TricklingScan } => {
                self.count(Counter::TricklingScan);
            }
            EventKind::HostService { allowed: true } => self.count(Counter::HostServiceAllow),
            EventKind::ClockBackward { .. } => self.count(Counter::ClockBackward),
            EventKind::Armed { timer: Timer::TcpUnverifiedRst, .. } => self.count(Counter::UnverifiedRst),
            EventKind::Translated { .. }
            | EventKind::Captured { .. }
            | EventKind::Stripped { .. }
            | EventKind::Transmitted { .. }
            | EventKind::Routed { .. }
            | EventKind::LookedUp { .. }
            | EventKind::Stage { .. }
            | EventKind::Armed { .. }
            | EventKind::Ageing { .. }
            | EventKind::Operated { .. }
            | EventKind::Committed
            | EventKind::Rematched { .. }
            | EventKind::HostService { .. }
            | EventKind::Predicted { .. }
            | EventKind::Uninspected { .. }
            | EventKind::Unpredicted { .. }
            | EventKind::Matched { .. }
            | EventKind::PredictionExpired { .. }
            | EventKind::Limit { .. } => {}
        }
    }

    fn allow(&mut self, world: &World, record: &Record) {
        if world.policy.rule(record.rule).log_start {
            self.by_subtype[Subtype::Start as usize] += 1;
        }
        if let Label::App(app) = record.label {
            self.rule(record.rule).applications.insert(app);
        }
    }

    fn end(&mut self, record: &Record) {
        if !record.open {
            self.count(Counter::Freed);
        }
        if record.reason == Some(EndReason::AgedOut) {
            self.count(Counter::AgedOut);
        }
        match record.label {
            Label::Incomplete => self.count(Counter::UnknownFiniEmpty),
            Label::InsufficientData => self.count(Counter::UnknownFini),
            Label::App(_) | Label::NotApplicable => {}
        }
        // A denied session has had its row.
        if !record.reason.is_some_and(EndReason::is_logged_at_once) {
            self.row(Subtype::End, record);
        }
    }

    /// A row other than `start`: each session and each refused packet has exactly one.
    fn row(&mut self, subtype: Subtype, record: &Record) {
        self.by_subtype[subtype as usize] += 1;
        let ended = record.reason.filter(|_| !record.open);
        self.by_end_reason[ended.map_or(EndReason::ALL.len(), |reason| reason as usize)] += 1;
        self.leaks.add(record);
        if let Some(decided) = record.decided {
            self.rule(decided).final_hits += 1;
        }
        let rule = self.rule(record.rule);
        rule.packets += record.counts.packets.iter().sum::<u64>();
        rule.bytes += record.counts.bytes.iter().sum::<u64>();
        match record.label {
            Label::App(app) => {
                rule.applications.insert(app);
                *place(&mut self.by_application, usize::from(app.0)) += 1;
            }
            label => *self.by_label.entry(label).or_default() += 1,
        }
    }

    fn inject(&mut self, direction: Direction, what: Injection) {
        self.injected += 1;
        if what == Injection::Rst {
            self.count(Counter::ActionClose);
            if direction == Direction::ServerToClient {
                self.count(Counter::ActionReset);
            }
        }
    }

    fn count(&mut self, counter: Counter) {
        self.counters[counter as usize] += 1;
    }

    fn rule(&mut self, rule: RuleId) -> &mut RuleTally {
        place(&mut self.rules, rule.0 as usize)
    }
}

/// Counters of sessions and App-ID; those of drops are with their reasons.
#[derive(Debug, Clone, Copy)]
enum Counter {
    AcceleratedAging,
    ActionClose,
    ActionReset,
    AgedOut,
    AllocFailure,
    AppIdMaxBytes,
    Bypassed,
    ClockBackward,
    Discard,
    FloodTold,
    Freed,
    HostServiceAllow,
    IdentByIcmp,
    ScanTold,
    TricklingScan,
    UnknownFini,
    UnknownFiniEmpty,
    UnknownMaxPackets,
    UnknownUdp,
    UnverifiedRst,
}

impl Counter {
    /// All, in order of declaration.
    const ALL: [Self; 20] = [
        Self::AcceleratedAging,
        Self::ActionClose,
        Self::ActionReset,
        Self::AgedOut,
        Self::AllocFailure,
        Self::AppIdMaxBytes,
        Self::Bypassed,
        Self::ClockBackward,
        Self::Discard,
        Self::FloodTold,
        Self::Freed,
        Self::HostServiceAllow,
        Self::IdentByIcmp,
        Self::ScanTold,
        Self::TricklingScan,
        Self::UnknownFini,
        Self::UnknownFiniEmpty,
        Self::UnknownMaxPackets,
        Self::UnknownUdp,
        Self::UnverifiedRst,
    ];

    /// PAN-OS's name; ours only for what PAN-OS does not count.
    const fn name(self) -> &'static str {
        match self {
            Self::AcceleratedAging => "session_accelerated_aging",
            Self::AllocFailure => "session_alloc_failure",
            Self::Bypassed => "session_full_bypass",
            Self::HostServiceAllow => "flow_host_service_allow",
            Self::TricklingScan => "session_trickling_scan",
            Self::ActionClose => "flow_action_close",
            Self::ActionReset => "flow_action_reset",
            Self::AgedOut => "session_aged_out",
            Self::AppIdMaxBytes => "appid_max_bytes",
            Self::ClockBackward => "capture_clock_backward",
            Self::Discard => "session_discard",
            Self::FloodTold => "zone_protection_flood",
            Self::Freed => "session_freed",
            Self::IdentByIcmp => "appid_ident_by_icmp",
            Self::ScanTold => "zone_protection_scan",
            Self::UnknownFini => "appid_unknown_fini",
            Self::UnknownFiniEmpty => "appid_unknown_fini_empty",
            Self::UnknownMaxPackets => "appid_unknown_max_pkts",
            Self::UnknownUdp => "appid_unknown_udp",
            Self::UnverifiedRst => "session_unverified_rst",
        }
    }
}

impl Sink for Tally {
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        // Every rule is told, also one that nothing hits.
        if let Some(last) = world.policy.rules().len().checked_sub(1) {
            place(&mut self.rules, last);
        }
        for event in events.list() {
            self.read_event(world, events, event);
        }
        Ok(())
    }

    fn committed(&mut self, commit: &Commit) -> io::Result<()> {
        let (new, renames) = (&commit.new, &commit.renames);
        let retired = new.policy.rules().len() + new.policy.retired().len();
        let rules = std::mem::replace(&mut self.rules, vec![RuleTally::default(); retired]);
        for (id, mut rule) in (0..).map(RuleId).zip(rules) {
            rule.applications = rule.applications.iter().map(|&app| renames.application(app)).collect();
            *place(&mut self.rules, renames.rule(id).0 as usize) = rule;
        }
        let counts = std::mem::take(&mut self.by_application);
        for (app, count) in (0..).map(AppId).zip(counts).filter(|&(_, count)| count > 0) {
            *place(&mut self.by_application, usize::from(renames.application(app).0)) = count;
        }
        self.leaks.rename(renames);
        Ok(())
    }
}

/// The element at `index`, with as many before it as that takes.
fn place<T: Clone + Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    if index >= list.len() {
        list.resize(index + 1, T::default());
    }
    &mut list[index]
}

impl RuleTally {
    /// Names of the applications logged under it, in order.
    pub fn application_names<'a>(&self, world: &'a World) -> Vec<&'a str> {
        let mut names: Vec<_> = self.applications.iter().map(|&app| world.catalog.name(app)).collect();
        names.sort_unstable();
        names
    }
}
