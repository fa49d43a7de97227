//! What an administrator does while packets flow: whatever it is and whenever, the books balance, and every log tells the
//! same.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, in its helpers as well")]

#[expect(dead_code, reason = "it makes whole conversations as well, for others")]
mod generator;

use std::sync::{Arc, LazyLock};

use firstpass::audit::Audit;
use firstpass::capture::{Frame, LinkType};
use firstpass::config::{Overrides, World, parse};
use firstpass::engine::{Control, SessionFilter};
use firstpass::flow::Protocol;
use firstpass::replay::{Linger, Operation, Options, Replay, When};
use firstpass::report::{Rows, Sink, Tally, json};
use firstpass::session::SessionId;
use firstpass::time::{Span, Timestamp};
use generator::{RULES, Settings, frames, steps};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

type Frames = Vec<(Timestamp, Vec<u8>)>;

/// The rulebases of the generator with and without rematch, and two that have other zones, rules and applications.
static WORLDS: LazyLock<Vec<Arc<World>>> = LazyLock::new(|| {
    let strange = r#"
        [zones]
        elsewhere = "203.0.113.0/24"
        inside = "0.0.0.0/0"
        [application.custom]
        default-ports = ["tcp/7000"]
        [[nat]]
        name = "Hide"
        from = "elsewhere"
        to = "inside"
        source-translation.dynamic-ip-and-port.translated-address = "10.9.9.9"
        [[security]]
        name = "All"
        service = "any"
        log-start = true
    "#;
    let mut worlds = Vec::new();
    for text in RULES.iter().copied().chain([strange]) {
        for rematch in ["no", "yes"] {
            let mut overrides = Overrides::default();
            overrides.set(&format!("config.rematch={rematch}")).unwrap();
            let world = parse("rules.toml", text.as_bytes(), &overrides);
            worlds.push(Arc::new(world.unwrap_or_else(|error| panic!("{}", error.render(false)))));
        }
    }
    worlds
});

/// An operation, by numbers: a counterexample is not to print a catalog.
#[derive(Debug, Clone, Copy)]
enum Do {
    Clear(u64),
    ClearUdp,
    ClearAll,
    Discard(u64, Option<u32>),
    Commit(usize),
}

impl Do {
    fn control(self) -> Control {
        match self {
            Self::Clear(id) => Control::Clear(SessionId(id)),
            Self::ClearAll => Control::ClearAll(SessionFilter::default()),
            Self::ClearUdp => {
                Control::ClearAll(SessionFilter { protocol: Some(Protocol::UDP), ..SessionFilter::default() })
            }
            Self::Discard(id, timeout) => Control::Discard { id: SessionId(id), timeout },
            Self::Commit(world) => Control::Commit(Arc::clone(&WORLDS[world % WORLDS.len()])),
        }
    }
}

fn operation() -> impl Strategy<Value = (When, Do)> {
    let what = prop_oneof![
        (1u64..8).prop_map(Do::Clear),
        Just(Do::ClearUdp),
        Just(Do::ClearAll),
        ((1u64..8), proptest::option::of(1u32..100)).prop_map(|(id, timeout)| Do::Discard(id, timeout)),
        any::<usize>().prop_map(Do::Commit),
        any::<usize>().prop_map(Do::Commit),
    ];
    let when = prop_oneof![
        (1u64..60).prop_map(When::Packet),
        (0u64..200_000).prop_map(|millis| When::After(Span::from_nanos(millis * 1_000_000))),
    ];
    (when, what)
}

/// Replays, with sinks of every kind; the rows as lines.
fn run(world: usize, frames: &Frames, operations: &[(When, Do)], streamed: bool) -> (Vec<u8>, Tally) {
    let world = &WORLDS[world % WORLDS.len()];
    let operations =
        operations.iter().map(|&(when, what)| Operation { when, control: what.control() }).collect();
    let options = Options { linger: Linger::UntilIdle, operations, ..Options::default() };
    let (mut audit, mut tally, mut out) = (Audit::default(), Tally::default(), Vec::new());
    let mut rows = if streamed { Rows::streamed(json::Lines, &mut out) } else { Rows::held(json::Lines) };
    let sinks: Vec<&mut dyn Sink> = vec![&mut audit, &mut tally, &mut rows];
    let mut replay = Replay::new(Arc::clone(world), options, sinks);
    for (at, bytes) in frames {
        let wire_len = u32::try_from(bytes.len()).unwrap();
        let link_type = LinkType::ETHERNET;
        replay.frame(&Frame { at: *at, file: 0, link_type, interface: None, wire_len, bytes }).unwrap();
    }
    let notes = replay.finish().unwrap();
    let last = notes.committed.as_ref().unwrap_or(world);
    if streamed {
        rows.finish(world).unwrap();
    } else {
        let mut held = Vec::new();
        rows.finish_into(world, |row| {
            held.extend_from_slice(row);
            Ok(())
        })
        .unwrap();
        out = held;
    }
    assert_eq!(audit.violations(), Vec::<String>::new());
    // Every name can still be shown.
    for (id, rule) in tally.rules() {
        assert!(!last.policy.rule(id).name.is_empty());
        assert!(!rule.application_names(last).contains(&"?"));
    }
    tally.by_application(last);
    (out, tally)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The auditor agrees, nothing panics, the same run gives the same rows, and no row has a name that is not known.
    #[test]
    fn books_balance_whatever_is_done(
        world in 0usize..64,
        steps in steps(Settings { backwards: false, ..Settings::default() }),
        operations in proptest::collection::vec(operation(), 0..6),
    ) {
        let frames = frames(Settings { backwards: false, ..Settings::default() }, &steps);
        let (held, tally) = run(world, &frames, &operations, false);
        let (streamed, _) = run(world, &frames, &operations, true);
        let text = String::from_utf8(held.clone()).unwrap();
        prop_assert_eq!(held, streamed);
        prop_assert!(!text.contains("\"?\""), "{}", text);
        prop_assert_eq!(tally.forwarded() + tally.dropped(), frames.len() as u64);
    }
}

/// A commit of the very same configuration changes nothing, whatever the packets.
#[test]
fn the_same_again_changes_nothing() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let settings = Settings { backwards: false, ..Settings::default() };
    for world in 0..WORLDS.len() {
        for _ in 0..8 {
            let steps = steps(settings).new_tree(&mut runner).unwrap().current();
            let frames = frames(settings, &steps);
            let commits: Vec<_> = (1..frames.len() as u64)
                .step_by(3)
                .map(|number| (When::Packet(number), Do::Commit(world)))
                .collect();
            let [with, without] = [&commits[..], &[]].map(|commits| run(world, &frames, commits, false).0);
            let [with, without] = [with, without].map(|rows| String::from_utf8(rows).unwrap());
            assert_eq!(with, without);
        }
    }
}
