//! Schedules (PANOS.md 12.1).

use jiff::civil::Date;

use super::reader::Reader;
use super::scope::Scope;
use crate::config::candidate::{At, Recurrence, Schedule, TimeSpan};
use crate::config::diagnostic::quote;
use crate::config::panos::tree::Node;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Reader<'_> {
    /// Schedules of all scopes; only rules name them, which mean the innermost one.
    pub(super) fn schedules(&mut self, scopes: &[Scope<'_>]) -> Vec<Schedule> {
        let mut schedules: Vec<Schedule> = Vec::new();
        for entry in scopes.iter().flat_map(|scope| scope.entries("schedule")) {
            if schedules.iter().any(|known| known.name.value == entry.name) {
                continue;
            }
            match self.recurrence(entry) {
                Some(recurrence) => schedules.push(Schedule { name: entry.as_name(), recurrence }),
                None => {
                    let message = format!("schedule {} says no time", quote(&entry.name));
                    self.out
                        .error(&entry.span, message)
                        .help("it needs `recurring` with `daily` or `weekly`, or `non-recurring`");
                }
            }
        }
        schedules
    }

    fn recurrence(&mut self, entry: &Node<'_>) -> Option<Recurrence> {
        // Older releases had no `schedule-type` around it.
        let kind = entry.child("schedule-type").unwrap_or(entry);
        if let Some(once) = kind.child("non-recurring") {
            return Some(Recurrence::Once(self.spans(once, period)));
        }
        let recurring = kind.child("recurring")?;
        if let Some(weekly) = recurring.child("weekly") {
            let days =
                DAYS.map(|day| weekly.child(day).map(|node| self.spans(node, hours)).unwrap_or_default());
            return Some(Recurrence::Weekly(days));
        }
        let daily = recurring.child("daily")?;
        Some(Recurrence::Daily(self.spans(daily, hours)))
    }

    fn spans<T>(&mut self, node: &Node<'_>, read: fn(&str) -> Option<T>) -> Vec<At<T>> {
        let mut spans = Vec::with_capacity(node.children.len());
        for text in &node.children {
            match read(&text.name) {
                Some(span) => spans.push(At::new(span, text.span.clone())),
                None => {
                    let message = format!("{} is no time of a schedule", quote(&text.name));
                    self.out.error(&text.span, message).help(
                        "write `08:00-17:00`, or `2026/01/31@08:00-2026/02/01@17:00` where it does not recur",
                    );
                }
            }
        }
        spans
    }
}

/// `08:00-17:00`.
fn hours(text: &str) -> Option<TimeSpan> {
    let (from, to) = text.split_once('-')?;
    Some(TimeSpan { from: minute(from)?, to: minute(to)? })
}

/// Minutes since midnight; `24:00` is the last one.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let sound = minute < 60 && (hour < 24 || (hour, minute) == (24, 0));
    sound.then(|| (hour * 60 + minute).min(24 * 60 - 1))
}

/// `2026/01/31@08:00-2026/02/01@17:00`.
fn period(text: &str) -> Option<(i64, i64)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (moment(from)?, moment(to)?);
    (from <= to).then_some((from, to))
}

/// Seconds since 1970-01-01 00:00 of the firewall's own clock.
fn moment(text: &str) -> Option<i64> {
    let (date, time) = text.trim().split_once('@')?;
    let mut parts = date.split('/');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    let date = Date::new(year, month, day).ok().filter(|_| parts.next().is_none())?;
    let days = i64::from(Date::constant(1970, 1, 1).until(date).ok()?.get_days());
    Some(days * 86_400 + i64::from(minute(time)?) * 60)
}
