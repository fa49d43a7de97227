//! One row of the traffic log.

use super::community::{CommunityId, community_id};
use super::escape::Payload;
use super::inline::{Clock, Inline};
use crate::app::{AppId, Class, readable};
use crate::config::World;
use crate::engine::{Events, Evidence, FirstPackets, Label, Record};
use crate::feature::host_service::HostAccess;
use crate::feature::nat::NatRuleId;
use crate::flow::{FlowKey, Protocol};
use crate::policy::{Lookup, RuleId};
use crate::session::Side;
use crate::time::Timestamp;

/// A row's subtype (PANOS.md 3.3): neither a rule's action nor a packet's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subtype {
    /// The application became known, or changed.
    Start,
    /// The session ended.
    End,
    /// Blocked before the application was known, without a session.
    Drop,
    /// Blocked once the application was known.
    Deny,
}

impl Subtype {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Start, Self::End, Self::Drop, Self::Deny];

    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
            Self::Drop => "drop",
            Self::Deny => "deny",
        }
    }
}

/// One traffic-log row: PAN-OS's columns under PAN-OS's names, in order, and what only the model knows.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the fields are PAN-OS's columns (PANOS.md 11.1); bytes are bytes, elapsed is seconds"
)]
pub struct Row<'a> {
    pub kind: &'static str,
    pub subtype: Subtype,
    pub start: Inline<30>,
    pub elapsed: u64,
    pub src: Inline<46>,
    pub dst: Inline<46>,
    pub sport: u16,
    pub dport: u16,
    pub natsrc: Inline<46>,
    pub natdst: Inline<46>,
    pub natsport: u16,
    pub natdport: u16,
    pub proto: Inline<9>,
    pub from: &'a str,
    pub to: &'a str,
    pub inbound_if: &'a str,
    pub outbound_if: &'a str,
    pub rule: &'a str,
    pub app: &'a str,
    pub action: &'static str,
    pub action_source: &'static str,
    pub category: &'static str,
    pub sessionid: u64,
    pub parent_session_id: Option<u64>,
    pub repeatcnt: u64,
    pub flags: Inline<18>,
    pub bytes: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub packets: u64,
    pub pkts_sent: u64,
    pub pkts_received: u64,
    pub session_end_reason: &'static str,
    pub model: Model<'a>,
}

/// What the model knows beyond a log's columns.
#[derive(Debug, Clone)]
pub struct Model<'a> {
    /// State of the session; a refused packet never had one and counts as `CLOSED`.
    pub state: &'static str,
    /// Whether the rulebase would write this row.
    pub logged: bool,
    /// Whether the capture ended before the session did.
    pub open_at_end: bool,
    /// Zeek's letters.
    pub history: Inline<16>,
    /// Community ID; `None` where the flow key does not hold what it is made of: ICMP other than echo, and SCTP.
    pub community_id: Option<CommunityId>,
    /// The port-only lookup's rule.
    pub tentative_rule: &'a str,
    /// The last full lookup's rule.
    pub final_rule: Option<&'a str>,
    /// `tracker stage firewall` of the session.
    pub tracker_stage: Option<&'static str>,
    /// Every application App-ID came to.
    pub applications: Applications<'a>,
    /// What was forwarded under a rule that does not finally hold.
    pub first_packets: Option<FirstPacketsRow<'a>>,
    /// What NAT did.
    pub nat: Option<NatRow<'a>>,
    /// Frame number of the first packet.
    pub first_packet: u64,
    /// Frame number of the last packet.
    pub last_packet: u64,
    /// Not printed: `start` as a number.
    pub started: Timestamp,
    /// Not printed: when the firewall writes the row (PANOS.md 3.4).
    pub written: Timestamp,
    /// Not printed: where the application stands among the others; `None` where the column holds no application.
    pub class: Option<&'a Class>,
    /// Not printed: the log-forwarding profile of the rule.
    pub log_setting: &'a str,
    /// Not printed: the bits of `flags`.
    pub flags: u32,
    /// Not printed: whether the ports of the row mean anything.
    pub has_ports: bool,
}

