//! A run held against what the document says, and the tables written anew.

use serde_json::Value;

use super::play::{Played, receiver};
use super::script::{Expected, verdict_name};
use super::table::{ANY, Table};
use super::{DocumentError, Expectation, Kind, Mismatch, Scenario};
use crate::capture::{Frame, LinkType};
use crate::flow::Direction;
use crate::packet::{Checksums, DecodeOptions, Layer4, TcpFlags, decode};
use crate::report::escape::Payload;
use crate::scenario::run::Run;
use crate::scenario::wire::sender_first;
use crate::time::Timestamp;

impl Scenario {
    /// Plays the scenario and holds it against the document; empty where all is as it says.
    ///
    /// # Errors
    /// As [`Scenario::run`].
    pub fn check(&self) -> Result<Vec<Mismatch>, DocumentError> {
        let played = self.play()?;
        let mut mismatches = self.check_verdicts(&played);
        for table in &self.tables {
            mismatches.extend(self.check_table(table, &played.run));
        }
        Ok(mismatches)
    }

    /// The verdicts that the comments of packet lines assert.
    fn check_verdicts(&self, played: &Played) -> Vec<Mismatch> {
        let mut mismatches = Vec::new();
        let mut before = 0;
        for (step, &last) in self.script.steps.iter().zip(&played.frames) {
            let frames = before + 1..=last;
            before = last;
            let Some(expected) = &step.verdict else { continue };
            let wrong = frames
                .filter_map(|frame| played.run.verdict(frame))
                .find(|&verdict| !expected.is_met_by(verdict));
            if let Some(verdict) = wrong {
                let said = match expected {
                    Expected::Forward => "forward".to_owned(),
                    Expected::Drop(reason) => format!("drop {reason}"),
                };
                let what = format!("expected `{said}`, got `{}`", verdict_name(verdict));
                mismatches.push(Mismatch { line: step.line, what });
            }
        }
        mismatches
    }

    fn check_table(&self, expected: &Expectation, run: &Run) -> Option<Mismatch> {
        let Expectation { kind, line, table: Table { columns, rows: said }, .. } = expected;
        let got = self.table(expected, run);
        let holds = if *kind == Kind::SomeRows {
            let mut rest = got.iter();
            said.iter().all(|(_, said)| rest.any(|row| fits(said, row)))
        } else {
            said.len() == got.len() && said.iter().zip(&got).all(|((_, said), row)| fits(said, row))
        };
        (!holds).then(|| Mismatch { line: *line, what: difference(columns, said, &got) })
    }

    /// The content of a table's block as the run says it; cells that said nothing still do.
    pub(super) fn render(&self, expected: &Expectation, run: &Run) -> String {
        let columns = &expected.table.columns;
        let mut rows = self.table(expected, run);
        for (row, (_, said)) in rows.iter_mut().zip(&expected.table.rows) {
            for (cell, said) in row.iter_mut().zip(said) {
                if said == ANY {
                    ANY.clone_into(cell);
                }
            }
        }
        Table::render(columns, &rows)
    }

