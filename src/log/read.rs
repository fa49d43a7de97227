//! Reading traffic logs: lines of syslog, and files that the web interface exports.

use std::io::{self, BufRead};

use super::LogError;
use super::fields::{Fields, Splitter};
use crate::report::columns::{COLUMNS, Release};

/// A record may be so long; what is longer is no log.
const LONGEST: usize = 1 << 20;

/// Other words for columns, as the field list of the documentation has them.
const ALIASES: [(&str, &str); 13] = [
    ("serialnumber", "serial"),
    ("generatedtime", "time_generated"),
    ("rulename", "rule"),
    ("protocol", "proto"),
    ("elapsedtime", "elapsed"),
    ("starttime", "start"),
    ("sessionendreason", "session_end_reason"),
    ("packetssent", "pkts_sent"),
    ("packetsreceived", "pkts_received"),
    ("sequencenumber", "seqno"),
    ("actionsource", "action_source"),
    ("uuidforrule", "rule_uuid"),
    ("linkswitches", "link_switches"),
];

/// Reads a log record by record, in memory that does not grow with the log.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    path: String,
    /// Line on which the record begins.
    line: u64,
    lines: u64,
    bytes: Vec<u8>,
    text: String,
    splitter: Splitter,
    layout: Layout,
}

/// What a record says.
#[derive(Debug)]
pub enum Item<'a> {
    /// A traffic row.
    Row(Entry<'a>),
    /// A row of another log: its type.
    Other(&'a str),
    /// No PAN-OS log at all.
    Foreign(LogError),
    /// A traffic row whose columns are not those of any release.
    Damaged(LogError),
}

/// A traffic row with its columns.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    path: &'a str,
    /// Line, counted from 1.
    pub line: u64,
    fields: &'a Fields,
    layout: &'a Layout,
}

/// Which column stands where.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Layout {
    /// No line has been read yet.
    Unread,
    /// PAN-OS's order, with a syslog header before it, or none.
    Syslog,
    /// As the first line says: the place of each of [`COLUMNS`].
    Titled(Vec<Option<usize>>),
}

impl<R: BufRead> Reader<R> {
    /// Reads `input`, which errors call `path`.
    pub fn new(input: R, path: &str) -> Self {
        Self {
            input,
            path: path.to_owned(),
            line: 0,
            lines: 0,
            bytes: Vec::new(),
            text: String::new(),
            splitter: Splitter::default(),
            layout: Layout::Unread,
        }
    }

    /// The next record that is not empty; `None` at the end.
    ///
    /// # Errors
    /// Where the input fails.
    pub fn read(&mut self) -> io::Result<Option<Item<'_>>> {
        loop {
            match self.next_record()? {
                None => return Ok(None),
                Some(false) => {
                    let what = format!("a line of more than {} KiB is no log", LONGEST >> 10);
                    return Ok(Some(Item::Foreign(self.error(None, what))));
                }
                Some(true) => {}
            }
            if self.text.trim().is_empty() {
                continue;
            }
            if self.layout == Layout::Unread {
                self.splitter.split(self.text.trim_start_matches('\u{feff}'));
                match titles(&self.splitter.fields) {
                    Some(places) => {
                        self.layout = Layout::Titled(places);
                        continue;
                    }
                    None => self.layout = Layout::Syslog,
                }
            }
            return Ok(Some(self.item()));
        }
    }

    /// Reads the next line, or lines where a quoted value goes on over them. `Some(false)` is one that is too long.
    fn next_record(&mut self) -> io::Result<Option<bool>> {
        self.bytes.clear();
        self.line = self.lines + 1;
        let fits = loop {
            let before = self.bytes.len();
            let fits = append_line(&mut self.input, &mut self.bytes)?;
            if self.bytes.len() == before {
                if before == 0 {
                    return Ok(None);
                }
                break true;
            }
            self.lines += 1;
            if !fits {
                break false;
            }
            // Syslog has one message a line, whatever is in it.
            let quotes = self.bytes.iter().filter(|&&byte| byte == b'"').count();
            if matches!(self.layout, Layout::Syslog) || quotes.is_multiple_of(2) {
                break true;
            }
        };
        self.text.clear();
        self.text.push_str(&String::from_utf8_lossy(&self.bytes));
        Ok(Some(fits))
    }

    fn item(&mut self) -> Item<'_> {
        let links = match &self.layout {
            Layout::Titled(places) => {
                self.splitter.split(&self.text);
                place_of("link_switches").and_then(|column| places.get(column).copied().flatten())
            }
            Layout::Syslog | Layout::Unread => {
                let Some(body) = body(&self.text) else { return Item::Foreign(self.foreign()) };
                self.splitter.split(body);
                place_of("link_switches")
            }
        };
        if let Some(place) = links {
            self.splitter.fields.join_braces(place);
        }
        let entry =
            Entry { path: &self.path, line: self.line, fields: &self.splitter.fields, layout: &self.layout };
        match entry.get("type") {
            // An export holds one log; its first line is that of a traffic log.
            None if matches!(self.layout, Layout::Titled(_)) => {}
            Some(kind) if kind.eq_ignore_ascii_case("traffic") => {}
            kind => return Item::Other(kind.unwrap_or_default()),
        }
        match entry.check() {
            Ok(()) => Item::Row(entry),
            Err(error) => Item::Damaged(error),
        }
    }

    fn foreign(&self) -> LogError {
        let start = self.text.trim_start();
        let what = if start.contains("CEF:") || start.contains("LEEF:") {
            "this is CEF or LEEF; only PAN-OS's own CSV format is read (the syslog server profile's default)"
        } else if start.starts_with(['{', '[']) {
            "this is JSON; only PAN-OS's own CSV format is read, from syslog or exported by the web interface"
        } else {
            "this is no PAN-OS log: a row is `1,2023/05/06 11:58:41,SERIAL,TRAFFIC,end,…`, after a syslog header or none"
        };
        self.error(Some((1, String::new())), what.to_owned())
    }

    fn error(&self, column: Option<(usize, String)>, what: String) -> LogError {
        LogError { path: self.path.clone(), line: self.line, column, what }
    }
}

