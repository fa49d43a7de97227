//! Applications as JSON has them.

use std::io::{self, Write};

use serde::Serialize;

use super::measured::Measured;
use crate::app::{AppId, Application, Catalog, DenyAction, Timeouts, Told};
use crate::report::escape;

/// Writes a document and ends the line.
pub(super) fn write(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let mut out = out;
    escape::write_json(&mut out, document)?;
    out.write_all(b"\n")
}

/// One application.
#[derive(Debug, Serialize)]
pub(super) struct ApplicationRow<'c> {
    name: &'c str,
    container: Option<&'c str>,
    category: &'c str,
    subcategory: &'c str,
    technology: &'c str,
    /// From 1 to 5; `None` where it is not known.
    risk: Option<u8>,
    characteristics: Vec<&'static str>,
    tags: &'c [String],
    default_ports: Vec<String>,
    deny_action: &'static str,
    timeouts: TimeoutsRow,
    depends_on: Vec<&'c str>,
    implicitly_uses: Vec<&'c str>,
    /// Whether the rulebase defines it.
    custom: bool,
    /// Whether nothing but its name is known.
    unknown: bool,
    parent: Option<&'c str>,
    /// `header`, `payload`, `announced`, `host`, `rulebase`, `rest`; none where no session is ever known as it.
    decided_by: Vec<&'static str>,
    decoders: Vec<&'static str>,
    /// Protocols of which it is told when they are read on.
    read_on: Vec<&'static str>,
    /// Applications whose sessions announce it.
    announced_by: Vec<&'static str>,
    /// Domains by which it is told.
    hosts: &'c [String],
}

/// Seconds; `None` inherits the firewall's.
#[derive(Debug, Serialize)]
struct TimeoutsRow {
    timeout: Option<u32>,
    tcp_timeout: Option<u32>,
    udp_timeout: Option<u32>,
    tcp_half_closed_timeout: Option<u32>,
    tcp_time_wait_timeout: Option<u32>,
    discard_timeout: Option<u32>,
}

/// What had passed when App-ID decided, as the lesson captures have it.
#[derive(Debug, Serialize)]
pub(super) struct DecisionRow {
    /// How many sessions were decided so.
    decisions: u64,
    /// Median of packets with payload before the decision.
    data_packets_to_server: u64,
    data_packets_to_client: u64,
    /// Median of payload bytes before the decision.
    payload_bytes_to_server: u64,
    payload_bytes_to_client: u64,
    /// What was mostly seen.
    evidence: String,
}

impl<'c> ApplicationRow<'c> {
    pub(super) fn of(catalog: &'c Catalog, application: &'c Application) -> Self {
        let class = &application.class;
        let ways = Told::of(application);
        let mut decided_by: Vec<_> = ways.iter().map(|way| way.name()).collect();
        decided_by.dedup();
        Self {
            name: &application.name,
            container: class.container.as_deref(),
            category: &class.category,
            subcategory: &class.subcategory,
            technology: &class.technology,
            risk: Some(class.risk).filter(|risk| *risk > 0),
            characteristics: class.characteristics.names().collect(),
            tags: &class.tags,
            default_ports: application.ports.members(),
            deny_action: deny_action(application.deny_action),
            timeouts: TimeoutsRow::of(&application.timeouts),
            depends_on: names(catalog, &application.depends_on),
            implicitly_uses: names(catalog, &application.implicit),
            custom: application.custom,
            unknown: application.unknown,
            parent: application.parent.map(|parent| catalog.name(parent)),
            decided_by,
            decoders: decoders(&ways),
            read_on: read_on(&ways),
            announced_by: announced_by(&ways),
            hosts: &application.hosts,
        }
    }
}

impl TimeoutsRow {
    const fn of(timeouts: &Timeouts) -> Self {
        Self {
            timeout: timeouts.timeout,
            tcp_timeout: timeouts.tcp_timeout,
            udp_timeout: timeouts.udp_timeout,
            tcp_half_closed_timeout: timeouts.tcp_half_closed_timeout,
            tcp_time_wait_timeout: timeouts.tcp_time_wait_timeout,
            discard_timeout: timeouts.discard_timeout,
        }
    }
}

impl From<Measured> for DecisionRow {
    fn from(measured: Measured) -> Self {
        let [data_packets_to_server, data_packets_to_client] = measured.data_packets;
        let [payload_bytes_to_server, payload_bytes_to_client] = measured.payload_bytes;
        Self {
            decisions: measured.decisions,
            data_packets_to_server,
            data_packets_to_client,
            payload_bytes_to_server,
            payload_bytes_to_client,
            evidence: measured.evidence,
        }
    }
}

/// Names, sorted.
pub(super) fn names<'c>(catalog: &'c Catalog, apps: &[AppId]) -> Vec<&'c str> {
    let mut names: Vec<&str> = apps.iter().map(|&app| catalog.name(app)).collect();
    names.sort_unstable();
    names
}

/// PAN-OS's word.
pub(super) const fn deny_action(action: DenyAction) -> &'static str {
    match action {
        DenyAction::Drop => "drop",
        DenyAction::DropReset => "drop-reset",
    }
}

/// The decoders among the ways.
pub(super) fn decoders(ways: &[Told]) -> Vec<&'static str> {
    let decoder = |way: &Told| if let Told::Payload(decoder) = *way { Some(decoder) } else { None };
    ways.iter().filter_map(decoder).collect()
}

/// The protocols among the ways that are read on.
pub(super) fn read_on(ways: &[Told]) -> Vec<&'static str> {
    let reader = |way: &Told| if let Told::Later(protocol) = *way { Some(protocol) } else { None };
    ways.iter().filter_map(reader).collect()
}

/// The applications among the ways whose sessions announce it.
pub(super) fn announced_by(ways: &[Told]) -> Vec<&'static str> {
    let parent = |way: &Told| if let Told::Announced(parent) = *way { Some(parent) } else { None };
    ways.iter().filter_map(parent).collect()
}
