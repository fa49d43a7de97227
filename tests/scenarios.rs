//! The scenario documents: each of `tests/scenarios/*.md` is played and held against what it says.
//!
//! `FIRSTPASS_UPDATE=1 cargo test --test scenarios` writes their tables anew from what the program says, to be
//! reviewed as prose. The notation is described in `tests/scenarios/README.md`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, in its helpers as well")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use firstpass::engine::{DropReason, Verdict};
use firstpass::packet::Malformed;
use firstpass::scenario::{Document, Scenario};
use firstpass::session::EndReason;

/// All documents, in order of their names.
fn documents() -> Vec<(PathBuf, Document)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "README"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = format!("tests/scenarios/{}", path.file_name().unwrap().display());
            let document = Document::parse(&name, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (path, document)
        })
        .collect()
}

#[test]
fn documents_hold() {
    let documents = documents();
    if std::env::var_os("FIRSTPASS_UPDATE").is_some() {
        for (path, document) in &documents {
            let runs: Vec<_> = document
                .scenarios()
                .iter()
                .map(|scenario| scenario.run().unwrap_or_else(|error| panic!("{}: {error}", document.path())))
                .collect();
            std::fs::write(path, document.rewrite(&runs)).unwrap();
        }
        return;
    }
    let mut report = String::new();
    for (_, document) in &documents {
        for scenario in document.scenarios() {
            judge(document, scenario, &mut report);
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// Plays one scenario and writes down what is not as it should be.
fn judge(document: &Document, scenario: &Scenario, report: &mut String) {
    let place = |line| format!("{}:{line}", document.path());
    let heading = format!("{}: {}", place(scenario.line), scenario.name);
    let outcome = scenario.check();
    let holds = matches!(&outcome, Ok(mismatches) if mismatches.is_empty());
    match (&scenario.known_failure, outcome) {
        (None, Ok(_)) if holds => {}
        (Some(reason), _) if holds => {
            writeln!(report, "{heading}\nholds now: take its `known-failure` line away ({reason})\n")
                .unwrap();
        }
        (Some(_), _) => {}
        (None, Ok(mismatches)) => {
            writeln!(report, "{heading}").unwrap();
            for mismatch in mismatches {
                writeln!(report, "{}\n{}", place(mismatch.line), mismatch.what).unwrap();
            }
            report.push('\n');
        }
        (None, Err(error)) => writeln!(report, "{heading}\n{error}\n").unwrap(),
    }
}

/// Every end reason has its scenario, and so has every reason to drop a packet; the test fails when a new one has none.
#[test]
fn every_outcome_has_a_scenario() {
    let mut reached: BTreeSet<String> = BTreeSet::new();
    for (_, document) in &documents() {
        for scenario in document.scenarios() {
            let Ok(run) = scenario.run() else { continue };
            reached.extend(run.rows.into_iter().map(|row| row.session_end_reason));
            reached.extend(run.verdicts.iter().filter_map(|verdict| match verdict {
                Verdict::Drop(reason) => Some(reason.counter().to_owned()),
                Verdict::Forward => None,
            }));
        }
    }
    let ends =
        EndReason::ALL.into_iter().filter(|end| !END_REASONS_TO_COME.contains(end)).map(EndReason::name);
    let missing: Vec<&str> = ends.chain(drops()).filter(|outcome| !reached.contains(*outcome)).collect();
    assert!(missing.is_empty(), "no scenario for {missing:?}");
}

/// What nothing can bring about yet.
const END_REASONS_TO_COME: [EndReason; 4] = [
    EndReason::DecryptCertValidation,
    EndReason::DecryptUnsupportParam,
    EndReason::DecryptError,
    EndReason::Decoder,
];

/// The counters of every reason to drop a packet that a scenario can bring about.
fn drops() -> impl Iterator<Item = &'static str> {
    let malformed = Malformed::ALL.into_iter().filter(|malformed| !DECODER_ONLY.contains(malformed));
    [
        DropReason::NotIp,
        DropReason::NoIngressZone,
        DropReason::IngressInterfaceNoZone,
        DropReason::NoSubinterface,
        DropReason::NoEgressZone,
        DropReason::NoRoute,
        DropReason::RouteDiscard,
        DropReason::EgressInterfaceNoZone,
        DropReason::NonSyn,
        DropReason::PolicyDeny,
        DropReason::AppDeny,
        DropReason::Threat,
        DropReason::BlockedIp,
        DropReason::SessionDiscard,
        DropReason::OutOfWindow,
        DropReason::OutOfOrderLimit,
        DropReason::TableFull,
        DropReason::SameFlow,
        DropReason::HostService,
    ]
    .into_iter()
    .chain(malformed.map(DropReason::Malformed))
    .map(DropReason::counter)
}

/// Malformations that the decoder's own tests show: checksums are not looked at by default, and a scenario's frames are
/// Ethernet.
const DECODER_ONLY: [Malformed; 5] = [
    Malformed::LinkTypeUnsupported,
    Malformed::IpChecksum,
    Malformed::TcpChecksum,
    Malformed::UdpChecksum,
    Malformed::IcmpChecksum,
];
