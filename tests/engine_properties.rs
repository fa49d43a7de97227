//! Properties of the engine, over conversations made at random.
//!
//! `E` numbers are about the event stream, `S` numbers about sessions. That the end reason is the least of its causes in
//! any order (S2) is tested where it is written, in `src/session/end.rs`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, in its helpers as well")]

mod generator;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use firstpass::audit::Audit;
use firstpass::capture::{Frame, LinkType};
use firstpass::config::World;
use firstpass::engine::{DropReason, Event, EventKind, Events, Firewall, Outcome, Record, Verdict};
use firstpass::flow::Direction;
use firstpass::packet::{DecodeOptions, TcpFlags, decode};
use firstpass::replay::{Options, Replay};
use firstpass::report::Sink;
use firstpass::scenario::{Number, Segment};
use firstpass::session::{Counts, EndReason, Passed, SessionId, State, state_graph};
use firstpass::time::{Span, Timestamp};
use generator::{RULES, Settings, Talk, frames, steps};
use petgraph::visit::{Dfs, EdgeRef};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

type Frames = Vec<(Timestamp, Vec<u8>)>;

/// What the firewall said of each frame, and after the last one.
struct Run {
    steps: Vec<(Verdict, Events)>,
    rest: Events,
}

impl Run {
    /// Feeds the frames to an empty firewall and waits until every session is gone.
    fn of(world: &Arc<World>, frames: &Frames) -> Self {
        let mut firewall = Firewall::new(Arc::clone(world));
        let steps = (1..)
            .zip(frames)
            .map(|(number, (at, bytes))| {
                let wire_len = u32::try_from(bytes.len()).unwrap();
                let frame = Frame {
                    at: *at,
                    file: 0,
                    link_type: LinkType::ETHERNET,
                    interface: None,
                    wire_len,
                    bytes,
                };
                let packet = decode(&frame, number, DecodeOptions::default());
                let mut events = Events::default();
                (firewall.step(*at, &packet, &mut events), events)
            })
            .collect();
        let mut rest = Events::default();
        firewall.advance(Timestamp::MAX, &mut rest);
        firewall.finish(&mut rest);
        Self { steps, rest }
    }

    /// Every event with the list it is in.
    fn events(&self) -> impl Iterator<Item = (&Events, &Event)> {
        let all = self.steps.iter().map(|(_, events)| events).chain([&self.rest]);
        all.flat_map(|events| events.list().iter().map(move |event| (events, event)))
    }

    /// Every record that a row is made of, without what depends on other flows: numbers.
    fn records(&self) -> Vec<String> {
        let mut records: Vec<String> = self
            .events()
            .filter_map(|(events, event)| match event.kind {
                EventKind::Refused { record }
                | EventKind::Denied { record }
                | EventKind::Ended { record } => {
                    let record =
                        Record { id: None, first_packet: 0, last_packet: 0, ..*events.record(record) };
                    Some(format!("{:?} {record:?}", event.at))
                }
                _ => None,
            })
            .collect();
        records.sort();
        records
    }
}

fn world(rules: &str) -> Arc<World> {
    Arc::new(World::from_toml(rules).unwrap_or_else(|error| panic!("{}", error.render(false))))
}

/// One of the rulebases, by its number: a counterexample is not to print a catalog.
fn rulebase() -> impl Strategy<Value = usize> {
    0..RULES.len()
}

static WORLDS: LazyLock<Vec<Arc<World>>> = LazyLock::new(|| RULES.iter().map(|rules| world(rules)).collect());

fn any_frames() -> impl Strategy<Value = Frames> {
    let settings = Settings::default();
    steps(settings).prop_map(move |steps| frames(settings, &steps))
}

