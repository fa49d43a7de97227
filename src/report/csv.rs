//! CSV (RFC 4180): the log columns of a row, without what only the model knows.

use std::io;

use super::escape;
use super::row::{Row, Subtype, is_logged};
use super::rows::Encode;
use crate::config::World;
use crate::engine::Record;

/// Rows as CSV lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Csv {
    /// Write rows that the rulebase would not log, too.
    pub all: bool,
}

/// Names of the columns, in order.
const COLUMNS: [&str; 33] = [
    "type",
    "subtype",
    "start",
    "elapsed",
    "src",
    "dst",
    "sport",
    "dport",
    "natsrc",
    "natdst",
    "natsport",
    "natdport",
    "proto",
    "from",
    "to",
    "inbound_if",
    "outbound_if",
    "rule",
    "app",
    "action",
    "action_source",
    "category",
    "sessionid",
    "parent_session_id",
    "repeatcnt",
    "flags",
    "bytes",
    "bytes_sent",
    "bytes_received",
    "packets",
    "pkts_sent",
    "pkts_received",
    "session_end_reason",
];

/// The first line.
///
/// # Errors
/// Never, as things are.
pub fn header() -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    write_line(&mut line, COLUMNS)?;
    Ok(line)
}

impl Encode for Csv {
    fn wants(&self, subtype: Subtype, record: &Record, world: &World) -> bool {
        self.all || is_logged(subtype, record, world)
    }

    fn encode(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let number = |number: u64| itoa::Buffer::new().format(number).to_owned();
        let parent = row.parent_session_id.map(number).unwrap_or_default();
        let [elapsed, sessionid, repeatcnt] = [row.elapsed, row.sessionid, row.repeatcnt].map(number);
        let [bytes, sent, received] = [row.bytes, row.bytes_sent, row.bytes_received].map(number);
        let [packets, pkts_sent, pkts_received] = [row.packets, row.pkts_sent, row.pkts_received].map(number);
        let ports = [row.sport, row.dport, row.natsport, row.natdport];
        let [sport, dport, natsport, natdport] = ports.map(|port| number(u64::from(port)));
        let names = [row.from, row.to, row.rule, row.app];
        let [from, to, rule, app] = names.map(escape::name);
        let fields: [&str; COLUMNS.len()] = [
            row.kind,
            row.subtype.name(),
            row.start.as_str(),
            &elapsed,
            row.src.as_str(),
            row.dst.as_str(),
            &sport,
            &dport,
            row.natsrc.as_str(),
            row.natdst.as_str(),
            &natsport,
            &natdport,
            row.proto.as_str(),
            &from,
            &to,
            row.inbound_if,
            row.outbound_if,
            &rule,
            &app,
            row.action,
            row.action_source,
            row.category,
            &sessionid,
            &parent,
            &repeatcnt,
            row.flags.as_str(),
            &bytes,
            &sent,
            &received,
            &packets,
            &pkts_sent,
            &pkts_received,
            row.session_end_reason,
        ];
        write_line(out, fields)
    }
}

fn write_line(out: &mut Vec<u8>, fields: [&str; COLUMNS.len()]) -> io::Result<()> {
    let mut writer =
        csv::WriterBuilder::new().buffer_capacity(1 << 10).terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(fields).map_err(io::Error::from)?;
    writer.flush()
}
