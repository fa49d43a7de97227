//! Values, checked against their field.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::field::{FieldInfo, Kind, listed};
use super::flag;
use crate::config::{did_you_mean, quote};
use crate::flow::Protocol;

/// What a test compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Net(IpNet),
    Number(u64),
    /// Compared in any case where `caseless`.
    Text {
        text: String,
        caseless: bool,
    },
    /// Seconds since 1970-01-01 00:00 of the firewall's own clock.
    Clock(i64),
    Bits(u32),
}

/// Why a text is no value of its field, and what to write.
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) help: String,
}

impl Value {
    /// The value that `text` is for `field`.
    pub(super) fn read(field: &FieldInfo, text: &str) -> Result<Self, Wrong> {
        match field.kind {
            Kind::Address => net(field, text),
            Kind::Number(max) => number(field, text, max),
            Kind::Word(words) => word(field, text, words),
            Kind::Protocol => protocol(field, text),
            Kind::Name => Ok(Self::Text { text: text.to_owned(), caseless: false }),
            Kind::Caseless | Kind::User => Ok(Self::Text { text: text.to_owned(), caseless: true }),
            Kind::Time => time(field, text),
            Kind::Flag => flag::bit(text).map(Self::Bits).ok_or_else(|| {
                let names = || super::Filter::flags().map(|(name, _)| name);
                let all = format!("flags are {}", listed(&names().collect::<Vec<_>>()));
                Wrong {
                    message: format!("there is no flag {}", quote(text)),
                    help: did_you_mean(text, names(), &all),
                }
            }),
        }
    }
}

fn wrong(field: &FieldInfo, text: &str, help: impl Into<String>) -> Wrong {
    Wrong { message: format!("{} is no value of `{}`", quote(text), field.name), help: help.into() }
}

fn net(field: &FieldInfo, text: &str) -> Result<Value, Wrong> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map(|net| Value::Net(net.trunc())).map_err(|_| {
        let help = match text.split_once('-') {
            Some((low, high)) if low.parse::<IpAddr>().is_ok() && high.parse::<IpAddr>().is_ok() => {
                "a range of addresses is not possible; write a prefix such as 192.0.2.0/24"
            }
            _ => "write an address or a prefix, such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32",
        };
        wrong(field, text, help)
    })
}

fn number(field: &FieldInfo, text: &str, max: u64) -> Result<Value, Wrong> {
    let number = text
        .parse::<u64>()
        .ok()
        .filter(|&number| number <= max && text.bytes().all(|byte| byte.is_ascii_digit()));
    number.map(Value::Number).ok_or_else(|| {
        let help = match (max, text.split_once('-')) {
            (_, Some((low, high))) if low.parse::<u64>().is_ok() && high.parse::<u64>().is_ok() => {
                format!("write `( {0} geq {low} ) and ( {0} leq {high} )`", field.name)
            }
            (u64::MAX, _) => "write a number".to_owned(),
            _ => format!("write a number from 0 to {max}"),
        };
        wrong(field, text, help)
    })
}

fn word(field: &FieldInfo, text: &str, words: &[&'static str]) -> Result<Value, Wrong> {
    // The web interface shows `drop ICMP`.
    let written = text.to_ascii_lowercase().replace(' ', "-");
    let known = words.iter().find(|word| **word == written);
    known.map(|word| Value::Text { text: (*word).to_owned(), caseless: true }).ok_or_else(|| {
        let all = format!("write {}", listed(words));
        wrong(field, text, did_you_mean(text, words.iter().copied(), &all))
    })
}

/// Protocols by their IANA names, besides those the log prints by name.
const PROTOCOLS: [(&str, u8); 10] = [
    ("igmp", 2),
    ("ipip", 4),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", 58),
    ("eigrp", 88),
    ("ospf", 89),
    ("pim", 103),
    ("sctp", 132),
];

fn protocol(field: &FieldInfo, text: &str) -> Result<Value, Wrong> {
    let printed = [Protocol::TCP, Protocol::UDP, Protocol::ICMP, Protocol::ICMPV6];
    let printed = printed.into_iter().filter_map(|protocol| Some((protocol.keyword()?, protocol.0)));
    let mut named = printed.chain(PROTOCOLS);
    let number = text.parse::<u8>().ok();
    let number = number.or_else(|| Some(named.find(|(name, _)| name.eq_ignore_ascii_case(text))?.1));
    number.map(|number| Value::Number(number.into())).ok_or_else(|| {
        let names = PROTOCOLS.iter().map(|&(name, _)| name).chain(["tcp", "udp", "icmp", "ipv6-icmp"]);
        wrong(
            field,
            text,
            did_you_mean(text, names, "write tcp, udp, icmp, ipv6-icmp or a number from 0 to 255"),
        )
    })
}

fn time(field: &FieldInfo, text: &str) -> Result<Value, Wrong> {
    let midnight = |date: Date| date.to_datetime(jiff::civil::Time::midnight());
    let read = |format: &str| DateTime::strptime(format, text);
    let time = read("%Y/%m/%d %H:%M:%S")
        .or_else(|_| read("%Y/%m/%d %H:%M"))
        .or_else(|_| Date::strptime("%Y/%m/%d", text).map(midnight));
    let seconds = time.and_then(|time| TimeZone::UTC.to_timestamp(time)).map(jiff::Timestamp::as_second);
    seconds.map(Value::Clock).map_err(|_| {
        let help = if text.starts_with("last-") {
            "a replay has no present to count from; write a time such as '2026/11/20 18:00:00'"
        } else {
            "write it as '2026/11/20 18:00:00', by the firewall's clock"
        };
        wrong(field, text, help)
    })
}