    /// What a run has to say in these columns.
    fn table(&self, expected: &Expectation, run: &Run) -> Vec<Vec<String>> {
        let Expectation { kind, table: Table { columns, .. }, .. } = expected;
        let list = |pointer: &str| {
            run.report.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let records: Vec<Value> = match kind {
            Kind::Rows | Kind::SomeRows => list("/sessions"),
            Kind::FirstPackets => list("/first_packets/rules"),
            Kind::Threats => list("/threats"),
            Kind::Predictions => run.announced.clone(),
            Kind::Emitted => {
                run.emitted.iter().map(|sent| self.sent(sent.frame, sent.direction, &sent.bytes)).collect()
            }
            Kind::Transmitted => run
                .transmitted
                .iter()
                .map(|sent| self.sent(sent.frame, sent.direction, &sent.bytes))
                .collect(),
            Kind::Counters => expected
                .table
                .rows
                .iter()
                .filter_map(|(_, cells)| cells.first())
                .map(|name| serde_json::json!({ "name": name, "value": run.counter(name) }))
                .collect(),
        };
        records.iter().map(|record| columns.iter().map(|column| cell(record, column)).collect()).collect()
    }

    /// A packet that left, in the columns of `emitted` and `transmitted`: numbers relative to the beginning of the flow
    /// it belongs to.
    fn sent(&self, number: u64, direction: Direction, bytes: &[u8]) -> Value {
        let frame = Frame {
            at: Timestamp::ZERO,
            file: 0,
            link_type: LinkType::RAW,
            interface: None,
            wire_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            bytes,
        };
        // What the firewall sends has right checksums.
        let packet = decode(&frame, 1, DecodeOptions { checksums: Checksums::Verify });
        let mut value = serde_json::json!({
            "packet": number,
            "to": receiver(direction),
            "src": packet.ip.src.to_string(),
            "dst": packet.ip.dst.to_string(),
            "what": null,
            "seq": null,
            "ack": null,
            "options": null,
            "payload": null,
            "text": null,
        });
        match packet.layer4 {
            Layer4::Tcp(tcp) => {
                let [sender, receiver] = [direction, direction.reverse()];
                let ports = sender_first([tcp.sport, tcp.dport], sender);
                let flow = self.script.flows.iter().find(|flow| flow.ports == ports);
                let initial = |side: Direction| flow.map_or(0, |flow| flow.initial[side.index()]);
                value["what"] = letters(tcp.flags).into();
                value["options"] =
                    tcp.options.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
                value["payload"] = tcp.payload.len.into();
                value["text"] = Payload(tcp.payload.bytes).to_string().into();
                value["seq"] = tcp.seq.wrapping_sub(initial(sender)).into();
                value["ack"] = tcp.ack.wrapping_sub(initial(receiver)).into();
            }
            Layer4::Udp(udp) => {
                value["payload"] = udp.payload.len.into();
                value["text"] = Payload(udp.payload.bytes).to_string().into();
            }
            Layer4::Icmp(icmp) => value["what"] = format!("icmp {}/{}", icmp.kind, icmp.code).into(),
            _ => {}
        }
        value
    }
}

/// A dotted column of a record. What is inside of nothing is nothing.
fn cell(record: &Value, column: &str) -> String {
    let found = column.split('.').try_fold(record, |value, key| match value {
        Value::Null => Some(value),
        Value::Array(list) => key.parse::<usize>().ok().and_then(|index| list.get(index)),
        value => value.get(key),
    });
    match found {
        None => "(no such column)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

/// Flags in the letters of tcpdump.
fn letters(flags: TcpFlags) -> String {
    [
        (TcpFlags::FIN, 'F'),
        (TcpFlags::SYN, 'S'),
        (TcpFlags::RST, 'R'),
        (TcpFlags::PSH, 'P'),
        (TcpFlags::URG, 'U'),
        (TcpFlags::ACK, '.'),
    ]
    .iter()
    .filter(|(flag, _)| flags.contains(*flag))
    .map(|&(_, letter)| letter)
    .collect()
}

/// Both tables in one: rows as they are, and where a row is not as said what was said above what is different.
fn difference(columns: &[String], said: &[(usize, Vec<String>)], got: &[Vec<String>]) -> String {
    let mut marks = vec![""];
    let mut rows = Vec::new();
    let mut add = |mark: &'static str, row: Vec<String>| {
        marks.push(mark);
        rows.push(row);
    };
    for index in 0..said.len().max(got.len()) {
        match (said.get(index), got.get(index)) {
            (Some((_, said)), Some(row)) if fits(said, row) => add("", row.clone()),
            (Some((_, said)), Some(row)) => {
                let blank = |(said, cell): (&String, &String)| match said == ANY || said == cell {
                    true => String::new(),
                    false => cell.clone(),
                };
                add("expected", said.clone());
                add("got", said.iter().zip(row).map(blank).collect());
            }
            (Some((_, said)), None) => add("missing", said.clone()),
            (None, Some(row)) => add("extra", row.clone()),
            (None, None) => {}
        }
    }
    let table = Table::render(columns, &rows);
    let lines: Vec<_> =
        marks.iter().zip(table.lines()).map(|(mark, line)| format!("  {mark:<8}  {line}")).collect();
    lines.join("\n")
}

/// Whether a row is as said.
fn fits(said: &[String], row: &[String]) -> bool {
    said.iter().zip(row).all(|(said, cell)| said == ANY || said == cell)
}
