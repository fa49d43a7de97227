//! The walk of one session: its packets one by one, and what happened at each.

use crate::app::AppId;
use crate::config::{Renames, World};
use crate::engine::{DropReason, Prediction, Record, Verdict};
use crate::feature::threat::Threat;
use crate::flow::{Direction, Protocol};
use crate::policy::{Explanation, Lookup, RuleMatch, Step, Ternary};
use crate::report::row::rule_name;
use crate::report::style::{Paint, Role, count, grouped};
use crate::report::{escape, wrap};
use crate::session::{SessionId, TcpStage, Timer};
use crate::time::{Span, Timestamp};

use super::decryption::Failed;
use super::packet::Note;

/// One thing that happened at a packet.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) role: Role,
    /// How far it stands in.
    pub(super) level: usize,
    pub(super) text: String,
}

/// How it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) paint: Paint,
    pub(super) width: usize,
}

/// What is known of a session and written of it so far.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) started: Timestamp,
    pub(super) text: String,
    run: Option<Run>,
    /// Packets that are not written, for there were too many.
    omitted: [u64; 2],
    pub(super) facts: Facts,
}

/// What the closing paragraph needs to know.
#[derive(Debug)]
pub(super) struct Facts {
    /// The session that this one has begun inside of.
    pub(super) around: Option<SessionId>,
    pub(super) tentative: Option<Lookup>,
    pub(super) found: Vec<Found>,
    pub(super) stage: Option<TcpStage>,
    pub(super) established: bool,
    pub(super) fin: bool,
    pub(super) timer: Option<(Timer, Span)>,
    pub(super) denied: Option<Record>,
    /// Whether an administrator has cleared it.
    pub(super) cleared: bool,
    /// The packet with a threat that was blocked.
    pub(super) threat: Option<(u64, Threat)>,
    /// Why decryption has failed.
    pub(super) failed: Option<Failed>,
    /// The predict session that it has come of.
    pub(super) announced: Option<Prediction>,
}

/// An application that App-ID came to.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) packet: u64,
    pub(super) app: AppId,
    /// Safe to show.
    pub(super) evidence: String,
    pub(super) lookup: Option<Lookup>,
}

/// Packets in a row of which nothing is to be said but their verdict.
#[derive(Debug)]
struct Run {
    verdict: Verdict,
    first: u64,
    last: u64,
    from: Span,
    packets: [u64; 2],
    /// The first few, written out, in case no more come.
    written: String,
}

/// A packet with its verdict.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged {
    pub(super) note: Note,
    pub(super) at: Timestamp,
    pub(super) direction: Option<Direction>,
    pub(super) verdict: Verdict,
    pub(super) payload: u32,
}

/// A run of more packets than this is one line.
const RUN: u64 = 2;
/// So many bytes are written of one session, so that a long one stays readable.
const TEXT: usize = 1 << 18;
/// Columns before what happened.
const INDENT: usize = 10;

impl Walk {
    pub(super) fn new(world: &World, record: &Record, tentative: Option<Lookup>, look: Look) -> Self {
        let id = record.id.map_or(0, |id| id.0);
        let mut text = String::new();
        let heading = format!("Session {id}  {}", path(world, record));
        text.push_str(&format!("{}\n", look.paint.on(Role::Heading, wrap::fit(&heading, look.width))));
        let facts = Facts {
            around: None,
            tentative,
            found: Vec::new(),
            stage: None,
            established: false,
            fin: false,
            timer: None,
            denied: None,
            cleared: false,
            threat: None,
            failed: None,
            announced: None,
        };
        Self { started: record.started, text, run: None, omitted: [0; 2], facts }
    }