/// The NAT rule of a session, and on which side of it the capture shows the packets of each direction.
#[derive(Debug, Clone, Copy)]
pub struct NatRow<'a> {
    /// The rule.
    pub rule: &'a str,
    /// Packets from the client: `received` by the firewall, or as `transmitted` by it.
    pub c2s: Option<&'static str>,
    /// Packets from the server.
    pub s2c: Option<&'static str>,
}

impl<'a> NatRow<'a> {
    fn new(rule: NatRuleId, record: &Record, world: &'a World) -> Self {
        let [c2s, s2c] = record.sides.map(|side| side.map(Side::name));
        Self { rule: nat_rule_name(world, rule), c2s, s2c }
    }
}

/// [`FirstPackets`] with names.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "named as in the JSON document")]
pub struct FirstPacketsRow<'a> {
    pub admitted_by: &'a str,
    pub outcome: &'static str,
    pub packets_to_server: u64,
    pub packets_to_client: u64,
    pub payload_bytes_to_server: u64,
    pub payload_bytes_to_client: u64,
}

/// An application that App-ID came to, and the full lookup that followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Application {
    pub(super) packet: u64,
    pub(super) app: AppId,
    /// Safe to show.
    pub(super) evidence: String,
    pub(super) lookup: Option<Lookup>,
}

/// The applications of a session.
#[derive(Debug, Clone, Copy)]
pub struct Applications<'a> {
    world: &'a World,
    list: &'a [Application],
}

/// An application that App-ID came to, and what the full lookup then said.
#[derive(Debug, Clone, Copy)]
pub struct ApplicationRow<'a> {
    /// Frame number of the packet that told.
    pub packet: u64,
    /// The application.
    pub app: &'a str,
    /// The rule that the full lookup chose.
    pub rule: Option<&'a str>,
    /// That rule's action.
    pub action: Option<&'static str>,
    /// What was seen, safe to show.
    pub evidence: &'a str,
}

impl<'a> Applications<'a> {
    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = ApplicationRow<'a>> + use<'a> {
        let world = self.world;
        self.list.iter().map(move |application| ApplicationRow {
            packet: application.packet,
            app: world.catalog.name(application.app),
            rule: application.lookup.map(|lookup| rule_name(world, lookup.rule)),
            action: application.lookup.map(|lookup| lookup.action.name()),
            evidence: &application.evidence,
        })
    }
}

/// What is wanted of a row that its record does not say.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) world: &'a World,
    pub(super) clock: &'a mut Clock,
    pub(super) applications: &'a [Application],
    /// How many identical refusals the row stands for.
    pub(super) repeat: u64,
    /// When the firewall writes it.
    pub(super) written: Timestamp,
}

