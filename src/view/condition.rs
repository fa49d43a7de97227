//! The filters of `session all` (PANOS.md 11.3).

use std::net::IpAddr;

use ipnet::IpNet;

use super::command::{CommandError, wrong, yes};
use super::entry::{Entry, Nat};
use crate::config::{did_you_mean, quote};
use crate::flow::Addr;
use crate::session::State;

/// What a listed session must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Application(String),
    Source(IpNet),
    Destination(IpNet),
    SourcePort(u16),
    DestinationPort(u16),
    Protocol(u8),
    From(String),
    To(String),
    SourceUser(String),
    DestinationUser(String),
    State(State),
    Predict(bool),
    Nat(Nat),
    NatRule(String),
    Rule(String),
    Ingress(String),
    Egress(String),
    /// Seconds since it started.
    MinAge(u64),
    /// Kilobytes both ways.
    MinKb(u64),
    /// What no session of the model is.
    Never,
    /// What every session of the model is.
    Always,
}

/// A filter, and what it takes.
const KEYS: [(&str, &str); 23] = [
    ("application", "an application"),
    ("source", "an address or prefix"),
    ("destination", "an address or prefix"),
    ("source-port", "a port"),
    ("destination-port", "a port"),
    ("protocol", "a number from 1 to 255"),
    ("from", "a zone"),
    ("to", "a zone"),
    ("source-user", "a user"),
    ("destination-user", "a user"),
    ("state", "active, closed, closing, discard, initial or opening"),
    ("type", "flow or predict"),
    ("nat", "none, source, destination or both"),
    ("nat-rule", "a NAT rule"),
    ("rule", "a security rule"),
    ("pbf-rule", "a rule"),
    ("ingress-interface", "an interface"),
    ("egress-interface", "an interface"),
    ("min-age", "seconds"),
    ("min-kb", "kilobytes"),
    ("ssl-decrypt", "yes or no"),
    ("count", "yes or no"),
    ("start-at", "a number"),
];

/// The states by the names that the filter has for them.
const STATES: [(&str, State); 6] = [
    ("initial", State::Init),
    ("opening", State::Opening),
    ("active", State::Active),
    ("discard", State::Discard),
    ("closing", State::Closing),
    ("closed", State::Closed),
];

/// What to write behind a key.
pub(super) fn help(key: &str) -> String {
    match KEYS.iter().find(|(known, _)| *known == key) {
        Some((known, values)) => format!("`{known}` takes {values}"),
        None => {
            let names = KEYS.map(|(known, _)| known);
            did_you_mean(key, names, &format!("filters are {}", names.join(", ")))
        }
    }
}

impl Condition {
    /// The condition that `key` with `value` is.
    pub(super) fn read(key: &str, value: &str) -> Result<Self, CommandError> {
        let bad = || wrong(format!("{} is no value of `{key}`", quote(value)), help(key));
        let name = || value.to_owned();
        let number = |max: u64| value.parse::<u64>().ok().filter(|&number| number <= max).ok_or_else(bad);
        let port = || number(65_535).map(|port| u16::try_from(port).unwrap_or(u16::MAX));
        let net = || {
            let net = value.parse::<IpNet>().or_else(|_| value.parse::<IpAddr>().map(IpNet::from));
            net.map_err(|_| bad())
        };
        Ok(match key {
            "application" => Self::Application(name()),
            "source" => Self::Source(net()?),
            "destination" => Self::Destination(net()?),
            "source-port" => Self::SourcePort(port()?),
            "destination-port" => Self::DestinationPort(port()?),
            "protocol" => Self::Protocol(value.parse().ok().filter(|&number| number > 0).ok_or_else(bad)?),
            "from" => Self::From(name()),
            "to" => Self::To(name()),
            "source-user" => Self::SourceUser(name()),
            "destination-user" => Self::DestinationUser(name()),
            "state" => {
                let state = STATES.iter().find(|(known, _)| known.eq_ignore_ascii_case(value));
                Self::State(state.ok_or_else(bad)?.1)
            }
            "type" => match value.to_ascii_lowercase().as_str() {
                "flow" => Self::Predict(false),
                "predict" | "pred" => Self::Predict(true),
                _ => return Err(bad()),
            },
            "nat" => Self::Nat(Nat::find(value).ok_or_else(bad)?),
            "nat-rule" => Self::NatRule(name()),
            "rule" => Self::Rule(name()),
            // The model has no policy-based forwarding and decrypts nothing.
            "pbf-rule" => Self::Never,
            "ssl-decrypt" if yes(key, value)? => Self::Never,
            "ssl-decrypt" => Self::Always,
            "ingress-interface" => Self::Ingress(name()),
            "egress-interface" => Self::Egress(name()),
            "min-age" => Self::MinAge(number(u64::MAX)?),
            "min-kb" => Self::MinKb(number(u64::MAX)?),
            _ => return Err(wrong(format!("`session all` has no filter {}", quote(key)), help(key))),
        })
    }

    /// Whether it holds of a session.
    pub(super) fn holds(&self, entry: &Entry<'_>) -> bool {
        let key = &entry.record.c2s;
        match self {
            Self::Application(name) => entry.application.eq_ignore_ascii_case(name),
            Self::Source(net) => within(net, key.src),
            Self::Destination(net) => within(net, key.dst),
            Self::SourcePort(port) => key.sport == *port,
            Self::DestinationPort(port) => key.dport == *port,
            Self::Protocol(number) => key.protocol.0 == *number,
            Self::From(zone) => entry.from == zone,
            Self::To(zone) => entry.to == zone,
            Self::SourceUser(user) => entry.users[0].eq_ignore_ascii_case(user),
            Self::DestinationUser(user) => entry.users[1].eq_ignore_ascii_case(user),
            Self::State(state) => entry.record.state == *state,
            Self::Predict(predict) => entry.predicted.is_some() == *predict,
            Self::Nat(nat) => entry.nat == *nat,
            Self::NatRule(name) => entry.nat_rule == Some(name),
            Self::Rule(name) => entry.rule == name,
            Self::Ingress(name) => entry.interfaces[0] == name,
            Self::Egress(name) => entry.interfaces[1] == name,
            Self::MinAge(seconds) => entry.age.secs() >= *seconds,
            Self::MinKb(kilobytes) => entry.record.counts.bytes.iter().sum::<u64>() / 1_024 >= *kilobytes,
            Self::Never => false,
            Self::Always => true,
        }
    }
}

fn within(net: &IpNet, addr: Addr) -> bool {
    net.contains(&IpAddr::from(addr))
}
