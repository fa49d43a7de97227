//! The comparison for people.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::compare::{Compared, Comparison, Row};
use super::device::StageFile;
use crate::report::escape;
use crate::report::stages::Stage;
use crate::report::style::count;
use crate::report::wrap;
use crate::time::Timestamp;

/// The widest that a sentence gets.
const WIDTH: usize = 110;
const HEADER: [&str; 6] = ["PACKET", "TIME (s)", "WHAT", "DEVICE", "MODEL", "AGREE"];

/// Writes the report; `rows` is how many packets to list: sessions that differ come first.
///
/// # Errors
/// Where writing fails.
pub fn write_report(
    out: &mut dyn Write,
    comparison: &Comparison,
    stages: &[StageFile],
    rows: usize,
    warnings: &[String],
) -> io::Result<()> {
    write_stages(out, comparison, stages)?;
    let totals = comparison.totals;
    writeln!(
        out,
        "\n{} compared: device and model do the same with {}, differ in {}, and {} cannot be told.",
        count(totals.agree + totals.differ + totals.unknown, "packet"),
        totals.agree,
        totals.differ,
        totals.unknown
    )?;
    writeln!(
        out,
        "The device sent {} of its own, the model sends {}.",
        count(totals.device_sent, "packet"),
        totals.model_sent
    )?;
    let (differing, same): (Vec<_>, Vec<_>) =
        comparison.sessions.iter().partition(|session| session.differences() > 0);
    let mut room = rows;
    let mut hidden = 0;
    for session in differing.into_iter().chain(same) {
        let shown = session.rows.len().min(room);
        hidden += session.rows.len() - shown;
        room -= shown;
        if shown > 0 {
            write_session(out, session, shown, comparison.base)?;
        }
    }
    if hidden > 0 {
        writeln!(out, "\n{} not shown (`--rows all` shows them).", count(hidden as u64, "packet"))?;
    }
    if !comparison.resets.is_empty() {
        writeln!(out, "\nWho sent the RST")?;
        write_sentences(out, &comparison.resets)?;
    }
    if !warnings.is_empty() {
        writeln!(out, "\nWarnings")?;
        write_sentences(out, warnings)?;
    }
    Ok(())
}

fn write_stages(out: &mut dyn Write, comparison: &Comparison, stages: &[StageFile]) -> io::Result<()> {
    writeln!(out, "Stages")?;
    let receive = count(comparison.totals.packets, "packet");
    writeln!(out, "  {:<9} {receive}, replayed", Stage::Receive.name())?;
    for file in stages {
        let (name, packets) = (file.stage.name(), count(file.marks.len() as u64, "packet"));
        let (paired, path) = (file.paired(), escape::name(&file.info.path));
        let alone = file.marks.len() - paired;
        writeln!(out, "  {name:<9} {packets} in `{path}`: {paired} from receive, {alone} not")?;
    }
    Ok(())
}

fn write_sentences(out: &mut dyn Write, sentences: &[String]) -> io::Result<()> {
    for sentence in sentences {
        for line in wrap::sentence(&escape::name(sentence), WIDTH) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

fn write_session(out: &mut dyn Write, session: &Compared, shown: usize, base: Timestamp) -> io::Result<()> {
    let differences = session.differences();
    let outcome = match differences {
        0 => "no difference".to_owned(),
        _ => format!("{differences} of {} differ", count(session.rows.len() as u64, "packet")),
    };
    match (session.session, session.ends, session.protocol) {
        (Some(id), Some(ends), Some(protocol)) => writeln!(
            out,
            "\nSession {}: {protocol} {ends}, rule `{}`, {}: {outcome}",
            id.0,
            escape::name(&session.rule),
            escape::name(&session.app)
        )?,
        _ => writeln!(out, "\nWithout a session: {outcome}")?,
    }
    let lines: Vec<[String; 6]> = session.rows.iter().take(shown).map(|row| cells(row, base)).collect();
    let mut widths = HEADER.map(str::len);
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.width().max(*width);
        }
    }
    write_line(out, &HEADER.map(str::to_owned), widths)?;
    lines.iter().try_for_each(|line| write_line(out, line, widths))?;
    let more = session.rows.len() - shown;
    if more > 0 {
        writeln!(out, "  … {} more", count(more as u64, "packet"))?;
    }
    Ok(())
}

fn cells(row: &Row, base: Timestamp) -> [String; 6] {
    let since = row.at.since(base).nanos();
    let agrees = match row.agrees {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "?",
    };
    [
        row.number.map_or_else(|| "-".to_owned(), |number| number.to_string()),
        format!("{}.{:06}", since / 1_000_000_000, since % 1_000_000_000 / 1_000),
        row.what.clone(),
        row.device.clone(),
        row.model.clone(),
        agrees.to_owned(),
    ]
}

fn write_line(out: &mut dyn Write, cells: &[String; 6], widths: [usize; 6]) -> io::Result<()> {
    let mut line = String::from(" ");
    for (cell, width) in cells.iter().zip(widths) {
        line.push(' ');
        line.push_str(cell);
        line.push_str(&" ".repeat(width - cell.width().min(width) + 1));
    }
    writeln!(out, "{}", line.trim_end())
}
