//! The traffic log as an aligned table.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::report::escape;
use crate::report::row::{Row, Subtype};
use crate::report::rows::Encode;
use crate::report::style::{Paint, Role, grouped};
use crate::report::wrap;
use crate::time::{Span, Timestamp};

/// A row on its way into the table: its cells, parted by a character that no cell holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cells;

const PART: char = '\u{1f}';

impl Encode for Cells {
    fn encode(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let port = if row.model.has_ports { row.sport.to_string() } else { String::new() };
        let service = match row.model.has_ports {
            true => format!("{}/{}", row.proto, row.dport),
            false => row.proto.to_string(),
        };
        let passed = row.model.first_packets.as_ref();
        let first_packets = passed.map_or_else(String::new, |first| {
            let payload = [first.payload_bytes_to_server, first.payload_bytes_to_client].map(grouped);
            format!("{}+{}, {} B", first.packets_to_server, first.packets_to_client, payload.join("+"))
        });
        let fields = [
            row.model.started.nanos().to_string(),
            Kind::of(row).digit().to_string(),
            if row.sessionid == 0 { String::new() } else { row.sessionid.to_string() },
            row.subtype.name().to_owned(),
            row.src.to_string(),
            port,
            row.dst.to_string(),
            service,
            format!("{}→{}", escape::name(row.from), escape::name(row.to)),
            row.app.to_owned(),
            escape::name(row.rule).into_owned(),
            row.action.to_owned(),
            row.session_end_reason.to_owned(),
            format!("{}/{}", row.pkts_sent, row.pkts_received),
            grouped(row.bytes),
            first_packets,
            row.repeatcnt.to_string(),
        ];
        write!(out, "{}", fields.join(PART.encode_utf8(&mut [0; 4])))
    }
}

/// What a row is, as far as its looks are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    leak: bool,
    logged: bool,
    /// Whether another session has announced it.
    announced: bool,
}

impl Kind {
    fn of(row: &Row<'_>) -> Self {
        Self {
            leak: row.model.first_packets.is_some(),
            logged: row.model.logged,
            announced: row.parent_session_id.is_some(),
        }
    }

    /// A digit of three bits.
    fn digit(self) -> u8 {
        u8::from(self.logged) | u8::from(self.leak) << 1 | u8::from(self.announced) << 2
    }

    fn of_digit(digit: &str) -> Self {
        let bits: u8 = digit.parse().unwrap_or_default();
        Self { leak: bits & 2 != 0, logged: bits & 1 != 0, announced: bits & 4 != 0 }
    }
}

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Mark,
    Time,
    Session,
    Type,
    Source,
    SourcePort,
    Destination,
    Service,
    Zones,
    Application,
    Rule,
    Action,
    EndReason,
    Packets,
    Bytes,
    FirstPackets,
}

impl Column {
    const ALL: [Self; 16] = [
        Self::Mark,
        Self::Time,
        Self::Session,
        Self::Type,
        Self::Source,
        Self::SourcePort,
        Self::Destination,
        Self::Service,
        Self::Zones,
        Self::Application,
        Self::Rule,
        Self::Action,
        Self::EndReason,
        Self::Packets,
        Self::Bytes,
        Self::FirstPackets,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::Mark => "",
            Self::Time => "time",
            Self::Session => "id",
            Self::Type => "type",
            Self::Source => "source",
            Self::SourcePort => "port",
            Self::Destination => "destination",
            Self::Service => "service",
            Self::Zones => "zones",
            Self::Application => "app",
            Self::Rule => "rule",
            Self::Action => "action",
            Self::EndReason => "end reason",
            Self::Packets => "pkts",
            Self::Bytes => "bytes",
            Self::FirstPackets => "first packets",
        }
    }

    const fn is_right(self) -> bool {
        matches!(self, Self::Time | Self::Session | Self::SourcePort | Self::Packets | Self::Bytes)
    }

    /// `text` in at most `width` columns; where its end tells most, the middle is left out.
    fn fit(self, text: &str, width: usize) -> String {
        match self {
            Self::Source | Self::Destination | Self::EndReason => wrap::fit_middle(text, width),
            _ => wrap::fit(text, width),
        }
    }
}

/// One row, ready to be laid out.
struct Line {
    kind: Kind,
    subtype: Subtype,
    cells: [String; Column::ALL.len()],
}