    /// Adds a packet with what happened at it.
    pub(super) fn packet(&mut self, judged: &Judged, lines: &[Line], look: Look) {
        if let Some(failed) = self.facts.failed.as_mut().filter(|it| it.packet == judged.note.number) {
            failed.by = judged.direction;
        }
        if self.text.len() > TEXT {
            self.omitted[usize::from(!judged.verdict.is_forward())] += 1;
            return;
        }
        let unknown = self.is_unknown();
        let telling = !lines.is_empty()
            || unknown && judged.payload > 0
            || !matches!(judged.verdict, Verdict::Forward | Verdict::Drop(DropReason::SessionDiscard));
        let written = packet(judged, self.started, lines, unknown, look);
        if telling {
            self.flush(look);
            self.text.push_str(&written);
            return;
        }
        if self.run.as_ref().is_some_and(|run| run.verdict != judged.verdict) {
            self.flush(look);
        }
        let run = self.run.get_or_insert_with(|| Run {
            verdict: judged.verdict,
            first: judged.note.number,
            last: judged.note.number,
            from: judged.at.since(self.started),
            packets: [0; 2],
            written: String::new(),
        });
        run.last = judged.note.number;
        if let Some(direction) = judged.direction {
            run.packets[direction.index()] += 1;
        }
        if run.packets.iter().sum::<u64>() <= RUN {
            run.written.push_str(&written);
        }
    }

    /// Whether packets pass without their application being known.
    fn is_unknown(&self) -> bool {
        self.facts.found.is_empty()
            && self.facts.tentative.is_some_and(|lookup| lookup.certainty == Ternary::Unknown)
    }

    /// Writes the run of packets that has come to its end.
    pub(super) fn flush(&mut self, look: Look) {
        let Some(run) = self.run.take() else { return };
        let packets: u64 = run.packets.iter().sum();
        if packets <= RUN {
            self.text.push_str(&run.written);
            return;
        }
        let what = match run.verdict {
            Verdict::Forward => format!("{} forwarded", count(packets, "packet")),
            Verdict::Drop(reason) => format!("{} dropped: {reason}", count(packets, "packet")),
        };
        let [to_server, to_client] = run.packets.map(grouped);
        let text = format!("{what}; {to_server} to the server, {to_client} to the client");
        let numbers = format!("packets {} to {}", run.first, run.last);
        let line = format!("{:>9} {} {text} ({numbers})", seconds(run.from), " ");
        self.text.push_str(&format!("{}\n", look.paint.on(role(run.verdict), wrap::fit(&line, look.width))));
    }

    /// Says how many packets are not written, where there are any.
    pub(super) fn close(&mut self, look: Look) {
        self.flush(look);
        let [forwarded, dropped] = self.omitted;
        if forwarded + dropped > 0 {
            let text = format!(
                "… and {}: {} forwarded, {} dropped",
                count(forwarded + dropped, "more packet"),
                grouped(forwarded),
                grouped(dropped)
            );
            push(&mut self.text, &Line::new(Role::Quiet, 0, text), look);
        }
    }

    /// Adds something that no packet brought about.
    pub(super) fn timer(&mut self, at: Timestamp, text: &str, look: Look) {
        self.close(look);
        self.note(at, text, look);
    }

    /// The same in the midst of a session.
    pub(super) fn note(&mut self, at: Timestamp, text: &str, look: Look) {
        self.flush(look);
        let line = format!("{:>9}   {text}", seconds(at.since(self.started)));
        self.text.push_str(&format!("{}\n", wrap::fit(&line, look.width)));
    }
}

impl Facts {
    /// Other numbers stand for the rules and applications.
    pub(super) fn rename(&mut self, renames: &Renames) {
        let rename = |lookup: &mut Lookup| lookup.rule = renames.rule(lookup.rule);
        self.tentative.as_mut().map(rename);
        for found in &mut self.found {
            found.app = renames.application(found.app);
            found.lookup.as_mut().map(rename);
        }
        if let Some(denied) = &mut self.denied {
            denied.rename(renames);
        }
    }
}

impl Line {
    pub(super) fn new(role: Role, level: usize, text: impl Into<String>) -> Self {
        Self { role, level, text: text.into() }
    }
}

