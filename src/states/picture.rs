//! The session states and the stages of TCP, as people and programs read them.

use std::fmt::Write as _;
use std::io::{self, Write};

use petgraph::visit::EdgeRef;
use serde::Serialize;

use super::name::timer_settings;
use crate::app::graph::{dot_text, mermaid_text};
use crate::apps::page::{Column, Page};
use crate::report::escape;
use crate::report::text::Look;
use crate::session::{State, TcpMove, TcpStage, Timer, Trigger, state_graph, tcp_moves};

/// Both state machines, derived from the code.
#[derive(Debug)]
pub struct Picture {
    /// In order of states, then of triggers.
    arrows: Vec<(State, Trigger, State)>,
    moves: Vec<TcpMove>,
}

#[derive(Serialize)]
struct Document {
    firstpass: &'static str,
    states: Vec<StateRow>,
    transitions: Vec<ArrowRow>,
    tcp: Vec<MoveRow>,
}

#[derive(Serialize)]
struct StateRow {
    name: &'static str,
    stable: bool,
    meaning: &'static str,
    /// What becomes of a packet that has the session's key.
    packet: &'static str,
}

#[derive(Serialize)]
struct ArrowRow {
    from: &'static str,
    to: &'static str,
    trigger: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct MoveRow {
    from: &'static str,
    to: &'static str,
    segment: &'static str,
    /// The timer that runs from then on; `None` where the running one goes on.
    timer: Option<&'static str>,
}

impl Default for Picture {
    fn default() -> Self {
        let graph = state_graph();
        let weight = |node| graph.node_weight(node).copied();
        let mut arrows: Vec<_> = graph
            .edge_references()
            .filter_map(|arrow| Some((weight(arrow.source())?, *arrow.weight(), weight(arrow.target())?)))
            .collect();
        arrows.sort_unstable();
        Self { arrows, moves: tcp_moves().into_iter().collect() }
    }
}

impl Picture {
    /// Writes it for people.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let mut page = Page::new(out, look);
        page.heading("Session states", "of an entry of the session table")?;
        let columns = [
            Column::whole("state"),
            Column::whole("kind"),
            Column::text("meaning", 24),
            Column::text("its packets", 20),
        ];
        let kind = |state: State| if state.is_stable() { "stable" } else { "passing" };
        let rows = State::ALL.map(|state| {
            [state.name(), kind(state), state.describe(), state.on_packet()].map(str::to_owned).to_vec()
        });
        page.table(&columns, &rows)?;
        page.gap()?;
        page.heading("What leads from one to the other", "")?;
        let columns =
            [Column::whole("from"), Column::whole("to"), Column::whole("trigger"), Column::text("when", 24)];
        let rows: Vec<Vec<String>> = self
            .arrows
            .iter()
            .map(|(from, trigger, to)| {
                [from.name(), to.name(), trigger.name(), trigger.describe()].map(str::to_owned).to_vec()
            })
            .collect();
        page.table(&columns, &rows)?;
        page.gap()?;
        page.heading(
            "Stages of TCP",
            "within ACTIVE: the handshake is no state of the session, only its timer differs",
        )?;
        let columns = [
            Column::whole("from"),
            Column::whole("segment"),
            Column::whole("to"),
            Column::text("timer from then on", 24),
        ];
        let rows: Vec<Vec<String>> = self.moves.iter().map(stage_cells).collect();
        page.table(&columns, &rows)?;
        page.gap()?;
        page.heading("Other timers", "")?;
        for (what, timer) in [
            ("UDP", Timer::Udp),
            ("ICMP", Timer::Icmp),
            ("Other protocols", Timer::Default),
            ("In DISCARD", Timer::Discard),
        ] {
            page.items(what, &timer_settings(timer.name()), ", ")?;
        }
        Ok(())
    }

    /// Writes it as one JSON document.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let state = |state: State| StateRow {
            name: state.name(),
            stable: state.is_stable(),
            meaning: state.describe(),
            packet: state.on_packet(),
        };
        let arrow = |&(from, trigger, to): &(State, Trigger, State)| ArrowRow {
            from: from.name(),
            to: to.name(),
            trigger: trigger.name(),
            meaning: trigger.describe(),
        };
        let step = |step: &TcpMove| MoveRow {
            from: step.from.name(),
            to: step.to.name(),
            segment: step.segment,
            timer: step.timer.map(Timer::name),
        };
        let document = Document {
            firstpass: env!("CARGO_PKG_VERSION"),
            states: State::ALL.map(state).into(),
            transitions: self.arrows.iter().map(arrow).collect(),
            tcp: self.moves.iter().map(step).collect(),
        };
        write_json(out, &document)
    }

    /// The graph in Graphviz's language; the stages of TCP are a part of ACTIVE.
    pub fn dot(&self) -> String {
        let mut dot = String::from("digraph states {\n  rankdir=LR;\n  node [shape=box];\n");
        for state in State::ALL {
            let style = if state.is_stable() { "" } else { " [style=dashed]" };
            let _ = writeln!(dot, "  {}{style};", dot_text(state.name()));
        }
        for (from, trigger, to) in &self.arrows {
            let [from, to, trigger] = [from.name(), to.name(), trigger.name()].map(dot_text);
            let _ = writeln!(dot, "  {from} -> {to} [label={trigger}];");
        }
        dot.push_str("  subgraph cluster_tcp {\n    label=\"TCP within ACTIVE\";\n");
        for stage in TcpStage::ALL {
            let _ = writeln!(dot, "    {} [style=rounded];", dot_text(stage.name()));
        }
        for step in &self.moves {
            let [from, to, label] = [step.from.name(), step.to.name(), &label(step)].map(dot_text);
            let _ = writeln!(dot, "    {from} -> {to} [label={label}];");
        }
        dot.push_str("  }\n}\n");
        dot
    }

    /// The same as a Mermaid state diagram.
    pub fn mermaid(&self) -> String {
        let mut text = String::from("stateDiagram-v2\n  [*] --> INIT\n");
        for (from, trigger, to) in &self.arrows {
            let _ = writeln!(text, "  {from} --> {to}: {}", mermaid_text(trigger.name()));
        }
        text.push_str("  state ACTIVE {\n");
        for (number, stage) in TcpStage::ALL.into_iter().enumerate() {
            let _ = writeln!(text, "    state \"{}\" as tcp{number}", mermaid_text(stage.name()));
        }
        let _ = writeln!(text, "    [*] --> tcp0");
        let number = |stage: TcpStage| TcpStage::ALL.iter().position(|known| *known == stage).unwrap_or(0);
        for step in &self.moves {
            let label = mermaid_text(&label(step));
            let _ = writeln!(text, "    tcp{} --> tcp{}: {label}", number(step.from), number(step.to));
        }
        text.push_str("  }\n");
        text
    }
}

fn stage_cells(step: &TcpMove) -> Vec<String> {
    let timer = step.timer.map_or_else(|| "goes on".to_owned(), seconds);
    vec![step.from.name().to_owned(), step.segment.to_owned(), step.to.name().to_owned(), timer]
}

/// A timer's settings with their defaults.
fn seconds(timer: Timer) -> String {
    timer_settings(timer.name()).join(", ")
}

/// What stands at the arrow of a step.
fn label(step: &TcpMove) -> String {
    match step.timer {
        Some(timer) => format!("{} - {}", step.segment, timer.name()),
        None => step.segment.to_owned(),
    }
}

/// Writes a document and ends the line.
pub(super) fn write_json(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let mut out = out;
    escape::write_json(&mut out, document)?;
    out.write_all(b"\n")
}
