//! One capture under the combinations of the settings about packets whose beginning was not seen (PANOS.md 6.1, 6.3):
//! which of them does a network with asymmetric routes need?

mod json;
mod text;

use std::collections::{BTreeMap, VecDeque};
use std::io;

use super::ends::Ends;
use super::row::label_name;
use super::style::grouped;
use super::{Sink, Tally};
use crate::config::World;
use crate::engine::{DropReason, EventKind, Events, Label, Record, Verdict};
use crate::flow::Protocol;
use crate::packet::Packet;
use crate::session::EndReason;

pub use json::write_json;
pub use text::write_text;

/// One combination of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Combination {
    /// `session.tcp-reject-non-syn no`: sessions may begin in their middle.
    pub accepts_non_syn: bool,
    /// `tcp.asymmetric-path bypass`: sequence numbers are not inspected.
    pub bypasses: bool,
}

impl Combination {
    /// All, from the strictest to the least strict.
    pub const ALL: [Self; 4] = [
        Self { accepts_non_syn: false, bypasses: false },
        Self { accepts_non_syn: true, bypasses: false },
        Self { accepts_non_syn: false, bypasses: true },
        Self { accepts_non_syn: true, bypasses: true },
    ];

    /// Key and value of each setting.
    pub const fn settings(self) -> [(&'static str, &'static str); 2] {
        [
            ("session.tcp-reject-non-syn", if self.accepts_non_syn { "no" } else { "yes" }),
            ("tcp.asymmetric-path", if self.bypasses { "bypass" } else { "drop" }),
        ]
    }

    /// What it is called in a column.
    pub const fn name(self) -> &'static str {
        match (self.accepts_non_syn, self.bypasses) {
            (false, false) => "strict",
            (true, false) => "non-SYN",
            (false, true) => "bypass",
            (true, true) => "both",
        }
    }
}

/// What became of a conversation under one combination.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Fate {
    forwarded: u64,
    /// No session and not a SYN.
    non_syn: u64,
    /// Outside the window.
    out_of_window: u64,
    /// Dropped for other reasons.
    dropped: u64,
    /// Application and end reason of its last session.
    last: Option<(String, &'static str)>,
}

/// Watches one replay.
#[derive(Debug)]
pub struct Outcome {
    combination: Combination,
    /// Totals.
    tally: Tally,
    fates: BTreeMap<Ends, Fate>,
    /// Conversations of the packets whose verdicts are still to come.
    waiting: VecDeque<Option<Ends>>,
    /// Sessions whose application was recognised.
    recognised: u64,
    /// Whether there were too many conversations to tell each.
    is_cut: bool,
}

/// Applications that are none.
const UNKNOWN: [&str; 4] = ["unknown-tcp", "unknown-udp", "unknown-p2p", "non-syn-tcp"];

/// So many conversations are followed one by one; what comes later is in the totals alone.
const CONVERSATIONS_MAX: usize = 100_000;

impl Outcome {
    /// Nothing seen yet.
    pub fn new(combination: Combination) -> Self {
        Self {
            combination,
            tally: Tally::default(),
            fates: BTreeMap::new(),
            waiting: VecDeque::new(),
            recognised: 0,
            is_cut: false,
        }
    }

    fn drops(&self, reason: DropReason) -> u64 {
        self.tally.drops().get(&reason).copied().unwrap_or(0)
    }

    /// Packets that only these settings drop.
    fn lost(&self) -> u64 {
        self.drops(DropReason::NonSyn) + self.drops(DropReason::OutOfWindow)
    }

    fn fate(&mut self, ends: Ends) -> Option<&mut Fate> {
        if self.fates.len() >= CONVERSATIONS_MAX && !self.fates.contains_key(&ends) {
            self.is_cut = true;
            return None;
        }
        Some(self.fates.entry(ends).or_default())
    }

    fn end(&mut self, world: &World, record: &Record) {
        let app = label_name(world, record.label);
        self.recognised += u64::from(matches!(record.label, Label::App(_)) && !UNKNOWN.contains(&app));
        let reason = record.reason.map_or("n/a", EndReason::name);
        let app = app.to_owned();
        let ends = Ends::of_record(record);
        if let Some(fate) =
            Some(ends).filter(|ends| ends.protocol == Protocol::TCP).and_then(|ends| self.fate(ends))
        {
            fate.last = Some((app, reason));
        }
    }
}

