//! Findings in SARIF 2.1.0 (OASIS, 27 March 2020), for code scanning services and editors.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::fingerprint;
use super::{Finding, KINDS, Kind, Report};
use crate::config::{Place, World};

/// Writes the report.
///
/// # Errors
/// Where writing fails.
pub fn write(out: &mut dyn Write, world: &World, report: &Report) -> io::Result<()> {
    let uri = uri(&world.source.path);
    let undecided = report.undecided.iter().map(|(rule, kind)| {
        let text = format!("not decided: whether rule `{rule}` is `{kind}` would take too long to tell");
        json!({ "level": "warning", "message": { "text": text } })
    });
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "firstpass",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": KINDS.iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": undecided.collect::<Vec<_>>(),
            }],
            "results": report.findings.iter().map(|finding| result(finding, &uri)).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// A `reportingDescriptor` (section 3.49).
fn rule(kind: &Kind) -> Value {
    let text = format!("{}\n\nExample:\n\n{}\n\nCure: {}", kind.why, kind.example, kind.cure);
    let markdown = format!("{}\n\n```toml\n{}\n```\n\n**Cure:** {}", kind.why, kind.example, kind.cure);
    json!({
        "id": kind.name,
        "shortDescription": { "text": kind.what },
        "fullDescription": { "text": kind.why },
        "help": { "text": text, "markdown": markdown },
        "defaultConfiguration": { "level": kind.severity.name() },
    })
}

/// A `result` (section 3.27).
fn result(finding: &Finding, uri: &str) -> Value {
    let index = KINDS.iter().position(|kind| kind == finding.kind);
    let example =
        finding.example.as_ref().map_or(String::new(), |example| format!(" For example {example}."));
    let text = format!("{}.{example} Cure: {}.", finding.message, finding.cure);
    let related = finding.related.iter().enumerate().map(|(id, related)| {
        let message = format!("`{}` {}", related.rule, related.what);
        let mut location = location(uri, related.place.as_ref());
        location["id"] = json!(id);
        location["message"] = json!({ "text": message });
        location
    });
    let mut place = location(uri, finding.place.as_ref());
    place["logicalLocations"] = json!([{ "name": finding.subject, "kind": "object" }]);
    json!({
        "ruleId": finding.kind.name,
        "ruleIndex": index,
        "level": finding.severity.name(),
        "message": { "text": text },
        "locations": [place],
        "relatedLocations": related.collect::<Vec<_>>(),
        "partialFingerprints": { "firstpassFinding/v1": fingerprint(finding) },
    })
}

/// A `location` (section 3.28).
fn location(uri: &str, place: Option<&Place>) -> Value {
    let mut location = json!({ "artifactLocation": { "uri": uri } });
    if let Some(place) = place {
        location["region"] = json!({ "startLine": place.line, "startColumn": place.column });
    }
    json!({ "physicalLocation": location })
}

/// A path as a URI reference (RFC 3986, 2.1): what is not unreserved is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'\\' => uri.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte.into())
            }
            // Writing to a string cannot fail.
            _ => _ = write!(uri, "%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("rules/my rules.toml"), "rules/my%20rules.toml");
        assert_eq!(uri("/etc/ü"), "file:///etc/%C3%BC");
    }
}