/// One packet: time, way, what it is, its number; what happened; its verdict.
pub(super) fn packet(
    judged: &Judged,
    started: Timestamp,
    lines: &[Line],
    unknown: bool,
    look: Look,
) -> String {
    let way = match judged.direction {
        Some(Direction::ClientToServer) | None => "→",
        Some(Direction::ServerToClient) => "←",
    };
    let head = format!("{:>9} {way} {}", seconds(judged.at.since(started)), judged.note);
    let number = look.paint.on(Role::Quiet, format!("  packet {}", judged.note.number));
    let mut text = format!("{}{number}\n", look.paint.on(Role::Name, head));
    for line in lines {
        push(&mut text, line, look);
    }
    let verdict = match judged.verdict {
        Verdict::Forward if unknown => Line::new(Role::Leak, 0, "forwarded, on its ports alone"),
        Verdict::Forward => Line::new(Role::Good, 0, "forwarded"),
        Verdict::Drop(reason) => Line::new(Role::Deny, 0, format!("dropped: {reason}")),
    };
    push(&mut text, &verdict, look);
    text
}

fn role(verdict: Verdict) -> Role {
    if verdict.is_forward() { Role::Quiet } else { Role::Deny }
}

/// A line in as many lines as it needs.
pub(super) fn push(text: &mut String, line: &Line, look: Look) {
    let indent = INDENT + 2 + 2 * line.level;
    let width = look.width.saturating_sub(indent + 2);
    for (number, part) in wrap::sentence(&line.text, width).iter().enumerate() {
        let hanging = if number == 0 { "" } else { "  " };
        let spaces = " ".repeat(indent);
        text.push_str(&format!("{spaces}{hanging}{}\n", look.paint.on(line.role, part)));
    }
}

/// Zones and both ends of a session.
pub(super) fn path(world: &World, record: &Record) -> String {
    let key = &record.c2s;
    let port = |port| key.protocol.has_ports().then_some(port);
    let (src, dst) = (key.src.with_port(port(key.sport)), key.dst.with_port(port(key.dport)));
    let echo = match key.protocol {
        Protocol::ICMP | Protocol::ICMPV6 if (key.sport, key.dport) != (0, 0) => {
            format!(" identifier {} sequence {}", key.sport, key.dport)
        }
        _ => String::new(),
    };
    let zone = |zone| escape::name(world.zones.name(zone)).into_owned();
    format!("{src} → {dst} {}{echo}  {} → {}", key.protocol, zone(key.zone), zone(record.s2c.zone))
}

/// A lookup, rule by rule.
pub(super) fn lookup_lines(world: &World, explanation: &Explanation, heading: String) -> Vec<Line> {
    let mut lines = vec![Line::new(Role::Plain, 0, heading)];
    for step in &explanation.steps {
        match step {
            Step::Skipped { sentence, .. } => lines.push(Line::new(Role::Quiet, 1, sentence.clone())),
            Step::Rule(rule) => lines.push(rule_line(world, rule, explanation)),
        }
    }
    lines
}

fn rule_line(world: &World, rule: &RuleMatch, explanation: &Explanation) -> Line {
    let name = escape::name(rule_name(world, rule.rule));
    let text = format!("`{name}` {}", rule_reason(rule, explanation));
    Line::new(rule_role(rule, explanation), 1, text)
}

/// What a rule says of a query and why: every column, or of a rule that does not match those that rule it out.
pub(in crate::report) fn rule_reason(rule: &RuleMatch, explanation: &Explanation) -> String {
    let answers = rule.rule == explanation.lookup.rule;
    let columns = rule
        .columns
        .iter()
        .filter(|column| answers || rule.certainty != Ternary::No || column.certainty == Ternary::No);
    let sentences: Vec<&str> = columns.map(|column| column.sentence.as_str()).collect();
    format!("{}: {}", rule.sentence, sentences.join(" · "))
}

/// The colour of a rule in the walk of a lookup.
pub(in crate::report) fn rule_role(rule: &RuleMatch, explanation: &Explanation) -> Role {
    let answers = rule.rule == explanation.lookup.rule;
    match (answers, explanation.lookup.action.is_allow(), rule.certainty) {
        (true, true, Ternary::Unknown) => Role::Leak,
        (true, true, _) => Role::Good,
        (true, false, _) => Role::Deny,
        (false, ..) => Role::Quiet,
    }
}

/// Seconds since the session began.
pub(super) fn seconds(span: Span) -> String {
    format!("{}.{:03}", span.secs(), span.nanos() / 1_000_000 % 1_000)
}