impl<'a> Row<'a> {
    pub(super) fn new(subtype: Subtype, record: &Record, context: Context<'a>) -> Self {
        let Context { world, clock, applications, repeat, written } = context;
        let bits = flags(world, record, applications);
        let (c2s, s2c) = (&record.c2s, &record.s2c);
        let [bytes_sent, bytes_received] = record.counts.bytes;
        let [pkts_sent, pkts_received] = record.counts.packets;
        let translated = is_translated(record);
        let unspecified = if c2s.src.is_v4() { b"0.0.0.0".as_slice() } else { b"::" };
        let port = |port| if c2s.protocol.has_ports() { port } else { 0 };
        let nat = |addr| if translated { Inline::of_addr(addr) } else { Inline::of_text(unspecified) };
        let nat_port = |number| if translated { port(number) } else { 0 };
        Row {
            kind: "TRAFFIC",
            subtype,
            start: clock.print(record.started),
            elapsed: record.last.since(record.started).secs(),
            src: Inline::of_addr(c2s.src),
            dst: Inline::of_addr(c2s.dst),
            sport: port(c2s.sport),
            dport: port(c2s.dport),
            natsrc: nat(s2c.dst),
            natdst: nat(s2c.src),
            natsport: nat_port(s2c.dport),
            natdport: nat_port(s2c.sport),
            proto: c2s
                .protocol
                .keyword()
                .map_or_else(|| Inline::of(c2s.protocol), |name| Inline::of_text(name.as_bytes())),
            from: world.zones.name(c2s.zone),
            to: world.zones.name(s2c.zone),
            inbound_if: world.network.interface_name(record.ingress),
            outbound_if: world.network.interface_name(record.egress),
            rule: rule_name(world, record.rule),
            app: label_name(world, record.label),
            action: record.action.name(),
            action_source: record.action_source.name(),
            category: "any",
            sessionid: record.id.map_or(0, |id| id.0),
            parent_session_id: record.parent.map(|id| id.0),
            repeatcnt: repeat,
            flags: print_flags(bits),
            bytes: bytes_sent + bytes_received,
            bytes_sent,
            bytes_received,
            packets: pkts_sent + pkts_received,
            pkts_sent,
            pkts_received,
            session_end_reason: end_reason(subtype, record),
            model: Model { written, flags: bits, ..Model::new(subtype, record, world, applications) },
        }
    }
}

impl<'a> Model<'a> {
    fn new(subtype: Subtype, record: &Record, world: &'a World, list: &'a [Application]) -> Self {
        let reason =
            record.reason.filter(|_| record.id.is_some() && subtype != Subtype::Start && !record.open);
        Self {
            state: record.state.name(),
            logged: is_logged(subtype, record, world),
            open_at_end: record.open,
            history: Inline::of_bytes(record.history.letters()),
            community_id: community_id(&record.c2s, is_echo(world, record)),
            tentative_rule: rule_name(world, record.tentative),
            final_rule: record.decided.map(|rule| rule_name(world, rule)),
            tracker_stage: reason.and_then(|reason| match record.host {
                // PANOS.md 4.3: the firewall itself has refused it.
                HostAccess::Refused => Some("host service"),
                HostAccess::None | HostAccess::Allowed => reason.tracker_stage(),
            }),
            applications: Applications { world, list },
            first_packets: record.first_packets.map(|first| FirstPacketsRow::new(&first, world)),
            nat: record.nat.map(|rule| NatRow::new(rule, record, world)),
            first_packet: record.first_packet,
            last_packet: record.last_packet,
            started: record.started,
            written: record.last,
            class: class(record.label, world),
            log_setting: &world.policy.rule(record.rule).log_setting,
            flags: 0,
            has_ports: record.c2s.protocol.has_ports(),
        }
    }
}

impl<'a> FirstPacketsRow<'a> {
    pub(super) fn new(first: &FirstPackets, world: &'a World) -> Self {
        let [packets_to_server, packets_to_client] = first.passed.packets;
        let [payload_bytes_to_server, payload_bytes_to_client] = first.passed.payload;
        Self {
            admitted_by: rule_name(world, first.admitted_by),
            outcome: first.outcome.name(),
            packets_to_server,
            packets_to_client,
            payload_bytes_to_server,
            payload_bytes_to_client,
        }
    }
}

/// Whether the rulebase would write a row: where the rule logs at session end, and for a blocked session also where it
/// logs at session start only (PANOS.md 3.3).
pub(super) fn is_logged(subtype: Subtype, record: &Record, world: &World) -> bool {
    let rule = world.policy.rule(record.rule);
    match subtype {
        Subtype::Start => rule.log_start,
        Subtype::End => rule.log_end,
        Subtype::Drop | Subtype::Deny => rule.log_end || rule.log_start,
    }
}

/// The `session_end_reason` column; `n/a` where nothing has ended yet.
pub(super) fn end_reason(subtype: Subtype, record: &Record) -> &'static str {
    match record.reason {
        Some(reason) if subtype != Subtype::Start && !record.open => reason.name(),
        _ => "n/a",
    }
}