/// Which columns there are, and how wide.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    columns: Vec<(Column, usize)>,
}

/// How far columns may be narrowed, in steps: comfortable, narrow, narrower, and at the worst.
const FLOORS: [(Column, [usize; 4]); 5] = [
    (Column::Rule, [20, 14, 10, 8]),
    (Column::EndReason, [19, 14, 12, 10]),
    (Column::Application, [17, 14, 12, 10]),
    (Column::Source, [15, 15, 12, 10]),
    (Column::Destination, [15, 15, 12, 10]),
];
/// Columns that are left out before the others are narrowed further than that step, the first one first.
const SPARED: [&[Column]; 4] = [
    &[Column::FirstPackets, Column::SourcePort, Column::Zones, Column::Bytes],
    &[Column::Packets, Column::Action],
    &[Column::Time, Column::Type],
    &[],
];

/// So many rows are looked at for the widths of the columns.
const SAMPLE: usize = 10_000;

/// The table, written as rows come.
pub(super) struct Table<'a> {
    out: &'a mut dyn Write,
    paint: Paint,
    width: usize,
    /// Times are shown from here on.
    base: Option<Timestamp>,
    sample: Vec<Line>,
    layout: Option<Layout>,
    pub(super) seen: Seen,
}

/// What has to be explained below the table.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) rows: u64,
    pub(super) leak: bool,
    pub(super) unlogged: bool,
    pub(super) announced: bool,
    /// The zones that all rows are between, in place of a column.
    pub(super) zones: Option<String>,
}

impl<'a> Table<'a> {
    pub(super) fn new(out: &'a mut dyn Write, paint: Paint, width: usize, base: Option<Timestamp>) -> Self {
        Self { out, paint, width, base, sample: Vec::new(), layout: None, seen: Seen::default() }
    }

    /// Adds a row that [`Cells`] has written.
    pub(super) fn row(&mut self, encoded: &[u8]) -> io::Result<()> {
        let line = self.parse(encoded);
        self.seen.rows += 1;
        self.seen.leak |= line.kind.leak;
        self.seen.unlogged |= !line.kind.logged;
        self.seen.announced |= line.kind.announced;
        match &self.layout {
            Some(layout) => layout.write(&line, self.paint, self.out),
            None => {
                self.sample.push(line);
                if self.sample.len() == SAMPLE { self.lay_out() } else { Ok(()) }
            }
        }
    }

    /// Writes what has been held back.
    pub(super) fn finish(mut self) -> io::Result<Seen> {
        if self.layout.is_none() && !self.sample.is_empty() {
            self.lay_out()?;
        }
        Ok(self.seen)
    }

    fn lay_out(&mut self) -> io::Result<()> {
        self.seen.zones = common(&self.sample, Column::Zones).map(str::to_owned);
        let layout = Layout::new(&self.sample, self.width);
        layout.write_titles(self.paint, self.out)?;
        for line in self.sample.drain(..) {
            layout.write(&line, self.paint, self.out)?;
        }
        self.layout = Some(layout);
        Ok(())
    }

    fn parse(&mut self, encoded: &[u8]) -> Line {
        let text = String::from_utf8_lossy(encoded);
        let mut fields = text.split(PART);
        let mut next = || fields.next().unwrap_or_default().to_owned();
        let at = Timestamp::from_nanos(next().parse().unwrap_or(0));
        let base = *self.base.get_or_insert(at);
        let kind = Kind::of_digit(&next());
        let mark = match kind {
            Kind { leak: true, .. } => "▲",
            Kind { logged: false, .. } => "·",
            Kind { announced: true, .. } => "↳",
            Kind { .. } => "",
        };
        let mut cells: [String; Column::ALL.len()] = std::array::from_fn(|column| match column {
            0 => mark.to_owned(),
            1 => clock(at.since(base)),
            _ => next(),
        });
        let name = &cells[Column::Type as usize];
        let subtype = Subtype::ALL.into_iter().find(|subtype| subtype.name() == name).unwrap_or(Subtype::End);
        let repeat = next();
        if repeat != "1" {
            let subtype = &mut cells[Column::Type as usize];
            *subtype = format!("{subtype} ×{repeat}");
        }
        Line { kind, subtype, cells }
    }
}

