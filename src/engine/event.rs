//! What the engine says: the only output of the core. Logs, reports, JSON and captures are its readers.

use super::ageing::Ageing;
use super::control::Operation;
use super::predict::Prediction;
use super::verdict::Verdict;
pub use super::words::{DecryptionStep, Injection, Limit, Records, Stripped, Uninspected, Unpredicted};
use crate::app::AppId;
use crate::feature::host_service::HostAccess;
use crate::feature::nat::NatRuleId;
use crate::feature::route::Place;
use crate::feature::threat::Threat as ContentThreat;
use crate::feature::zone_protection::{Response, Threat};
use crate::flow::{Addr, Direction, FlowKey, InterfaceId, ZoneId};
use crate::policy::{Action, Lookup, Query, RuleId};
use crate::session::{Counts, EndReason, History, Passed, Session, SessionId, Side, State, TcpStage, Timer};
use crate::time::{Span, Timestamp};

/// The events of one step, with what they refer to. Clear it and use it again: no allocation per packet.
#[derive(Debug, Default)]
pub struct Events {
    list: Vec<Event>,
    records: Vec<Record>,
    queries: Vec<Query>,
    keys: Vec<FlowKey>,
    threats: Vec<ContentThreat>,
    predictions: Vec<Prediction>,
    bytes: Vec<u8>,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// When: the packet's time, or the time a timer was due.
    pub at: Timestamp,
    /// The frame that brought it about; 0 for a timer.
    pub packet: u64,
    /// The session it is about.
    pub session: Option<SessionId>,
    /// What.
    pub kind: EventKind,
}

/// What happened. The order of a packet's events is the order of the packet's way through the firewall; its
/// [`EventKind::Verdict`] is the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The capture's clock went back; the packet is taken to have come at the latest time seen.
    ClockBackward {
        /// By how much.
        by: Span,
    },
    /// A NAT rule matches a new session's first packet.
    Translated {
        /// Which.
        rule: NatRuleId,
        /// What it makes of the packet: [`Events::key`]. `None` where it changes nothing, or has nothing left to
        /// change it to; a verdict says so then.
        key: Option<u32>,
    },
    /// It has come out on which side of NAT a session's packets of one direction are captured. Where `again`, that
    /// side shows a packet that was judged on the other one.
    Captured {
        /// The direction.
        direction: Direction,
        /// The side.
        side: Side,
        /// Whether the other side has shown it before.
        again: bool,
    },
    /// A packet without session came in somewhere and would leave somewhere: the zones of the lookup that follows.
    Routed {
        /// Where it came in.
        ingress: Place,
        /// Where it leaves.
        egress: Place,
    },
    /// The decryption policy has something to say of a TLS session (PANOS.md 8).
    Decryption {
        /// The rule, by number.
        rule: u32,
        /// What.
        step: DecryptionStep,
    },
    /// A TCP option is taken off a SYN, and off all later segments of its session.
    Stripped {
        /// Which.
        what: Stripped,
    },
    /// A packet leaves the firewall other than it came: only where [`super::Firewall::show_transmitted`] was called.
    Transmitted {
        /// Which way it goes.
        direction: Direction,
        /// The IP packet, as much as was captured of it: [`Events::bytes`].
        bytes: Range,
    },
    /// A policy lookup: port-only while the query's application is `None`.
    LookedUp {
        /// [`Events::query`].
        query: u32,
        /// The answer.
        lookup: Lookup,
    },
    /// The port-only lookup blocks: no session, and a `drop` row.
    Refused {
        /// [`Events::record`].
        record: u32,
    },
    /// A session is set up.
    Created {
        /// [`Events::record`].
        record: u32,
    },
    /// A TCP connection has moved on.
    Stage {
        /// To this stage.
        stage: TcpStage,
    },
    /// A different timer runs, or the same one with another length.
    Armed {
        /// Which.
        timer: Timer,
        /// How long it is.
        timeout: Span,
    },
    /// App-ID has come to an application. The full lookup follows.
    Identified {
        /// The application.
        app: AppId,
        /// What was seen.
        evidence: Evidence,
    },
    /// The full lookup allows it: the session goes on under the rule found, with a `start` row where that rule logs
    /// at session start.
    Allowed {
        /// [`Events::record`].
        record: u32,
    },
    /// The full lookup blocks it: the session goes to DISCARD, with a `deny` row.
    Denied {
        /// [`Events::record`].
        record: u32,
    },
    /// A security profile acts on a threat in a session's content: a row of the threat log.
    ContentThreat {
        /// [`Events::threat`].
        threat: u32,
    },
    /// The firewall sends a packet of its own.
    Injected {
        /// Toward whom: [`Direction::ServerToClient`] goes to the client.
        direction: Direction,
        /// What it is.
        what: Injection,
        /// The IP packet: [`Events::bytes`].
        bytes: Range,
    },
    /// Zone protection has noticed a flood or a scan (PANOS.md 6.2): what the threat log would tell.
    Threat {
        /// The zone whose profile it is.
        zone: ZoneId,
        /// Where the packet at hand says that it comes from.
        source: Addr,
        /// What it is.
        threat: Threat,
        /// What is done about it.
        response: Response,
    },
    /// The application is known, and yet the session is not looked into.
    Uninspected {
        /// Why.
        why: Uninspected,
    },
    /// A session has announced another one, and a predict session is there for it (PANOS.md 7).
    Predicted {
        /// [`Events::prediction`].
        prediction: u32,
    },
    /// What a session has announced is not predicted.
    Unpredicted {
        /// Why.
        why: Unpredicted,
        /// The endpoint as it was announced; its own address where it names none.
        endpoint: (Addr, u16),
        /// What has announced it.
        what: &'static str,
    },
    /// A packet fits a predict session: no policy is looked up for the session that follows.
    Matched {
        /// [`Events::prediction`].
        prediction: u32,
        /// The side of NAT that it was captured on.
        side: Side,
    },
    /// A predict session is given up.
    PredictionExpired {
        /// [`Events::prediction`].
        prediction: u32,
    },
    /// A limit was reached.
    Limit {
        /// Which.
        limit: Limit,
    },
    /// The session table is full, and the packet passes without a session (PANOS.md 1.3).
    Bypassed,
    /// The session table has become nearly full, or is so no longer: sessions age otherwise.
    Ageing {
        /// How.
        what: Ageing,
        /// Whether that begins.
        begins: bool,
    },
    /// An administrator has done something to the session.
    Operated {
        /// What.
        what: Operation,
    },
    /// Another configuration is in force from here on.
    Committed,
    /// A commit has the session evaluated again: another rule allows it now.
    Rematched {
        /// [`Events::record`].
        record: u32,
    },
    /// The session ends at the firewall itself, which takes it or refuses it (PANOS.md 9).
    HostService {
        /// Whether the management profile of the interface permits the service.
        allowed: bool,
    },
    /// The session is gone (or, at the end of the capture, still there: see [`Record::open`]), with an `end` row
    /// unless its denial was logged before.
    Ended {
        /// [`Events::record`].
        record: u32,
    },
    /// What happens to the packet.
    Verdict {
        /// Forward or drop.
        verdict: Verdict,
        /// Which way it travels, where it belongs to a session.
        direction: Option<Direction>,
        /// Whether it counts in its session's packets and bytes.
        counted: bool,
        /// How many frames it stands for.
        frames: u32,
        /// Bytes on the wire.
        wire_len: u32,
        /// TCP or UDP payload bytes on the wire.
        payload_len: u32,
    },
}

