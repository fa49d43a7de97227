//! Schedules in the firewall's time zone.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::cure::Cures;
use super::objects::{By, unknown};
use crate::config::candidate::{self, At, Candidate, Name, Recurrence};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote};
use crate::policy::{Daytime, Schedule, Times};

/// All schedules by name.
pub(super) struct Schedules<'c>(BTreeMap<&'c str, Arc<Schedule>>);

impl<'c> Schedules<'c> {
    pub(super) fn new(candidate: &'c Candidate, zone: &TimeZone, out: &mut Diagnostics) -> Self {
        let mut all = BTreeMap::new();
        for candidate::Schedule { name, recurrence } in &candidate.schedules {
            let (zone, times) = (zone.clone(), times(recurrence));
            let schedule = Schedule { name: name.value.clone(), zone, times };
            if all.insert(name.value.as_str(), Arc::new(schedule)).is_some() {
                out.error(&name.span, format!("schedule {} is defined twice", quote(&name.value)));
            }
        }
        Self(all)
    }

    /// The schedule that a rule names.
    pub(super) fn find(
        &self,
        name: &Name,
        by: By<'_>,
        cures: Cures,
        out: &mut Diagnostics,
    ) -> Option<Arc<Schedule>> {
        let found = self.0.get(name.value.as_str()).cloned();
        if found.is_none() {
            unknown(by, "schedule", name, || self.0.keys().copied().collect(), cures.schedule(), out);
        }
        found
    }
}

/// The firewall's time zone, from the database that comes with the program: the same on every machine.
/// The time zone of the firewall's clock; UTC where nothing says.
pub(super) fn time_zone(name: Option<&Name>, out: &mut Diagnostics) -> TimeZone {
    let Some(name) = name else { return TimeZone::UTC };
    let zones = TimeZoneDatabase::bundled();
    zones.get(&name.value).unwrap_or_else(|_| {
        let known: Vec<_> = zones.available().collect();
        out.error(&name.span, format!("unknown time zone {}", quote(&name.value))).help_with(|| {
            let known = known.iter().map(|zone| zone.as_str());
            did_you_mean(&name.value, known, "time zones have IANA names such as `Europe/Berlin`")
        });
        TimeZone::UTC
    })
}

fn times(recurrence: &Recurrence) -> Times {
    let times = |spans: &Vec<At<candidate::TimeSpan>>| -> Vec<Daytime> {
        spans.iter().map(|span| Daytime { from: span.value.from, to: span.value.to }).collect()
    };
    match recurrence {
        Recurrence::Daily(spans) => Times::Daily(times(spans)),
        Recurrence::Weekly(days) => Times::Weekly(days.each_ref().map(times)),
        Recurrence::Once(spans) => Times::Once(spans.iter().map(|span| span.value).collect()),
    }
}