/// The application column.
pub(super) fn label_name(world: &World, label: Label) -> &str {
    match label {
        Label::App(app) => world.catalog.name(app),
        Label::Incomplete => "incomplete",
        Label::InsufficientData => "insufficient-data",
        Label::NotApplicable => "not-applicable",
    }
}

fn class(label: Label, world: &World) -> Option<&Class> {
    match label {
        Label::App(app) => world.catalog.get(app).map(|known| &known.class),
        Label::Incomplete | Label::InsufficientData | Label::NotApplicable => None,
    }
}

pub(super) fn rule_name(world: &World, rule: RuleId) -> &str {
    &world.policy.rule(rule).name
}

pub(super) fn nat_rule_name(world: &World, rule: NatRuleId) -> &str {
    world.nat.rule(rule).map_or("", |rule| &rule.name)
}

pub(super) fn decryption_rule_name(world: &World, rule: u32) -> &str {
    world.decryption.rules().get(rule as usize).map_or("", |rule| &rule.matches.name)
}

/// What App-ID saw, as one phrase that is safe to show.
pub(super) fn evidence(events: &Events, evidence: &Evidence) -> String {
    match events.bytes(evidence.detail) {
        [] => evidence.what.to_owned(),
        detail => format!("{} `{}`", evidence.what, Payload(&readable(detail))),
    }
}

pub(super) fn is_translated(record: &Record) -> bool {
    record.s2c != FlowKey { zone: record.s2c.zone, ..record.c2s.reply(record.s2c.zone) }
}

pub(super) fn is_echo(world: &World, record: &Record) -> bool {
    let is_named = |app| ["ping", "traceroute"].iter().any(|name| world.catalog.find(name) == Some(app));
    matches!(record.label, Label::App(app) if record.c2s.protocol == Protocol::ICMP && is_named(app))
}

/// Bits of the `flags` column (PANOS.md 11.2).
pub(super) mod flag {
    pub(in crate::report) const IPV6: u32 = 0x0200_0000;
    pub(in crate::report) const DECRYPTED: u32 = 0x0100_0000;
    pub(in crate::report) const URL_DENIED: u32 = 0x0080_0000;
    pub(in crate::report) const NAT: u32 = 0x0040_0000;
    pub(in crate::report) const NON_STANDARD_PORT: u32 = 0x0010_0000;
    /// Allowed only because another application needs it.
    pub(in crate::report) const IMPLICIT: u32 = 0x0000_2000;
}

/// The bits of the `flags` column that the model knows (PANOS.md 11.2): IPv6, decrypted, URL denied, NAT, non-standard destination port (as
/// real rows have it, a `ping` included), and an application allowed only because another one needs it.
pub(super) fn flags(world: &World, record: &Record, applications: &[Application]) -> u32 {
    let c2s = &record.c2s;
    let decrypted = record.decrypted && world.has_secure_ports();
    let standard_port = match record.label {
        Label::App(app) => world.catalog.get(app).is_none_or(|known| {
            c2s.protocol.has_ports() && known.ports.admit(c2s.protocol, c2s.dport, decrypted)
        }),
        Label::Incomplete | Label::InsufficientData | Label::NotApplicable => true,
    };
    let implicit = applications.last().and_then(|last| last.lookup).is_some_and(|lookup| lookup.implicit);
    let bits = [
        (!c2s.src.is_v4(), flag::IPV6),
        (record.decrypted, flag::DECRYPTED),
        (record.url_denied, flag::URL_DENIED),
        (is_translated(record), flag::NAT),
        (!standard_port, flag::NON_STANDARD_PORT),
        (implicit, flag::IMPLICIT),
    ];
    bits.iter().filter(|(on, _)| *on).fold(0, |flags, (_, bit)| flags | bit)
}

fn print_flags(set: u32) -> Inline<18> {
    if set == 0 { Inline::of_text(b"0x0") } else { Inline::of(format_args!("{set:#x}")) }
}
