//! Values as every format writes them.

use jiff::civil::DateTime;

pub(super) use crate::app::port_list as ports;
use crate::config::candidate::TimeSpan;
use crate::flow::Addr;
use crate::policy::{self, ServiceTimeouts};

/// Days of the week, as PAN-OS names them.
pub(super) const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Prefixes, addresses and ranges.
pub(super) fn addresses(ranges: &[(Addr, Addr)]) -> Vec<String> {
    policy::address_texts(ranges)
}

/// `10.0.0.1/0.0.248.255`.
pub(super) fn wildcard(addr: u32, mask: u32) -> String {
    format!("{}/{}", std::net::Ipv4Addr::from(addr), std::net::Ipv4Addr::from(mask))
}

/// Timeouts of a service, by key.
pub(super) fn service_timeouts(timeouts: &ServiceTimeouts) -> Vec<(&'static str, u32)> {
    [
        ("timeout", timeouts.idle),
        ("halfclose-timeout", timeouts.half_closed),
        ("timewait-timeout", timeouts.time_wait),
    ]
    .into_iter()
    .filter_map(|(key, seconds)| Some((key, seconds?)))
    .collect()
}

/// `08:00-17:00`.
pub(super) fn daytime(time: TimeSpan) -> String {
    let text = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}-{}", text(time.from), text(time.to))
}

/// `2026/01/31@08:00-2026/02/01@17:00`, of seconds since 1970-01-01 00:00.
pub(super) fn period((from, to): (i64, i64)) -> String {
    let text = |seconds: i64| {
        let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
        let time: DateTime = jiff::tz::TimeZone::UTC.to_datetime(moment);
        let (year, month, day) = (time.year(), time.month(), time.day());
        format!("{year:04}/{month:02}/{day:02}@{:02}:{:02}", time.hour(), time.minute())
    };
    format!("{}-{}", text(from), text(to))
}
