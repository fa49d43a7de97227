//! One capture under several rulebases, side by side: which conversations fare differently, and how.

mod json;
mod text;

use std::collections::BTreeMap;
use std::io;

use super::ends::Ends;
use super::row::{label_name, rule_name};
use super::{Sink, Subtype, Tally, escape};
use crate::config::World;
use crate::engine::{EventKind, Events, Record};
use crate::flow::FlowKey;
use crate::policy::Action;
use crate::session::EndReason;

pub use json::write_json;
pub use text::write_text;

/// So many conversations are followed one by one; what comes later is in the totals alone.
const CONVERSATIONS_MAX: usize = 100_000;
/// So many different rows of one conversation are kept: SYNs that are refused, and ports that are used again, make
/// more than one.
const FATES_MAX: usize = 4;

/// What one row of the log says of a conversation. Names are safe to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Fate {
    subtype: Subtype,
    app: String,
    rule: String,
    action: Action,
    reason: &'static str,
    /// Whether another session has announced it.
    is_announced: bool,
}

impl Fate {
    /// Whether it was let through to its end.
    fn is_allowed(&self) -> bool {
        self.subtype == Subtype::End && self.action.is_allow()
    }
}

/// A conversation's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Conversation {
    /// The zones of its client and its server.
    zones: [String; 2],
    /// As its client opened it.
    opened: Opened,
    fates: Vec<Fate>,
}

/// Who opened a conversation, and to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Opened {
    first_packet: u64,
    key: FlowKey,
}

/// Watches the replay under one rulebase.
#[derive(Debug)]
pub struct Outcome {
    /// What the rulebase is called.
    name: String,
    tally: Tally,
    conversations: BTreeMap<Ends, Conversation>,
    /// Whether there were too many to tell each.
    is_cut: bool,
}

impl Outcome {
    /// Nothing seen yet, under a rulebase of that name.
    pub fn new(name: String) -> Self {
        Self { name, tally: Tally::default(), conversations: BTreeMap::new(), is_cut: false }
    }

    /// Rows by conversation.
    fn fates(&self) -> impl Iterator<Item = (&Ends, &[Fate])> {
        self.conversations.iter().map(|(ends, conversation)| (ends, &*conversation.fates))
    }

    fn add(&mut self, world: &World, subtype: Subtype, record: &Record) {
        let ends = Ends::of_record(record);
        if self.conversations.len() >= CONVERSATIONS_MAX && !self.conversations.contains_key(&ends) {
            self.is_cut = true;
            return;
        }
        let conversation = self.conversations.entry(ends).or_insert_with(|| Conversation {
            zones: [record.c2s.zone, record.s2c.zone].map(|zone| world.zones.name(zone).to_owned()),
            opened: Opened { first_packet: record.first_packet, key: record.c2s },
            fates: Vec::new(),
        });
        let fate = Fate {
            subtype,
            app: label_name(world, record.label).to_owned(),
            rule: escape::name(rule_name(world, record.rule)).into_owned(),
            action: record.action,
            reason: record.reason.map_or("n/a", EndReason::name),
            is_announced: record.parent.is_some(),
        };
        if conversation.fates.last() != Some(&fate) && conversation.fates.len() < FATES_MAX {
            conversation.fates.push(fate);
        }
    }
}

impl Sink for Outcome {
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        self.tally.read(world, events)?;
        for event in events.list() {
            match event.kind {
                EventKind::Denied { record } => self.add(world, Subtype::Deny, events.record(record)),
                EventKind::Refused { record } => self.add(world, Subtype::Drop, events.record(record)),
                EventKind::Ended { record } => {
                    let record = events.record(record);
                    // A denied session has its row already.
                    if !record.reason.is_some_and(EndReason::is_logged_at_once) {
                        self.add(world, Subtype::End, record);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// How the others compare with the first rulebase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Something that the first one lets through is blocked under another.
    Breaks,
    /// Something that the first one blocks is let through under another.
    Opens,
    /// It fares alike, under another rule or as another application.
    Differs,
}

impl Change {
    const fn name(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Opens => "opens",
            Self::Differs => "differs",
        }
    }
}

/// What the conversations of a group have in common: their zones, and their rows under each rulebase.
type Shared<'a> = (&'a [String; 2], Vec<&'a [Fate]>);

/// Conversations between the same zones that fare alike under each rulebase.
#[derive(Debug)]
struct Group<'a> {
    change: Change,
    zones: &'a [String; 2],
    /// In the order of their first packets.
    opened: Vec<Opened>,
    /// Of each rulebase: its rows; none where the packets made none.
    fates: Vec<&'a [Fate]>,
}

/// The outcomes of several rulebases.
#[derive(Debug)]
pub struct Beside {
    outcomes: Vec<Outcome>,
}

impl Beside {
    /// Puts the outcomes side by side; what changes is told as seen from the first one.
    pub fn new(outcomes: Vec<Outcome>) -> Self {
        Self { outcomes }
    }

    /// What fares differently under them, what breaks first.
    fn groups(&self) -> Vec<Group<'_>> {
        let mut all: BTreeMap<Ends, &Conversation> = BTreeMap::new();
        for outcome in self.outcomes.iter().rev() {
            all.extend(outcome.conversations.iter().map(|(ends, conversation)| (*ends, conversation)));
        }
        let mut groups: BTreeMap<Shared<'_>, Vec<Opened>> = BTreeMap::new();
        for (ends, conversation) in all {
            let fates = self.outcomes.iter().map(|outcome| outcome.conversations.get(&ends));
            let fates: Vec<&[Fate]> = fates.map(|it| it.map_or(&[][..], |it| &it.fates)).collect();
            if fates.windows(2).any(|pair| pair[0] != pair[1]) {
                groups.entry((&conversation.zones, fates)).or_default().push(conversation.opened);
            }
        }
        let mut groups: Vec<Group<'_>> = groups
            .into_iter()
            .map(|((zones, fates), mut opened)| {
                opened.sort_unstable();
                Group { change: change(&fates), zones, opened, fates }
            })
            .collect();
        groups.sort_by(|a, b| (a.change, a.opened.first()).cmp(&(b.change, b.opened.first())));
        groups
    }

    /// How many conversations fare alike under all of them.
    fn alike(&self, groups: &[Group<'_>]) -> u64 {
        let differing: usize = groups.iter().map(|group| group.opened.len()).sum();
        let mut all: Vec<&Ends> =
            self.outcomes.iter().flat_map(|outcome| outcome.conversations.keys()).collect();
        all.sort_unstable();
        all.dedup();
        (all.len() - differing) as u64
    }

    /// Whether any conversation fares differently.
    pub fn differs(&self) -> bool {
        let outcomes = self.outcomes.windows(2);
        outcomes.map(|pair| (pair[0].fates(), pair[1].fates())).any(|(one, other)| one.ne(other))
    }

    fn is_cut(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.is_cut)
    }
}

/// Whether anything of it was let through to its end.
fn passes(fates: &[Fate]) -> bool {
    fates.iter().any(Fate::is_allowed)
}

fn change(fates: &[&[Fate]]) -> Change {
    let Some((first, others)) = fates.split_first() else { return Change::Differs };
    if passes(first) && !others.iter().all(|fates| passes(fates)) {
        Change::Breaks
    } else if !passes(first) && others.iter().any(|fates| passes(fates)) {
        Change::Opens
    } else {
        Change::Differs
    }
}
