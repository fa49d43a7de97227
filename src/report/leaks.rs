//! First packets per admitting rule: what passed under rules that do not finally hold.

use std::collections::BTreeMap;
use std::fmt;

use hashbrown::HashMap;

use crate::config::{Renames, World};
use crate::engine::{FirstPackets, Label, Outcome, Record};
use crate::flow::{Addr, Protocol};
use crate::policy::RuleId;
use crate::session::{Passed, SessionId};

/// The first packets of a run.
#[derive(Debug, Clone, Default)]
pub struct Leaks {
    rules: BTreeMap<RuleId, Leak>,
}

/// What one rule admitted on ports alone and does not finally hold.
#[derive(Debug, Clone, Default)]
pub struct Leak {
    /// Sessions and what passed of them, by how they went on: index by `Outcome as usize`.
    by_outcome: [(u64, Passed); 3],
    ports: HashMap<Port, PortSessions, foldhash::quality::RandomState>,
    worst: Vec<Worst>,
}

/// Where a session went to: protocol, and port where the protocol has ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// IP protocol.
    pub protocol: Protocol,
    /// Destination port; `None` where the protocol has none.
    pub number: Option<u16>,
}

/// Sessions to one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PortSessions {
    /// All of them.
    pub all: u64,
    /// Those that no rule finally allowed.
    pub not_allowed: u64,
}

/// A session that brought much through although no rule finally allowed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worst {
    /// Its number.
    pub session: Option<SessionId>,
    /// Client.
    pub src: Addr,
    /// Server.
    pub dst: Addr,
    /// Port of the server.
    pub port: Port,
    /// What it turned out to be.
    pub label: Label,
    /// How it went on.
    pub outcome: Outcome,
    /// What passed.
    pub passed: Passed,
}

/// So many of the worst sessions are kept per rule.
const WORST: usize = 5;

impl Leaks {
    /// Adds a session.
    pub(super) fn add(&mut self, record: &Record) {
        if let Some(first) = &record.first_packets {
            self.rules.entry(first.admitted_by).or_default().add(record, first);
        }
    }

    /// Other numbers stand for the rules, and for the applications of the worst sessions.
    pub(super) fn rename(&mut self, renames: &Renames) {
        let rules = std::mem::take(&mut self.rules);
        self.rules = rules.into_iter().map(|(rule, leak)| (renames.rule(rule), leak)).collect();
        for worst in self.rules.values_mut().flat_map(|leak| &mut leak.worst) {
            if let Label::App(app) = &mut worst.label {
                *app = renames.application(*app);
            }
        }
    }

    /// Sessions with first packets under a rule that does not finally hold.
    pub fn sessions(&self) -> u64 {
        self.rules.values().map(Leak::sessions).sum()
    }

    /// The admitting rules, worst first: by sessions that no rule finally allowed, then by their payload, then by name.
    pub fn worst_first(&self, world: &World) -> Vec<(RuleId, &Leak)> {
        let mut rules: Vec<_> = self.rules.iter().map(|(&rule, leak)| (rule, leak)).collect();
        rules.sort_by_cached_key(|&(rule, leak)| {
            let (sessions, passed) = leak.not_allowed();
            let payload: u64 = passed.payload.iter().sum();
            (std::cmp::Reverse((sessions, payload)), world.policy.rule(rule).name.clone())
        });
        rules
    }
}

impl Leak {
    fn add(&mut self, record: &Record, first: &FirstPackets) {
        if let Some((sessions, passed)) = self.by_outcome.get_mut(first.outcome as usize) {
            *sessions += 1;
            add(passed, &first.passed);
        }
        let port = Port::of(record);
        let sessions = self.ports.entry(port).or_default();
        sessions.all += 1;
        if first.outcome != Outcome::Reclassified {
            sessions.not_allowed += 1;
            self.rank(Worst {
                session: record.id,
                src: record.c2s.src,
                dst: record.c2s.dst,
                port,
                label: record.label,
                outcome: first.outcome,
                passed: first.passed,
            });
        }
    }

    /// Keeps the sessions with most payload, then with most packets; among equals the earlier ones.
    fn rank(&mut self, session: Worst) {
        let weight = |session: &Worst| {
            let Passed { packets, payload } = session.passed;
            (payload.iter().sum::<u64>(), packets.iter().sum::<u64>())
        };
        let place = self.worst.partition_point(|other| weight(other) >= weight(&session));
        if place < WORST {
            self.worst.truncate(WORST - 1);
            self.worst.insert(place, session);
        }
    }

    /// Sessions in all.
    pub fn sessions(&self) -> u64 {
        self.by_outcome.iter().map(|(sessions, _)| sessions).sum()
    }

    /// Sessions that went on so.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.by_outcome.get(outcome as usize).map_or(0, |(sessions, _)| *sessions)
    }

    /// What passed in all.
    pub fn passed(&self) -> Passed {
        let mut sum = Passed::default();
        for (_, passed) in &self.by_outcome {
            add(&mut sum, passed);
        }
        sum
    }

    /// The sessions that no rule finally allowed, and what passed of them.
    pub fn not_allowed(&self) -> (u64, Passed) {
        let (mut sessions, mut sum) = (0, Passed::default());
        for outcome in [Outcome::Denied, Outcome::NeverIdentified] {
            if let Some((count, passed)) = self.by_outcome.get(outcome as usize) {
                sessions += count;
                add(&mut sum, passed);
            }
        }
        (sessions, sum)
    }

    /// Destination ports with their sessions, most sessions first.
    pub fn ports(&self) -> Vec<(Port, PortSessions)> {
        let mut ports: Vec<_> = self.ports.iter().map(|(&port, &sessions)| (port, sessions)).collect();
        ports.sort_unstable_by_key(|&(port, sessions)| {
            (std::cmp::Reverse((sessions.all, sessions.not_allowed)), port)
        });
        ports
    }

    /// The worst sessions, worst first; none that another rule finally allowed.
    pub fn worst(&self) -> &[Worst] {
        &self.worst
    }
}

impl Port {
    pub(super) const fn of(record: &Record) -> Self {
        let protocol = record.c2s.protocol;
        Self { protocol, number: if protocol.has_ports() { Some(record.c2s.dport) } else { None } }
    }
}

/// `tcp/21`, or the protocol alone.
impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{}/{number}", self.protocol),
            None => write!(f, "{}", self.protocol),
        }
    }
}

fn add(sum: &mut Passed, passed: &Passed) {
    for side in 0..2 {
        sum.packets[side] += passed.packets[side];
        sum.payload[side] += passed.payload[side];
    }
}