proptest! {
    /// E1, E9: every packet gets exactly one verdict, as its last event, and time never goes back.
    #[test]
    fn one_verdict_per_packet_and_it_is_the_last((world, frames) in (rulebase(), any_frames())) {
        let run = Run::of(&WORLDS[world], &frames);
        let mut now = Timestamp::ZERO;
        for (number, (verdict, events)) in (1u64..).zip(&run.steps) {
            let verdicts: Vec<&Event> =
                events.list().iter().filter(|event| matches!(event.kind, EventKind::Verdict { .. })).collect();
            prop_assert_eq!(verdicts.len(), 1);
            prop_assert_eq!(verdicts[0], events.list().last().unwrap());
            prop_assert_eq!(verdicts[0].packet, number);
            let EventKind::Verdict { verdict: told, .. } = verdicts[0].kind else { unreachable!() };
            prop_assert_eq!(told, *verdict);
            for event in events.list() {
                prop_assert!(event.packet == number || event.packet == 0);
                prop_assert!(event.at >= now);
                now = event.at;
            }
        }
    }

    /// E2: each session ends once, after it was set up, and is silent then.
    #[test]
    fn each_session_ends_once((world, frames) in (rulebase(), any_frames())) {
        let run = Run::of(&WORLDS[world], &frames);
        let (mut live, mut created) = (BTreeSet::new(), 0);
        for (_, event) in run.events() {
            let Some(id) = event.session else { continue };
            match event.kind {
                EventKind::Created { .. } => {
                    created += 1;
                    prop_assert_eq!(id, SessionId(created));
                    prop_assert!(live.insert(id));
                }
                EventKind::Ended { .. } => prop_assert!(live.remove(&id)),
                _ => prop_assert!(live.contains(&id), "{event:?} of a session that is not there"),
            }
        }
        prop_assert!(live.is_empty(), "{live:?} never ended");
    }

    /// E3: packets in = forwarded + dropped, and a session's record counts the packets that the verdicts counted.
    #[test]
    fn every_packet_is_accounted_for((world, frames) in (rulebase(), any_frames())) {
        let run = Run::of(&WORLDS[world], &frames);
        prop_assert_eq!(run.steps.len(), frames.len());
        let mut books: BTreeMap<SessionId, (Counts, Passed)> = BTreeMap::new();
        for (events, event) in run.events() {
            let Some(id) = event.session else { continue };
            let (counts, passed) = books.entry(id).or_default();
            match event.kind {
                EventKind::Verdict { verdict, direction: Some(direction), counted: true, wire_len, payload_len, .. } => {
                    let side = direction.index();
                    counts.packets[side] += 1;
                    counts.bytes[side] += u64::from(wire_len);
                    if verdict.is_forward() {
                        passed.packets[side] += 1;
                        passed.payload[side] += u64::from(payload_len);
                    }
                }
                EventKind::Ended { record } => {
                    prop_assert_eq!(events.record(record).counts, *counts);
                    prop_assert_eq!(events.record(record).passed, *passed);
                }
                _ => {}
            }
        }
    }

    /// E4: the same packets give the same events, to the letter.
    #[test]
    fn a_replay_is_equal((world, frames) in (rulebase(), any_frames())) {
        let text = |run: Run| format!("{:?} {:?}", run.steps, run.rest);
        prop_assert_eq!(text(Run::of(&WORLDS[world], &frames)), text(Run::of(&WORLDS[world], &frames)));
    }

    /// E5: what is said of a packet does not depend on what follows.
    #[test]
    fn a_prefix_says_the_same((world, frames, cut) in (rulebase(), any_frames(), any::<prop::sample::Index>())) {
        let cut = cut.index(frames.len());
        let (whole, part) = (Run::of(&WORLDS[world], &frames), Run::of(&WORLDS[world], &frames[..cut].to_vec()));
        prop_assert_eq!(format!("{:?}", &whole.steps[..cut]), format!("{:?}", part.steps));
    }

    /// E6: two sets of flows without a host in common give the same rows together as apart.
    #[test]
    fn strangers_do_not_disturb_each_other(
        (world, a, b) in (
            rulebase(),
            steps(Settings { backwards: false, ..Settings::default() }),
            steps(Settings { backwards: false, ..Settings::default() }),
        )
    ) {
        let half = |half, steps: &[generator::Step]| frames(Settings { half, ..Settings::default() }, steps);
        let (a, b) = (half(0, &a), half(1, &b));
        let mut apart = [Run::of(&WORLDS[world], &a).records(), Run::of(&WORLDS[world], &b).records()].concat();
        apart.sort();
        let mut together = [a, b].concat();
        together.sort_by_key(|(at, _)| *at);
        prop_assert_eq!(Run::of(&WORLDS[world], &together).records(), apart);
    }

    /// E7: after a denial nothing more of that session passes.
    #[test]
    fn nothing_passes_after_a_denial((world, frames) in (rulebase(), any_frames())) {
        let run = Run::of(&WORLDS[world], &frames);
        let mut denied = BTreeSet::new();
        for (_, event) in run.events() {
            match event.kind {
                EventKind::Denied { .. } => {
                    denied.extend(event.session);
                }
                EventKind::Verdict { verdict, .. } if event.session.is_some_and(|id| denied.contains(&id)) => {
                    prop_assert!(!verdict.is_forward());
                }
                _ => {}
            }
        }
    }

    /// E8: the first packets of a row are what was forwarded before the decision that finally held.
    #[test]
    fn first_packets_are_what_passed((world, frames) in (rulebase(), any_frames())) {
        let run = Run::of(&WORLDS[world], &frames);
        let (mut passed, mut at_change): (BTreeMap<_, [u64; 2]>, BTreeMap<_, ([u64; 2], _)>) = Default::default();
        for (events, event) in run.events() {
            let Some(id) = event.session else { continue };
            let so_far = *passed.entry(id).or_default();
            match event.kind {
                EventKind::Created { record } => {
                    at_change.insert(id, (so_far, events.record(record).rule));
                }
                EventKind::Verdict { verdict, direction: Some(direction), counted: true, .. } if verdict.is_forward() => {
                    passed.entry(id).or_default()[direction.index()] += 1;
                }
                EventKind::Allowed { record } if at_change[&id].1 != events.record(record).rule => {
                    at_change.insert(id, (so_far, events.record(record).rule));
                }
                EventKind::Denied { record } | EventKind::Ended { record } => {
                    let Some(first) = events.record(record).first_packets else { continue };
                    let expected = match first.outcome {
                        Outcome::Denied | Outcome::NeverIdentified => so_far,
                        Outcome::Reclassified => at_change[&id].0,
                    };
                    prop_assert_eq!(first.passed.packets, expected);
                    prop_assert_ne!(expected, [0, 0], "nothing passed, nothing to report");
                }
                _ => {}
            }
        }
    }

    /// S4: a timer ends a session exactly its length after one of the session's packets, and never before it has run
    /// since it was armed.
    #[test]
    fn timers_are_never_early((world, frames) in (rulebase(), any_frames())) {
        let run = Run::of(&WORLDS[world], &frames);
        let mut armed: BTreeMap<SessionId, (Timestamp, Span)> = BTreeMap::new();
        let mut packets: BTreeMap<SessionId, BTreeSet<Timestamp>> = BTreeMap::new();
        for (_, event) in run.events() {
            let Some(id) = event.session else { continue };
            match event.kind {
                EventKind::Armed { timeout, .. } => {
                    armed.insert(id, (event.at, timeout));
                }
                EventKind::Verdict { .. } => {
                    packets.entry(id).or_default().insert(event.at);
                }
                EventKind::Ended { .. } if event.packet == 0 => {
                    let (since, timeout) = armed[&id];
                    prop_assert!(event.at >= since + timeout);
                    prop_assert!(packets[&id].contains(&(event.at - timeout)), "{:?} after no packet", timeout);
                }
                _ => {}
            }
        }
    }

    /// E10: no bytes make it panic, and all of them are accounted for.
    #[test]
    fn noise_is_only_noise(
        world in rulebase(),
        mut frames in any_frames(),
        noise in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..60),
        raw in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..120), 0..10),
    ) {
        for (frame, place, byte) in noise {
            let count = frames.len();
            let (_, bytes) = &mut frames[frame.index(count)];
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let last = frames.last().unwrap().0;
        frames.extend(raw.into_iter().map(|bytes| (last, bytes)));
        let mut audit = Audit::default();
        let mut replay = Replay::new(Arc::clone(&WORLDS[world]), Options::default(), vec![&mut audit as &mut dyn Sink]);
        for (at, bytes) in &frames {
            let wire_len = u32::try_from(bytes.len()).unwrap();
            replay.frame(&Frame { at: *at, file: 0, link_type: LinkType::ETHERNET, interface: None, wire_len, bytes }).unwrap();
        }
        replay.finish().unwrap();
        prop_assert_eq!(audit.violations(), Vec::<String>::new());
        let totals = audit.totals();
        prop_assert_eq!(totals.forwarded + totals.dropped, frames.len() as u64);
    }
}

