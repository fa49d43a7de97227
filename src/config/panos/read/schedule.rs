//! Schedules (PANOS.md 12.1).

use jiff::tz::TimeZone;

use super::reader::Reader;
use super::scope::Scope;
use crate::config::candidate::{At, Recurrence, Schedule, TimeSpan};
use crate::config::diagnostic::quote;
use crate::config::literal;
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
                DAYS.map(|day| weekly.child(day).map(|node| self.spans(node, daytime)).unwrap_or_default());
            return Some(Recurrence::Weekly(days));
        }
        let daily = recurring.child("daily")?;
        Some(Recurrence::Daily(self.spans(daily, daytime)))
    }

    fn spans<T>(&mut self, node: &Node<'_>, read: fn(&str) -> Result<T, String>) -> Vec<At<T>> {
        let mut spans = Vec::with_capacity(node.children.len());
        for text in &node.children {
            match read(&text.name) {
                Ok(span) => spans.push(At::new(span, text.span.clone())),
                Err(wrong) => {
                    self.out.error(&text.span, wrong);
                }
            }
        }
        spans
    }
}

fn daytime(text: &str) -> Result<TimeSpan, String> {
    let (from, to) = literal::daytime(text)?;
    Ok(TimeSpan { from, to })
}

/// A period in seconds since 1970-01-01 00:00 of the firewall's own clock.
fn period(text: &str) -> Result<(i64, i64), String> {
    let (from, to) = literal::period(text)?;
    let seconds = |time| TimeZone::UTC.to_timestamp(time).map_or(0, jiff::Timestamp::as_second);
    Ok((seconds(from), seconds(to)))
}
