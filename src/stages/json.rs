//! The comparison for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::compare::{Comparison, Row};
use super::device::StageFile;
use crate::flow::Direction;
use crate::report::escape::write_json;

#[derive(Serialize)]
struct Document<'a> {
    firstpass: &'static str,
    stages: Vec<StageOf<'a>>,
    summary: Summary,
    sessions: Vec<SessionOf<'a>>,
    resets: &'a [String],
    warnings: &'a [String],
}

#[derive(Serialize)]
struct StageOf<'a> {
    stage: &'static str,
    path: &'a str,
    packets: usize,
    from_receive: usize,
}

#[derive(Serialize)]
struct Summary {
    packets: u64,
    agree: u64,
    differ: u64,
    unknown: u64,
    device_sent: u64,
    model_sent: u64,
}

#[derive(Serialize)]
struct SessionOf<'a> {
    sessionid: Option<u64>,
    ends: Option<String>,
    proto: Option<String>,
    rule: &'a str,
    app: &'a str,
    differences: usize,
    packets: Vec<PacketOf<'a>>,
}

#[derive(Serialize)]
struct PacketOf<'a> {
    packet: Option<u64>,
    time: String,
    what: &'a str,
    direction: Option<&'static str>,
    device: &'a str,
    model: &'a str,
    /// `null` where it cannot be told.
    agree: Option<bool>,
}

/// Writes one JSON document.
///
/// # Errors
/// Where writing fails.
pub fn write_document(
    mut out: &mut dyn Write,
    comparison: &Comparison,
    stages: &[StageFile],
    warnings: &[String],
) -> io::Result<()> {
    let totals = comparison.totals;
    let document = Document {
        firstpass: env!("CARGO_PKG_VERSION"),
        stages: stages.iter().map(StageOf::new).collect(),
        summary: Summary {
            packets: totals.packets,
            agree: totals.agree,
            differ: totals.differ,
            unknown: totals.unknown,
            device_sent: totals.device_sent,
            model_sent: totals.model_sent,
        },
        sessions: comparison
            .sessions
            .iter()
            .map(|session| SessionOf {
                sessionid: session.session.map(|id| id.0),
                ends: session.ends.map(|ends| ends.to_string()),
                proto: session.protocol.map(|protocol| protocol.to_string()),
                rule: &session.rule,
                app: &session.app,
                differences: session.differences(),
                packets: session.rows.iter().map(PacketOf::new).collect(),
            })
            .collect(),
        resets: &comparison.resets,
        warnings,
    };
    write_json(&mut out, &document)?;
    writeln!(out)
}

impl<'a> StageOf<'a> {
    fn new(file: &'a StageFile) -> Self {
        Self {
            stage: file.stage.name(),
            path: &file.info.path,
            packets: file.marks.len(),
            from_receive: file.paired(),
        }
    }
}

impl<'a> PacketOf<'a> {
    fn new(row: &'a Row) -> Self {
        Self {
            packet: row.number,
            time: row.at.to_string(),
            what: &row.what,
            direction: row.direction.map(Direction::name),
            device: &row.device,
            model: &row.model,
            agree: row.agrees,
        }
    }
}
