//! `show counter global` (PANOS.md 6.4).

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::command::{Column, Wanted};
use super::descriptions::{About, about};
use super::{RULE, Scene};
use crate::time::Span;

/// A counter as it is listed.
struct Counter {
    name: &'static str,
    value: u64,
    /// Per second.
    rate: u64,
    about: About,
}

/// Writes the table of counters that are not zero.
pub(super) fn text(out: &mut dyn Write, wanted: &Wanted, scene: &Scene<'_>) -> io::Result<()> {
    let counters = listed(wanted, scene);
    let elapsed = elapsed(scene);
    writeln!(out, "Global counters:")?;
    writeln!(out, "Elapsed time since last sampling: {}.{:03} seconds\n", elapsed.secs(), millis(elapsed))?;
    writeln!(
        out,
        "name                                   value     rate severity  category  aspect    description"
    )?;
    writeln!(out, "{RULE}")?;
    for Counter { name, value, rate, about } in &counters {
        let About { severity, category, aspect, description } = about;
        writeln!(
            out,
            "{name:<33} {value:>10} {rate:>8} {severity:<9} {category:<9} {aspect:<9} {description}"
        )?;
    }
    writeln!(out, "{RULE}")?;
    writeln!(out, "Total counters shown: {}", counters.len())?;
    writeln!(out, "{RULE}")
}

/// The same as data.
pub(super) fn json(wanted: &Wanted, scene: &Scene<'_>) -> Value {
    let counters = listed(wanted, scene).into_iter().map(|Counter { name, value, rate, about }| {
        let About { severity, category, aspect, description } = about;
        json!({
            "name": name, "value": value, "rate": rate, "severity": severity, "category": category,
            "aspect": aspect, "description": description,
        })
    });
    counters.collect()
}

/// The elapsed time as data: seconds with three decimals.
pub(super) fn seconds(scene: &Scene<'_>) -> Value {
    let elapsed = elapsed(scene);
    format!("{}.{:03}", elapsed.secs(), millis(elapsed))
        .parse()
        .map_or(Value::Null, |seconds: f64| json!(seconds))
}

/// Time since the first packet: nothing was sampled before.
fn elapsed(scene: &Scene<'_>) -> Span {
    scene.noted.elapsed(scene.now())
}

const fn millis(span: Span) -> u64 {
    span.nanos() % 1_000_000_000 / 1_000_000
}

/// Counters in order of their category and name.
fn listed(wanted: &Wanted, scene: &Scene<'_>) -> Vec<Counter> {
    let elapsed = elapsed(scene);
    let mut counters: Vec<Counter> = values(scene)
        .into_iter()
        .filter(|&(_, value)| value > 0)
        .map(|(name, value)| {
            let rate = u128::from(value) * 1_000_000_000 / u128::from(elapsed.nanos().max(1));
            let rate = if elapsed == Span::ZERO { 0 } else { u64::try_from(rate).unwrap_or(u64::MAX) };
            Counter { name, value, rate, about: about(name, scene.tally.drops()) }
        })
        .filter(|counter| {
            let About { severity, category, aspect, .. } = counter.about;
            wanted.name.as_deref().is_none_or(|name| name == counter.name)
                && wanted.filters.iter().all(|(column, value)| match column {
                    Column::Severity => severity == value,
                    Column::Category => category == value,
                    Column::Aspect => aspect == value,
                })
        })
        .collect();
    counters.sort_by_key(|counter| (super::descriptions::place(counter.about.category), counter.name));
    counters
}

/// Every counter: those of the report, and what only this view tells.
fn values(scene: &Scene<'_>) -> BTreeMap<&'static str, u64> {
    let noted = scene.noted;
    let mut counters = scene.tally.counters();
    let refused = counters.get("flow_tcp_non_syn_drop").copied().unwrap_or(0);
    counters.extend([
        ("pkt_recv", noted.received),
        ("pkt_sent", noted.sent),
        ("appid_proc", noted.app_id_packets),
        ("nat_dynamic_port_xlat", noted.port_translations),
        ("flow_tcp_non_syn", refused + noted.midstream),
    ]);
    counters
}
