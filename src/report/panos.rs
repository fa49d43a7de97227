//! The traffic log as PAN-OS writes it: the CSV body of its syslog messages, and the CSV file of the web interface.

use std::borrow::Cow;
use std::io;

use jiff::tz::TimeZone;

use super::columns::{COLUMNS, Column, Filled, Release};
use super::row::{Row, Subtype, is_logged};
use super::rows::Encode;
use crate::config::World;
use crate::engine::Record;
use crate::time::Timestamp;

/// Rows with the columns of one release.
#[derive(Debug, Clone)]
pub struct Panos {
    release: Release,
    columns: &'static [Column],
    clock: LocalClock,
    all: bool,
    /// Rows written.
    sequence: u64,
}

impl Panos {
    /// Rows as the release that the settings name writes them, with dates in the firewall's time zone. `all` writes
    /// rows that the rulebase would not log, too.
    pub fn new(world: &World, all: bool) -> Self {
        let release = Release::from(world.settings.panos_version);
        let columns = COLUMNS.get(..release.width()).unwrap_or(COLUMNS);
        Self { release, columns, clock: LocalClock::new(world.timezone.clone()), all, sequence: 0 }
    }

    /// The first line of a file that the web interface exports; syslog has none.
    ///
    /// # Errors
    /// Never, as things are.
    pub fn header(&self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        write_line(&mut line, self.columns.iter().map(|column| column.title.into()))?;
        Ok(line)
    }
}

impl Encode for Panos {
    fn wants(&self, subtype: Subtype, record: &Record, world: &World) -> bool {
        self.all || is_logged(subtype, record, world)
    }

    fn encode(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        self.sequence += 1;
        let [start, written] = [row.model.started, row.model.written].map(|at| self.clock.date(at));
        let precise = self.clock.precise(row.model.written);
        let (release, sequence) = (self.release, self.sequence);
        let filled = Filled { row, release, start: &start, written: &written, precise: &precise, sequence };
        write_line(out, self.columns.iter().map(|column| (column.fill)(&filled)))
    }
}

/// Syslog's lines end with a line feed, not with the carriage return of RFC 4180.
fn write_line<'t>(out: &mut Vec<u8>, fields: impl Iterator<Item = Cow<'t, str>>) -> io::Result<()> {
    let terminator = csv::Terminator::Any(b'\n');
    let mut writer =
        csv::WriterBuilder::new().buffer_capacity(1 << 11).terminator(terminator).from_writer(out);
    for field in fields {
        writer.write_field(&*field).map_err(io::Error::from)?;
    }
    writer.write_record(None::<&[u8]>).map_err(io::Error::from)?;
    writer.flush()
}

/// The firewall's clock: dates in its time zone.
#[derive(Debug, Clone)]
pub(super) struct LocalClock {
    zone: TimeZone,
}

impl LocalClock {
    pub(super) const fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    fn zoned(&self, at: Timestamp) -> Option<jiff::Zoned> {
        let at = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).ok()?;
        Some(at.to_zoned(self.zone.clone()))
    }

    /// `2023/05/06 11:58:41`.
    pub(super) fn date(&self, at: Timestamp) -> String {
        self.zoned(at).map_or_else(String::new, |time| {
            let (year, month, day) = (time.year(), time.month(), time.day());
            let (hour, minute, second) = (time.hour(), time.minute(), time.second());
            format!("{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
        })
    }

    /// `2023-05-06T11:58:41.250+02:00`.
    pub(super) fn precise(&self, at: Timestamp) -> String {
        self.zoned(at).map_or_else(String::new, |time| time.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_local() {
        let berlin = jiff::tz::TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap();
        let clock = LocalClock::new(berlin);
        let at = Timestamp::from_nanos(1_683_367_121_250_999_999);
        assert_eq!(clock.date(at), "2023/05/06 11:58:41");
        assert_eq!(clock.precise(at), "2023-05-06T11:58:41.250+02:00");
        assert_eq!(LocalClock::new(TimeZone::UTC).precise(Timestamp::ZERO), "1970-01-01T00:00:00.000+00:00");
    }
}
