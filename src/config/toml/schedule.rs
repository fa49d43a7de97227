//! `[schedule.NAME]` and `[device]`.

use jiff::civil::DateTime;

use super::Document;
use super::reader::{Reader, Value, entries};
use crate::config::candidate::{At, Name, Recurrence, Schedule, TimeSpan};
use crate::config::diagnostic::quote;
use crate::config::literal;

const KEYS: [&str; 3] = ["daily", "weekly", "non-recurring"];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Document<'_> {
    /// `[device]`.
    pub(super) fn device(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "a table such as `[device]`") else { return };
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "timezone" => self.candidate.timezone = self.reader.text(value),
                _ => self.reader.unknown_key(&key, "`[device]`", &["timezone"]),
            }
        }
    }

    /// `[schedule.NAME]`.
    pub(super) fn schedules(&mut self, value: &Value<'_>) {
        let Some(table) = self.reader.table(value, "tables such as `[schedule.NAME]`") else { return };
        for (name, value) in entries(table) {
            if let Some(recurrence) = recurrence(&mut self.reader, &name, value) {
                self.candidate.schedules.push(Schedule { name, recurrence });
            }
        }
    }
}

fn recurrence(reader: &mut Reader<'_>, name: &Name, value: &Value<'_>) -> Option<Recurrence> {
    let table = reader.table(value, "a table such as `[schedule.NAME]`")?;
    let mut found = Vec::new();
    for (key, value) in entries(table) {
        found.push(match key.value.as_str() {
            "daily" => Recurrence::Daily(times(reader, value, daytime)),
            "weekly" => weekly(reader, value)?,
            "non-recurring" => Recurrence::Once(times(reader, value, once)),
            _ => {
                reader.unknown_key(&key, "a schedule", &KEYS);
                return None;
            }
        });
    }
    if found.len() != 1 {
        let message = format!("schedule {} needs one kind of times", quote(&name.value));
        reader.out.error(&name.span, message).help("give it `daily`, `weekly` or `non-recurring`");
    }
    found.pop()
}

/// `{ monday = "08:00-17:00" }`.
fn weekly(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Recurrence> {
    let table = reader.table(value, "a table of days")?;
    let mut week: [Vec<At<TimeSpan>>; 7] = Default::default();
    for (key, value) in entries(table) {
        match DAYS.iter().zip(&mut week).find(|(day, _)| **day == key.value) {
            Some((_, times)) => *times = self::times(reader, value, daytime),
            None => reader.unknown_key(&key, "a week", &DAYS),
        }
    }
    Some(Recurrence::Weekly(week))
}

fn times<T>(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<At<T>> {
    let mut times = Vec::new();
    for text in reader.names(value) {
        match read(&text.value) {
            Ok(time) => times.push(At::new(time, text.span)),
            Err(wrong) => {
                reader.out.error(&text.span, wrong);
            }
        }
    }
    times
}

fn daytime(text: &str) -> Result<TimeSpan, String> {
    let (from, to) = literal::daytime(text)?;
    Ok(TimeSpan { from, to })
}

fn once(text: &str) -> Result<(i64, i64), String> {
    let (from, to) = literal::period(text)?;
    Ok((seconds(from), seconds(to)))
}

/// Seconds since 1970-01-01 00:00 of whatever clock the time is by.
fn seconds(time: DateTime) -> i64 {
    jiff::tz::TimeZone::UTC.to_timestamp(time).map_or(0, jiff::Timestamp::as_second)
}
