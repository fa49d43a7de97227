//! Findings as one JSON document.

use std::io::{self, Write};

use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::{Finding, Report, Severity};
use crate::config::{Place, World};

/// Writes the report.
///
/// # Errors
/// Where writing fails.
pub fn write(out: &mut dyn Write, world: &World, report: &Report) -> io::Result<()> {
    let source = &world.source;
    let document = json!({
        "firstpass": env!("CARGO_PKG_VERSION"),
        "rulebase": { "path": source.path, "format": source.format, "security_rules": source.security_rules },
        "summary": {
            "rules": report.rules,
            "error": report.count(Severity::Error),
            "warning": report.count(Severity::Warning),
            "note": report.count(Severity::Note),
        },
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "undecided": report
            .undecided
            .iter()
            .map(|(rule, kind)| json!({ "rule": rule, "kind": kind }))
            .collect::<Vec<_>>(),
        "warnings": world.warnings,
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn finding(finding: &Finding) -> Value {
    let related = finding.related.iter().map(|related| {
        let (line, column) = line_and_column(related.place.as_ref());
        json!({ "rule": related.rule, "what": related.what, "line": line, "column": column })
    });
    let (line, column) = line_and_column(finding.place.as_ref());
    json!({
        "kind": finding.kind.name,
        "severity": finding.severity.name(),
        "subject": finding.subject,
        "message": finding.message,
        "example": finding.example,
        "cure": finding.cure,
        "line": line,
        "column": column,
        "related": related.collect::<Vec<_>>(),
        "fingerprint": fingerprint(finding),
    })
}

fn line_and_column(place: Option<&Place>) -> (Option<usize>, Option<usize>) {
    (place.map(|place| place.line), place.map(|place| place.column))
}

/// What stays the same wherever in the file the rule stands and however the sentences about it change.
pub(super) fn fingerprint(finding: &Finding) -> String {
    let mut hash = Sha1::new();
    hash.update(finding.kind.name);
    hash.update([0]);
    hash.update(&finding.subject);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