impl Sink for Outcome {
    fn packet(&mut self, packet: &Packet<'_>) {
        self.waiting.push_back(Ends::of_tcp(packet));
    }

    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        self.tally.read(world, events)?;
        for event in events.list() {
            match event.kind {
                EventKind::Verdict { verdict, .. } => {
                    let ends = self.waiting.pop_front().flatten();
                    let Some(fate) = ends.and_then(|ends| self.fate(ends)) else { continue };
                    *match verdict {
                        Verdict::Forward => &mut fate.forwarded,
                        Verdict::Drop(DropReason::NonSyn) => &mut fate.non_syn,
                        Verdict::Drop(DropReason::OutOfWindow) => &mut fate.out_of_window,
                        Verdict::Drop(_) => &mut fate.dropped,
                    } += 1;
                }
                EventKind::Ended { record } => self.end(world, events.record(record)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The outcomes of all combinations, in the order of [`Combination::ALL`].
#[derive(Debug)]
pub struct Matrix {
    outcomes: Vec<Outcome>,
    /// What the rulebase itself says.
    configured: Combination,
    /// Zones whose profile overrides the settings, which the combinations then do not change.
    overridden: Vec<String>,
}

impl Matrix {
    /// Puts the outcomes side by side.
    pub fn new(outcomes: Vec<Outcome>, configured: Combination, overridden: Vec<String>) -> Self {
        Self { outcomes, configured, overridden }
    }

    /// Conversations that do not fare alike under all combinations, those that lose most first.
    fn differing(&self) -> Vec<(Ends, Vec<Fate>)> {
        let Some(first) = self.outcomes.first() else { return Vec::new() };
        let mut differing: Vec<_> = first
            .fates
            .keys()
            .map(|ends| {
                let fates = self.outcomes.iter();
                (*ends, fates.map(|outcome| outcome.fates.get(ends).cloned().unwrap_or_default()).collect())
            })
            .filter(|(_, fates): &(Ends, Vec<Fate>)| fates.windows(2).any(|pair| pair[0] != pair[1]))
            .collect();
        differing.sort_by_key(|(ends, fates)| {
            let lost = fates.first().map_or(0, |fate| fate.non_syn + fate.out_of_window);
            (std::cmp::Reverse(lost), *ends)
        });
        differing
    }

    /// The strictest combination that loses no more packets than the least strict one.
    fn needed(&self) -> Option<&Outcome> {
        let least = self.outcomes.iter().map(Outcome::lost).min()?;
        self.outcomes.iter().find(|outcome| outcome.lost() == least)
    }

    /// What to do, in sentences.
    fn advice(&self) -> Vec<String> {
        let (Some(strict), Some(needed)) = (self.outcomes.first(), self.needed()) else { return Vec::new() };
        let mut sentences = Vec::new();
        if needed.combination == Combination::ALL[0] {
            sentences.push(match strict.lost() {
                0 => "Neither setting is needed: nothing is dropped for want of a SYN or for its sequence numbers."
                    .to_owned(),
                lost => format!(
                    "Neither setting helps: {} packets are dropped under each of them.",
                    grouped(lost)
                ),
            });
        } else {
            let changes: Vec<String> = needed
                .combination
                .settings()
                .iter()
                .zip(Combination::ALL[0].settings())
                .filter(|(needed, strict)| **needed != *strict)
                .map(|((key, value), _)| format!("{key}={value}"))
                .collect();
            sentences.push(format!(
                "Needed: {}. Of {} packets that the strict settings drop for want of a SYN or for their sequence numbers, {} no \
                 longer are.",
                changes.join(" and "),
                grouped(strict.lost()),
                grouped(strict.lost() - needed.lost()),
            ));
            sentences.push(
                "Both settings take inspection away. Better than either is a network where both directions of a \
                 connection pass the same firewall; next best is to set them for the zones concerned alone, in a zone \
                 protection profile."
                    .to_owned(),
            );
        }
        if !self.overridden.is_empty() {
            sentences.push(format!(
                "The zone protection profiles of {} say otherwise for their zones, under every combination.",
                self.overridden.join(", ")
            ));
        }
        sentences
    }
}