/// A part of [`Events::bytes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    start: u32,
    len: u32,
}

/// What App-ID saw: a phrase and, where there is one, the bytes that go with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// For people; no trailing punctuation.
    pub what: &'static str,
    /// Raw bytes of the payload: [`Events::bytes`]. Whoever prints them escapes them.
    pub detail: Range,
    /// Whether `detail` is the host that the client asks for.
    pub names_host: bool,
}

/// The application column of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// A real application, or `unknown-tcp` and its like.
    App(AppId),
    /// TCP: no complete handshake, or no payload after it.
    Incomplete,
    /// Payload, but not enough to tell.
    InsufficientData,
    /// Refused by the port-only lookup.
    NotApplicable,
}

/// Where a row's action comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionSource {
    /// The rule.
    FromPolicy,
    /// The application's own deny action.
    FromApplication,
}

/// What became of a session whose first packets passed under a rule that does not finally hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The full lookup blocked it.
    Denied,
    /// App-ID never came to an application.
    NeverIdentified,
    /// Another rule allows it.
    Reclassified,
}

/// The first packets of a session: what was forwarded before the decision that finally held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstPackets {
    /// The tentative rule.
    pub admitted_by: RuleId,
    /// How it went on.
    pub outcome: Outcome,
    /// What had passed.
    pub passed: Passed,
}

