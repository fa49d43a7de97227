//! Schedules: when a rule is considered (PANOS.md 2.2, 12.1).

use std::fmt;

use jiff::tz::TimeZone;

use crate::time::Timestamp;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A schedule, in the firewall's own time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// The time zone that its times are in.
    pub zone: TimeZone,
    /// When it is active.
    pub times: Times,
}

/// The times of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Times {
    /// Every day.
    Daily(Vec<Daytime>),
    /// Per day of the week, Monday first.
    Weekly([Vec<Daytime>; 7]),
    /// Once: from and to in seconds since 1970-01-01 00:00 of the zone's own clock, both with the whole of their
    /// minute.
    Once(Vec<(i64, i64)>),
}

/// Minutes of a day, from and to, both inclusive. One that ends before it starts goes on into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daytime {
    /// First minute, counted from midnight.
    pub from: u16,
    /// Last minute.
    pub to: u16,
}

impl Schedule {
    /// Whether it is active at `at`.
    pub fn is_active(&self, at: Timestamp) -> bool {
        let clock = self.clock(at);
        let day = clock.div_euclid(DAY);
        let minute = u16::try_from(clock.rem_euclid(DAY) / 60).unwrap_or_default();
        match &self.times {
            Times::Daily(times) => {
                times.iter().any(|time| time.today(minute) || time.since_yesterday(minute))
            }
            Times::Weekly(days) => {
                times_of(days, day).iter().any(|time| time.today(minute))
                    || times_of(days, day - 1).iter().any(|time| time.since_yesterday(minute))
            }
            Times::Once(spans) => spans.iter().any(|&(from, to)| from <= clock && clock <= to + 59),
        }
    }

    /// Seconds since 1970-01-01 00:00 of the zone's own clock.
    fn clock(&self, at: Timestamp) -> i64 {
        let seconds = i64::try_from(at.nanos() / 1_000_000_000).unwrap_or(i64::MAX);
        jiff::Timestamp::from_second(seconds)
            .map_or(seconds, |utc| seconds + i64::from(self.zone.to_offset(utc).seconds()))
    }

    /// What the zone's own clock shows, e.g. `Friday 2026-11-20 18:00 Europe/Berlin`.
    pub fn shown(&self, at: Timestamp) -> impl fmt::Display {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        match jiff::Timestamp::from_nanosecond(i128::from(at.nanos())) {
            Ok(utc) => {
                let local = self.zone.to_datetime(utc);
                let (date, time) = (local.date(), local.time());
                let (hour, minute) = (time.hour(), time.minute());
                format!("{:?} {date} {hour:02}:{minute:02} {zone}", date.weekday())
            }
            Err(_) => at.to_string(),
        }
    }
}

impl Daytime {
    /// Whether `minute` lies between the beginning and the end of the day it begins on.
    fn today(self, minute: u16) -> bool {
        self.from <= minute && (minute <= self.to || self.to < self.from)
    }

    /// Whether it began the day before, and goes on.
    fn since_yesterday(self, minute: u16) -> bool {
        self.to < self.from && minute <= self.to
    }
}

/// The times of a day, counted from 1970-01-01, which was a Thursday.
fn times_of(week: &[Vec<Daytime>; 7], day: i64) -> &[Daytime] {
    let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or_default();
    week.get(weekday).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap()
    }

    fn active(times: Times, zone: TimeZone, at: &str) -> bool {
        let at = at.parse::<jiff::Timestamp>().unwrap();
        let at = Timestamp::from_nanos(u64::try_from(at.as_nanosecond()).unwrap());
        Schedule { name: "s".to_owned(), zone, times }.is_active(at)
    }

    const OFFICE: Daytime = Daytime { from: 8 * 60, to: 17 * 60 };
    const NIGHT: Daytime = Daytime { from: 22 * 60, to: 6 * 60 };

    #[test]
    fn daily() {
        for (time, office, night) in [
            ("07:59:59", false, false),
            ("08:00:00", true, false),
            ("17:00:59", true, false),
            ("17:01:00", false, false),
            ("21:59:59", false, false),
            ("22:00:00", false, true),
            ("00:00:00", false, true),
            ("06:00:59", false, true),
            ("06:01:00", false, false),
        ] {
            let at = format!("2026-11-20T{time}Z");
            assert_eq!(active(Times::Daily(vec![OFFICE]), zone("UTC"), &at), office, "office {time}");
            assert_eq!(active(Times::Daily(vec![NIGHT]), zone("UTC"), &at), night, "night {time}");
        }
    }

    #[test]
    fn weekly_goes_by_the_day_it_begins_on() {
        let monday = |time| {
            let mut week: [Vec<Daytime>; 7] = Default::default();
            week[0].push(time);
            Times::Weekly(week)
        };
        // 2026-11-23 is a Monday.
        for (at, office, night) in [
            ("2026-11-22T23:00:00Z", false, false),
            ("2026-11-23T05:00:00Z", false, false),
            ("2026-11-23T09:00:00Z", true, false),
            ("2026-11-23T23:00:00Z", false, true),
            ("2026-11-24T05:00:00Z", false, true),
            ("2026-11-24T09:00:00Z", false, false),
            ("2026-11-24T23:00:00Z", false, false),
        ] {
            assert_eq!(active(monday(OFFICE), zone("UTC"), at), office, "office {at}");
            assert_eq!(active(monday(NIGHT), zone("UTC"), at), night, "night {at}");
        }
    }

    /// The firewall's clock counts: in summer 08:00 in Berlin is 06:00 UTC, in winter 07:00.
    #[test]
    fn time_zones_have_summer_and_winter() {
        for (at, is) in [
            ("2026-07-01T05:59:59Z", false),
            ("2026-07-01T06:00:00Z", true),
            ("2026-12-01T06:00:00Z", false),
            ("2026-12-01T07:00:00Z", true),
        ] {
            assert_eq!(active(Times::Daily(vec![OFFICE]), zone("Europe/Berlin"), at), is, "{at}");
        }
    }

    #[test]
    fn once() {
        // 2026-11-20 08:00 to 2026-11-21 08:00 by a clock in Berlin.
        let span = (1_795_161_600, 1_795_248_000);
        for (at, is) in [
            ("2026-11-20T06:59:59Z", false),
            ("2026-11-20T07:00:00Z", true),
            ("2026-11-21T07:00:59Z", true),
            ("2026-11-21T07:01:00Z", false),
        ] {
            assert_eq!(active(Times::Once(vec![span]), zone("Europe/Berlin"), at), is, "{at}");
        }
    }

    #[test]
    fn clocks_are_shown_as_people_read_them() {
        let schedule =
            Schedule { name: "s".to_owned(), zone: zone("Europe/Berlin"), times: Times::Daily(vec![]) };
        let at = Timestamp::from_secs(1_795_194_000);
        assert_eq!(schedule.shown(at).to_string(), "Friday 2026-11-20 18:00 Europe/Berlin");
    }
}