impl<'a> Entry<'a> {
    /// A column by its name; `None` where the log does not have it.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.fields.get(self.place(name)?)
    }

    /// How many columns the row has.
    pub fn width(&self) -> usize {
        self.fields.len()
    }

    /// The error that is about a column.
    pub(super) fn error(&self, name: &str, what: String) -> LogError {
        let number = self.place(name).map_or(1, |place| place + 1);
        let column = Some((number, name.to_owned()));
        LogError { path: self.path.to_owned(), line: self.line, column, what }
    }

    fn place(&self, name: &str) -> Option<usize> {
        let column = place_of(name)?;
        match self.layout {
            Layout::Titled(places) => places.get(column).copied().flatten(),
            Layout::Syslog | Layout::Unread => Some(column).filter(|&place| place < self.fields.len()),
        }
    }

    /// Whether the columns are those of the release that the row names, or of any release where it names none.
    fn check(&self) -> Result<(), LogError> {
        let width = self.width();
        if let Layout::Titled(places) = self.layout {
            let titles = places.iter().flatten().max().map_or(0, |last| last + 1);
            return if width < titles {
                Err(self.beyond(format!("the row ends here, before all {titles} columns of the first line")))
            } else {
                Ok(())
            };
        }
        let named =
            self.get("future_use2").and_then(|number| number.parse().ok()).and_then(Release::of_number);
        let Some(release) = named else {
            return if releases().any(|release| release.width() == width) {
                Ok(())
            } else {
                let known: Vec<String> =
                    releases().map(|release| format!("{} ({release})", release.width())).collect();
                Err(self.beyond(format!(
                    "the row ends here; traffic rows have {} columns, by release; a custom log format is not read",
                    known.join(", ")
                )))
            };
        };
        let expected = release.width();
        // Sources give the columns of 10.0 as about so many (PANOS.md 11.1). A later release may add some.
        let fits = width == expected
            || (release == Release(10, 0) && width == Release(10, 1).width())
            || (Some(release) > releases().last() && width >= expected);
        if fits {
            return Ok(());
        }
        let looks_like = releases().find(|release| release.width() == width);
        let looks_like =
            looks_like.map(|other| format!(", which is what PAN-OS {other} writes")).unwrap_or_default();
        Err(self.beyond(format!(
            "the row has {width} columns{looks_like}; PAN-OS {release}, which column 6 names, writes {expected}"
        )))
    }

    fn beyond(&self, what: String) -> LogError {
        let column = Some((self.width(), String::new()));
        LogError { path: self.path.to_owned(), line: self.line, column, what }
    }
}

/// The releases whose rows differ in width.
fn releases() -> impl Iterator<Item = Release> {
    let mut last = None;
    COLUMNS.iter().map(|column| column.since).filter(move |&since| last.replace(since) != Some(since))
}

/// The place of a column in PAN-OS's order, counted from 0.
fn place_of(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| column.name == name)
}

/// The place of each column, where a first line names them: one that has titles for what a traffic row cannot do
/// without.
fn titles(fields: &Fields) -> Option<Vec<Option<usize>>> {
    let bare = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let mut places = vec![None; COLUMNS.len()];
    for place in 0..fields.len() {
        let title = bare(fields.get(place)?);
        let exact =
            COLUMNS.iter().position(|column| bare(column.title) == title || bare(column.name) == title);
        let alias = || ALIASES.iter().find(|(alias, _)| *alias == title).and_then(|(_, name)| place_of(name));
        if let Some(slot) = exact.or_else(alias).and_then(|column| places.get_mut(column)) {
            slot.get_or_insert(place);
        }
    }
    let has = |name| place_of(name).and_then(|column| places.get(column).copied().flatten()).is_some();
    ["src", "dst", "sport", "dport", "proto", "subtype", "start"].into_iter().all(has).then_some(places)
}

/// What follows the syslog header: the first column, which is right before the date of the second.
fn body(line: &str) -> Option<&str> {
    let comma =
        line.match_indices(',').map(|(at, _)| at).find(|&at| line.get(at + 1..).is_some_and(is_date))?;
    let before = line.get(..comma)?;
    let start = before.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    // The separator is ASCII, or the beginning of a longer character.
    let start = (start..=comma).find(|&at| line.is_char_boundary(at))?;
    line.get(start..)
}

/// Whether a date such as `2023/05/06 11:58:41` and a comma begin here.
fn is_date(text: &str) -> bool {
    const FORM: &[u8] = b"0000/00/00 00:00:00,";
    text.len() >= FORM.len()
        && text.bytes().zip(FORM).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == *form,
        })
}

/// Appends a line with its end; false where it is too long, and then only its beginning.
fn append_line(input: &mut impl BufRead, out: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let available = input.fill_buf()?;
        let (taken, done) = match memchr::memchr(b'\n', available) {
            Some(end) => (end + 1, true),
            None => (available.len(), available.is_empty()),
        };
        let room = LONGEST.saturating_sub(out.len());
        out.extend_from_slice(available.get(..taken.min(room)).unwrap_or_default());
        input.consume(taken);
        if done {
            return Ok(out.len() < LONGEST);
        }
    }
}
