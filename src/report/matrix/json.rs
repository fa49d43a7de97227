//! The matrix for programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Fate, Matrix};
use crate::engine::DropReason;
use crate::report::escape;

/// Writes one document: `matrix` (settings and totals of each combination), `conversations` that fare differently,
/// `needed` (the settings of the strictest combination that loses no more than the least strict one), `advice`.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write_json(mut out: &mut dyn Write, matrix: &Matrix) -> io::Result<()> {
    let settings = |combination: super::Combination| -> Value {
        let [(first, a), (second, b)] = combination.settings();
        json!({ first: a, second: b })
    };
    let outcomes: Vec<Value> = matrix
        .outcomes
        .iter()
        .map(|outcome| {
            json!({
                "name": outcome.combination.name(),
                "settings": settings(outcome.combination),
                "configured": outcome.combination == matrix.configured,
                "forwarded": outcome.tally.forwarded(),
                "dropped": outcome.tally.dropped(),
                "flow_tcp_non_syn_drop": outcome.drops(DropReason::NonSyn),
                "tcp_drop_out_of_wnd": outcome.drops(DropReason::OutOfWindow),
                "injected": outcome.tally.injected(),
                "sessions": outcome.tally.sessions(),
                "recognised": outcome.recognised,
                "by_end_reason": outcome.tally.by_end_reason(),
            })
        })
        .collect();
    let differing = matrix.differing();
    let conversations: Vec<Value> = differing
        .iter()
        .map(|(ends, fates)| {
            let end = |(addr, port): (crate::flow::Addr, u16)| json!({ "ip": addr.to_string(), "port": port });
            json!({ "ends": [end(ends.low), end(ends.high)], "outcomes": fates.iter().map(fate).collect::<Vec<_>>() })
        })
        .collect();
    let document = json!({
        "matrix": outcomes,
        "conversations": conversations,
        "conversations_cut": matrix.outcomes.iter().any(|outcome| outcome.is_cut),
        "needed": matrix.needed().map(|outcome| settings(outcome.combination)),
        "advice": matrix.advice(),
    });
    escape::write_json(&mut out, &document)?;
    writeln!(out)
}

fn fate(fate: &Fate) -> Value {
    json!({
        "forwarded": fate.forwarded,
        "flow_tcp_non_syn_drop": fate.non_syn,
        "tcp_drop_out_of_wnd": fate.out_of_window,
        "dropped_otherwise": fate.dropped,
        "app": fate.last.as_ref().map(|last| &last.0),
        "session_end_reason": fate.last.as_ref().map(|last| last.1),
    })
}