/// A session (or a refused packet) as a row needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Its number; `None` for a refused packet.
    pub id: Option<SessionId>,
    /// The session that predicted it.
    pub parent: Option<SessionId>,
    /// Key of packets from the client.
    pub c2s: FlowKey,
    /// Key of packets from the server.
    pub s2c: FlowKey,
    /// Interface its packets come in by, where it is known.
    pub ingress: Option<InterfaceId>,
    /// Interface its packets leave by, where it is known and a packet has left.
    pub egress: Option<InterfaceId>,
    /// The rule the row names.
    pub rule: RuleId,
    /// The port-only lookup's rule.
    pub tentative: RuleId,
    /// The last full lookup's rule.
    pub decided: Option<RuleId>,
    /// What the application column says.
    pub label: Label,
    /// What the action column says.
    pub action: Action,
    /// Where the action comes from.
    pub action_source: ActionSource,
    /// Packets and bytes.
    pub counts: Counts,
    /// What was forwarded.
    pub passed: Passed,
    /// Time of the first packet.
    pub started: Timestamp,
    /// Time of the last packet.
    pub last: Timestamp,
    /// The NAT rule that translates it.
    pub nat: Option<NatRuleId>,
    /// On which side of NAT the first packet of each direction was captured.
    pub sides: [Option<Side>; 2],
    /// Why it ended; `None` while it has not.
    pub reason: Option<EndReason>,
    /// State of the entry.
    pub state: State,
    /// What the firewall is to it.
    pub host: HostAccess,
    /// Whether the capture ended before the session did.
    pub open: bool,
    /// Zeek's letters.
    pub history: History,
    /// Whether the capture cut payload that App-ID would have needed.
    pub cut: bool,
    /// Whether URL filtering has blocked it.
    pub url_denied: bool,
    /// Whether sealed records of it were seen under a decryption rule that says `decrypt`.
    pub decrypted: bool,
    /// Its first packets, where they passed under a rule that does not finally hold.
    pub first_packets: Option<FirstPackets>,
    /// Frame number of the first packet.
    pub first_packet: u64,
    /// Frame number of the last packet.
    pub last_packet: u64,
}

impl Events {
    /// All events, in order.
    pub fn list(&self) -> &[Event] {
        &self.list
    }

    /// The record an event refers to.
    pub fn record(&self, index: u32) -> &Record {
        &self.records[index as usize]
    }

    /// The query an event refers to.
    pub fn query(&self, index: u32) -> &Query {
        &self.queries[index as usize]
    }

    /// The flow key an event refers to.
    pub fn key(&self, index: u32) -> &FlowKey {
        &self.keys[index as usize]
    }

    /// The threat an event refers to.
    pub fn threat(&self, index: u32) -> &ContentThreat {
        &self.threats[index as usize]
    }

    /// The predict session an event refers to.
    pub fn prediction(&self, index: u32) -> &Prediction {
        &self.predictions[index as usize]
    }

    /// The bytes an event refers to.
    pub fn bytes(&self, range: Range) -> &[u8] {
        self.bytes.get(range.start as usize..(range.start + range.len) as usize).unwrap_or_default()
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.list.clear();
        self.records.clear();
        self.queries.clear();
        self.keys.clear();
        self.threats.clear();
        self.predictions.clear();
        self.bytes.clear();
    }

    pub(super) fn push(&mut self, event: Event) {
        self.list.push(event);
    }

    pub(super) fn add_record(&mut self, record: Record) -> u32 {
        self.records.push(record);
        index(self.records.len() - 1)
    }

    pub(super) fn add_query(&mut self, query: Query) -> u32 {
        self.queries.push(query);
        index(self.queries.len() - 1)
    }

    pub(super) fn add_key(&mut self, key: FlowKey) -> u32 {
        self.keys.push(key);
        index(self.keys.len() - 1)
    }

    pub(super) fn add_threat(&mut self, threat: ContentThreat) -> u32 {
        self.threats.push(threat);
        index(self.threats.len() - 1)
    }

    pub(super) fn add_prediction(&mut self, prediction: Prediction) -> u32 {
        self.predictions.push(prediction);
        index(self.predictions.len() - 1)
    }

    pub(super) fn add_bytes(&mut self, bytes: &[u8]) -> Range {
        let start = index(self.bytes.len());
        self.bytes.extend_from_slice(bytes);
        Range { start, len: index(bytes.len()) }
    }
}

/// A step brings far fewer than 2³² of anything.
fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl Record {
    /// The session as it stands.
    pub(super) fn of(session: &Session, label: Label) -> Self {
        Self {
            id: Some(session.id),
            parent: session.parent(),
            c2s: session.c2s,
            s2c: session.s2c,
            ingress: session.ingress_interface,
            egress: session.egress_interface,
            rule: session.rule(),
            tentative: session.tentative.rule,
            decided: session.decided.map(|lookup| lookup.rule),
            label,
            action: session.lookup().action,
            action_source: ActionSource::FromPolicy,
            counts: session.counts,
            passed: session.passed(),
            started: session.started,
            last: session.last,
            nat: session.nat,
            sides: session.sides,
            reason: None,
            state: session.state,
            host: session.host,
            open: false,
            history: session.history,
            cut: session.cut,
            url_denied: session.url_denied,
            decrypted: session.decrypted,
            first_packets: None,
            first_packet: session.first_packet,
            last_packet: session.last_packet,
        }
    }
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Denied, Self::NeverIdentified, Self::Reclassified];

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NeverIdentified => "never-identified",
            Self::Reclassified => "reclassified",
        }
    }
}

impl ActionSource {
    /// Both.
    pub const ALL: [Self; 2] = [Self::FromPolicy, Self::FromApplication];

    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FromPolicy => "from-policy",
            Self::FromApplication => "from-application",
        }
    }
}