const C2S: Direction = Direction::ClientToServer;
const S2C: Direction = Direction::ServerToClient;

/// Who says what.
type Turn = (Direction, &'static [u8]);

/// Conversations of which the application is told by more than one segment.
const DIALOGUES: [(&str, &[Turn]); 5] = [
    ("ftp", &[(S2C, b"220-Welcome to\r\n220 example\r\n"), (C2S, b"USER anonymous\r\nPASS guest\r\n")]),
    (
        "web-browsing",
        &[
            (C2S, b"GET /index.html HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n"),
            (S2C, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        ],
    ),
    ("ssh", &[(S2C, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), (C2S, b"SSH-2.0-PuTTY_Release_0.81\r\n")]),
    (
        "smtp",
        &[
            (S2C, b"220 mail.example.org ESMTP\r\n"),
            (C2S, b"EHLO client.example.org\r\n"),
            (S2C, b"250 mail.example.org\r\n"),
        ],
    ),
    (
        "pop3",
        &[
            (S2C, b"+OK ready\r\n"),
            (C2S, b"USER somebody\r\n"),
            (S2C, b"+OK\r\n"),
            (C2S, b"PASS secret\r\n"),
            (S2C, b"+OK\r\n"),
            (C2S, b"STAT\r\n"),
        ],
    ),
];

/// Everything allowed, and no limit to App-ID's patience: the label is a matter of the bytes alone.
static PATIENCE: LazyLock<Arc<World>> = LazyLock::new(|| {
    world(
        r#"
[zones]
everywhere = "0.0.0.0/0"

[[security]]
name = "Allow"
service = "any"

[setting.model]
app-id-packets = 10_000
unknown-after-data-packets = 0
unknown-after-payload-bytes = 0
"#,
    )
});

/// The application that a dialogue is told as, and how many payload bytes had come before and with the segment that
/// told. `pieces` cuts each turn.
fn identify(
    dialogue: usize,
    pieces: impl Fn(usize, &[u8]) -> Vec<Range<usize>>,
) -> Option<(String, Range<usize>)> {
    let mut talk = Talk::established();
    let mut told_by = BTreeMap::new();
    let mut said = 0;
    for (index, &(direction, bytes)) in DIALOGUES[dialogue].1.iter().enumerate() {
        let pieces = pieces(index, bytes);
        for (number, piece) in (talk.frames.len() as u64 + 1..).zip(&pieces) {
            told_by.insert(number, said + piece.start..said + piece.end);
        }
        talk.turn(direction, bytes, &pieces);
        said += bytes.len();
    }
    let run = Run::of(&PATIENCE, &talk.frames);
    run.events().find_map(|(_, event)| match event.kind {
        EventKind::Identified { app, .. } => {
            Some((PATIENCE.catalog.name(app).to_owned(), told_by[&event.packet].clone()))
        }
        _ => None,
    })
}

/// A turn cut at these places, wherever they fall into it.
fn cut(bytes: &[u8], places: &[usize]) -> Vec<Range<usize>> {
    let bounds: BTreeSet<usize> =
        places.iter().map(|place| place % bytes.len()).chain([0, bytes.len()]).collect();
    let bounds: Vec<usize> = bounds.into_iter().collect();
    bounds.windows(2).map(|bounds| bounds[0]..bounds[1]).collect()
}

#[test]
fn dialogues_are_told_byte_by_byte() {
    for (dialogue, (name, _)) in DIALOGUES.iter().enumerate() {
        let whole = |_, bytes: &[u8]| cut(bytes, &[]);
        let bytewise = |_, bytes: &[u8]| (0..bytes.len()).map(|at| at..at + 1).collect();
        assert_eq!(identify(dialogue, whole).unwrap().0, *name);
        assert_eq!(identify(dialogue, bytewise).unwrap().0, *name);
    }
}

proptest! {
    /// However a dialogue is cut into segments, it is told as the same application, by the segment with the byte that
    /// is needed: neither later nor earlier.
    #[test]
    fn the_label_does_not_depend_on_the_cut(
        dialogue in 0..DIALOGUES.len(),
        places in proptest::collection::vec(proptest::collection::vec(0usize..200, 0..8), 6),
    ) {
        let bytewise = |_, bytes: &[u8]| (0..bytes.len()).map(|at| at..at + 1).collect();
        let (name, needed) = identify(dialogue, bytewise).unwrap();
        let (found, told) = identify(dialogue, |turn, bytes| cut(bytes, &places[turn])).unwrap();
        prop_assert_eq!(found, name);
        prop_assert!(told.contains(&needed.start), "byte {} is needed, told by {:?}", needed.start, told);
    }

    /// Nor on the order in which the segments of a turn come.
    #[test]
    fn the_label_does_not_depend_on_the_order(
        dialogue in 0..DIALOGUES.len(),
        places in proptest::collection::vec(proptest::collection::vec(0usize..200, 0..8), 6),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let shuffled = |turn: usize, bytes: &[u8]| {
            let mut pieces = cut(bytes, &places[turn]);
            for (index, other) in order.iter().enumerate() {
                let len = pieces.len();
                pieces.swap(index % len, other.index(len));
            }
            pieces
        };
        prop_assert_eq!(identify(dialogue, shuffled).unwrap().0, DIALOGUES[dialogue].0);
    }

    /// S3: after the handshake the sides are alike. The same conversation with its sides changed gets the same
    /// verdicts and ends at the same time, for the mirrored reason.
    #[test]
    fn the_sides_are_alike(
        moves in proptest::collection::vec(
            (
                prop_oneof![9 => 0u64..50, 1 => 14_000u64..16_000, 1 => 29_000u64..31_000, 1 => 119_000u64..121_000],
                any::<bool>(),
                prop_oneof![3 => Just(0x18u8), 2 => Just(0x10), 2 => Just(0x11), 1 => Just(0x14)],
                prop_oneof![8 => Just(0i64), 1 => Just(-1), 1 => Just(5), 1 => Just(1_000_000)],
            ),
            1..25,
        )
    ) {
        let play = |first: Direction| {
            let mut talk = Talk::established();
            for &(after, other, flags, by) in &moves {
                let direction = if other { first.reverse() } else { first };
                let payload = if flags == 0x18 { b"x".to_vec() } else { Vec::new() };
                let seq = Some(Number::FromNext(by));
                talk.send(after, direction, &Segment { flags: TcpFlags(flags), seq, payload, ..Segment::default() });
            }
            Run::of(&PATIENCE, &talk.frames)
        };
        let (a, b) = (play(C2S), play(S2C));
        let verdicts = |run: &Run| run.steps.iter().map(|(verdict, _)| *verdict).collect::<Vec<_>>();
        prop_assert_eq!(verdicts(&a), verdicts(&b));
        let end = |run: &Run| {
            run.events().find_map(|(events, event)| match event.kind {
                EventKind::Ended { record } => Some((event.at, events.record(record).reason.unwrap())),
                _ => None,
            }).unwrap()
        };
        let ((at, reason), (mirrored_at, mirrored)) = (end(&a), end(&b));
        prop_assert_eq!(at, mirrored_at);
        let expected = match reason {
            EndReason::TcpRstFromServer => EndReason::TcpRstFromClient,
            // Where both sides have sent one, the client's is named either way.
            EndReason::TcpRstFromClient if mirrored == EndReason::TcpRstFromClient => mirrored,
            EndReason::TcpRstFromClient => EndReason::TcpRstFromServer,
            other => other,
        };
        prop_assert_eq!(mirrored, expected);
    }
}

#[test]
fn every_state_is_reachable_and_none_is_a_trap() {
    let mut graph = state_graph();
    let init = graph.node_indices().find(|&node| graph[node] == State::Init).unwrap();
    for _ in 0..2 {
        // From INIT to every state; then, with the arrows turned, from every state back to INIT.
        let mut walk = Dfs::new(&graph, init);
        let mut seen = 0;
        while walk.next(&graph).is_some() {
            seen += 1;
        }
        assert_eq!(seen, State::ALL.len());
        graph.reverse();
    }
}

#[test]
fn the_state_graph_is_as_drawn() {
    let graph = state_graph();
    let mut arrows: Vec<String> = graph
        .edge_references()
        .map(|arrow| {
            format!(
                "    {} -> {} [label=\"{}\"]\n",
                graph[arrow.source()],
                graph[arrow.target()],
                arrow.weight().name()
            )
        })
        .collect();
    arrows.sort();
    insta::assert_snapshot!(format!("digraph states {{\n{}}}", arrows.concat()), @r#"
digraph states {
    ACTIVE -> CLOSING [label="expire"]
    ACTIVE -> DISCARD [label="block"]
    CLOSED -> FREE [label="unlink"]
    CLOSING -> CLOSED [label="age"]
    DISCARD -> CLOSING [label="expire"]
    FREE -> INIT [label="release"]
    INIT -> OPENING [label="allocate"]
    OPENING -> ACTIVE [label="install"]
    OPENING -> FREE [label="reject"]
}
"#);
}

/// The generators reach what they are meant to reach: every end reason and drop reason of this part, often enough.
#[test]
fn the_interesting_branches_are_reached() {
    let mut runner = TestRunner::deterministic();
    let mut reached: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..400 {
        let (world, frames) = (rulebase(), any_frames()).new_tree(&mut runner).unwrap().current();
        for (events, event) in Run::of(&WORLDS[world], &frames).events() {
            let what = match event.kind {
                EventKind::Ended { record } => format!("{:?}", events.record(record).reason),
                EventKind::Denied { record } => format!("denied in {:?}", events.record(record).state),
                EventKind::Injected { what, .. } => format!("{what:?}"),
                EventKind::Stage { stage } => format!("{stage:?}"),
                EventKind::Verdict { verdict: Verdict::Drop(reason), .. } => format!("{reason:?}"),
                EventKind::ClockBackward { .. } => "clock backward".to_owned(),
                _ => continue,
            };
            *reached.entry(what).or_default() += 1;
        }
    }
    let ends = [
        EndReason::PolicyDeny,
        EndReason::TcpRstFromClient,
        EndReason::TcpRstFromServer,
        EndReason::ResourcesUnavailable,
        EndReason::TcpFin,
        EndReason::TcpReuse,
        EndReason::AgedOut,
    ];
    let drops = [
        DropReason::NonSyn,
        DropReason::PolicyDeny,
        DropReason::AppDeny,
        DropReason::SessionDiscard,
        DropReason::OutOfWindow,
        DropReason::OutOfOrderLimit,
    ];
    let rest =
        ["denied in Discard", "Rst", "Unreachable", "HalfClosed", "TimeWait", "Reset", "clock backward"];
    let wanted =
        ends.iter().map(|end| format!("Some({end:?})")).chain(drops.iter().map(|drop| format!("{drop:?}")));
    for what in wanted.chain(rest.map(str::to_owned)) {
        let times = reached.get(&what).copied().unwrap_or(0);
        assert!(times >= 10, "{what} is reached {times} times: {reached:#?}");
    }
}
