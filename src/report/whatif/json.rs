//! The same for programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::exclusions::Exclusions;
use super::hosts::{Host, Hosts};
use super::reason::{Reason, Verdict};
use crate::report::escape;

/// Writes one document: `profile`, `summary`, `hosts` (the worst first), `exclusions`, `cannot_tell`.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write_json(mut out: &mut dyn Write, hosts: &Hosts) -> io::Result<()> {
    let exclusions = Exclusions::of(hosts);
    let verdicts = Verdict::ALL.map(|verdict| {
        let (sessions, hosts) = hosts.totals(verdict);
        (verdict.name().to_owned(), json!({ "sessions": sessions, "hosts": hosts }))
    });
    let verdicts: serde_json::Map<String, Value> = verdicts.into_iter().collect();
    let document = json!({
        "profile": hosts.profile,
        "summary": {
            "sessions": hosts.sessions(),
            "hosts": hosts.len(),
            "by_verdict": verdicts,
            "not_concerned": hosts.others,
            "denied": hosts.denied,
            "cut": hosts.is_cut,
        },
        "hosts": hosts.sorted().into_iter().map(host).collect::<Vec<_>>(),
        "exclusions": {
            "names": exclusions.names,
            "addresses": exclusions.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "set": exclusions.commands(),
            "toml": exclusions.toml(),
        },
        "cannot_tell": hosts.cannot_tell(),
    });
    escape::write_json(&mut out, &document)?;
    writeln!(out)
}

/// Writes a line for each host.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write_lines(mut out: &mut dyn Write, hosts: &Hosts) -> io::Result<()> {
    for it in hosts.sorted() {
        escape::write_json(&mut out, &host(it))?;
        writeln!(out)?;
    }
    Ok(())
}

fn host(host: &Host) -> Value {
    let reasons: Vec<Value> = host
        .reasons
        .iter()
        .map(|(reason, sessions)| {
            let confidence = match reason {
                Reason::KnownToPin(pin) => Some(pin.confidence),
                _ => None,
            };
            json!({
                "reason": reason.name(),
                "verdict": reason.verdict().name(),
                "sessions": sessions,
                "detail": reason.to_string(),
                "confidence": confidence,
            })
        })
        .collect();
    let verdicts: serde_json::Map<String, Value> =
        host.verdicts.iter().map(|(verdict, count)| (verdict.name().to_owned(), (*count).into())).collect();
    json!({
        "host": host.name.text(),
        "named_by": host.name.kind(),
        "sessions": host.sessions,
        "bytes": host.bytes,
        "applications": host.applications,
        "verdict": host.verdict().name(),
        "by_verdict": verdicts,
        "reasons": reasons,
    })
}