impl Layout {
    fn new(lines: &[Line], width: usize) -> Self {
        let natural = |(index, column): (usize, Column)| {
            let cells = lines.iter().filter_map(|line| line.cells.get(index)).map(|cell| cell.width());
            (column, cells.chain([column.title().width()]).max().unwrap_or(0))
        };
        let mut columns: Vec<_> = Column::ALL.into_iter().enumerate().map(natural).collect();
        columns.retain(|&(column, _)| match common(lines, column) {
            Some(text) => !text.is_empty() && column != Column::Zones,
            None => true,
        });
        let mut layout = Self { columns };
        for (step, spared) in SPARED.iter().enumerate() {
            for column in *spared {
                if layout.floor(step) > width {
                    layout.columns.retain(|(other, _)| other != column);
                }
            }
        }
        for (column, floor) in (0..4).flat_map(|step| FLOORS.map(|(column, floors)| (column, floors[step]))) {
            let excess = layout.width().saturating_sub(width);
            for (_, width) in layout.columns.iter_mut().filter(|(other, _)| *other == column) {
                *width = width.saturating_sub(excess).max(floor.min(*width));
            }
        }
        layout
    }

    /// The width with every column as narrow as it may become in a step.
    fn floor(&self, step: usize) -> usize {
        let spare = |(column, floors): &(Column, [usize; 4])| {
            let width = self.columns.iter().find(|(other, _)| other == column).map_or(0, |(_, width)| *width);
            width.saturating_sub(floors[step])
        };
        self.width() - FLOORS.iter().map(spare).sum::<usize>()
    }

    fn width(&self) -> usize {
        let gaps = self.columns.len().saturating_sub(1);
        self.columns.iter().map(|(_, width)| width).sum::<usize>() + gaps
    }

    fn write_titles(&self, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
        let titles = self.columns.iter().map(|&(column, width)| (column, width, column.title(), Role::Quiet));
        write_cells(titles.collect(), paint, out)
    }

    fn write(&self, line: &Line, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
        let cells = self.columns.iter().filter_map(|&(column, width)| {
            Some((column, width, line.cells.get(column as usize)?.as_str(), line.role(column)))
        });
        write_cells(cells.collect(), paint, out)
    }
}

impl Line {
    fn role(&self, column: Column) -> Role {
        match (column, self.subtype) {
            (Column::Mark | Column::FirstPackets, _) if self.kind.leak => Role::Leak,
            (Column::Type, Subtype::Deny | Subtype::Drop) => Role::Deny,
            _ if !self.kind.logged => Role::Quiet,
            (Column::Type, Subtype::Start) => Role::Name,
            (Column::Application | Column::Rule, Subtype::End) if self.kind.leak => Role::Leak,
            (Column::Action | Column::EndReason | Column::Application, Subtype::Deny | Subtype::Drop) => {
                Role::Deny
            }
            _ => Role::Plain,
        }
    }
}

/// What all lines have in a column, where it is the same.
fn common(lines: &[Line], column: Column) -> Option<&str> {
    let mut cells = lines.iter().filter_map(|line| line.cells.get(column as usize));
    let first = cells.next()?;
    cells.all(|cell| cell == first).then_some(first)
}

/// Writes one line of cells, without spaces at its end.
fn write_cells(cells: Vec<(Column, usize, &str, Role)>, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let last = cells.iter().rposition(|(_, _, text, _)| !text.is_empty()).unwrap_or(0);
    for (place, (column, width, text, role)) in cells.into_iter().take(last + 1).enumerate() {
        let text = column.fit(text, width);
        let padding = " ".repeat(width - text.width());
        let role = if text.is_empty() { Role::Plain } else { role };
        let text = paint.on(role, text);
        let gap = if place > 0 { " " } else { "" };
        match (column.is_right(), place == last) {
            (true, _) => write!(out, "{gap}{padding}{text}")?,
            (false, false) => write!(out, "{gap}{text}{padding}")?,
            (false, true) => write!(out, "{gap}{text}")?,
        }
    }
    writeln!(out)
}

/// Time since the beginning: seconds, or hours where it is long.
pub(super) fn clock(span: Span) -> String {
    let (seconds, millis) = (span.secs(), span.nanos() / 1_000_000 % 1_000);
    if seconds < 10_000 {
        format!("{seconds}.{millis:03}")
    } else {
        format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }
}
