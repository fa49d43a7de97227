//! The traffic log for Elasticsearch: one document per line, with the fields of the Elastic Common Schema and those
//! that Elastic's integration for PAN-OS adds under `panw.panos`, so that its dashboards and rules fit.

use std::io;

use serde::Serialize;

use super::columns::{DEVICE, SERIAL, VSYS, characteristics};
use super::escape::write_json;
use super::row::{Row, Subtype, flag, is_logged};
use super::rows::Encode;
use crate::app::Class;
use crate::config::World;
use crate::engine::Record;
use crate::time::Timestamp;

/// The version of the schema whose fields these are.
const ECS_VERSION: &str = "8.11.0";

/// Rows as documents.
#[derive(Debug, Clone)]
pub struct Ecs {
    release: &'static str,
    all: bool,
}

impl Ecs {
    /// `all` writes rows that the rulebase would not log, too.
    pub fn new(world: &World, all: bool) -> Self {
        Self { release: world.settings.panos_version.name(), all }
    }
}

impl Encode for Ecs {
    fn wants(&self, subtype: Subtype, record: &Record, world: &World) -> bool {
        self.all || is_logged(subtype, record, world)
    }

    fn encode(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        write_json(out, &Document::of(row, self.release))?;
        out.push(b'\n');
        Ok(())
    }
}

#[derive(Serialize)]
struct Document<'r> {
    #[serde(rename = "@timestamp")]
    timestamp: String,
    ecs: Version<'r>,
    event: Event,
    source: End<'r>,
    destination: End<'r>,
    network: Network<'r>,
    observer: Observer<'r>,
    rule: Name<'r>,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    labels: Labels,
    related: Related<'r>,
    panw: Panw<'r>,
}

#[derive(Serialize)]
struct Version<'r> {
    version: &'r str,
}

#[derive(Serialize)]
struct Event {
    kind: &'static str,
    module: &'static str,
    dataset: &'static str,
    category: [&'static str; 1],
    r#type: Vec<&'static str>,
    action: &'static str,
    outcome: &'static str,
    start: String,
    end: String,
    /// Nanoseconds.
    duration: u64,
}

#[derive(Serialize)]
struct End<'r> {
    ip: &'r str,
    port: u16,
    bytes: u64,
    packets: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nat: Option<Nat<'r>>,
}

#[derive(Serialize)]
struct Nat<'r> {
    ip: &'r str,
    port: u16,
}

#[derive(Serialize)]
struct Network<'r> {
    transport: &'r str,
    r#type: &'static str,
    application: &'r str,
    bytes: u64,
    packets: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    community_id: Option<&'r str>,
}

#[derive(Serialize)]
struct Observer<'r> {
    vendor: &'static str,
    product: &'static str,
    r#type: &'static str,
    version: &'r str,
    hostname: &'static str,
    serial_number: &'static str,
    ingress: Gate<'r>,
    egress: Gate<'r>,
}

#[derive(Serialize)]
struct Gate<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    interface: Option<Name<'r>>,
    zone: &'r str,
}

#[derive(Serialize)]
struct Name<'r> {
    name: &'r str,
}

/// Bits of the `flags` column, as Elastic's integration names them.
#[derive(Serialize)]
struct Labels {
    #[serde(skip_serializing_if = "is_off")]
    ipv6_session: bool,
    #[serde(skip_serializing_if = "is_off")]
    nat_translated: bool,
    #[serde(skip_serializing_if = "is_off")]
    non_standard_port_usage: bool,
    #[serde(skip_serializing_if = "is_off")]
    temporary_match: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_off(flag: &bool) -> bool {
    !*flag
}

#[derive(Serialize)]
struct Related<'r> {
    ip: Vec<&'r str>,
    hosts: [&'static str; 1],
}

#[derive(Serialize)]
struct Panw<'r> {
    panos: Panos<'r>,
}

#[derive(Serialize)]
struct Panos<'r> {
    r#type: &'static str,
    sub_type: &'static str,
    action: &'static str,
    action_source: &'static str,
    endreason: &'static str,
    ruleset: &'r str,
    flow_id: String,
    repeat_count: u64,
    virtual_sys: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    log_profile: &'r str,
    generated_time: String,
    source: Zone<'r>,
    destination: Zone<'r>,
    url: Category<'r>,
    parent_session: Parent,
    application: Application<'r>,
}

#[derive(Serialize)]
struct Zone<'r> {
    zone: &'r str,
}

#[derive(Serialize)]
struct Category<'r> {
    category: &'r str,
}

#[derive(Serialize)]
struct Parent {
    id: String,
}

#[derive(Serialize)]
struct Application<'r> {
    sub_category: &'r str,
    category: &'r str,
    technology: &'r str,
    risk_level: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    characteristics: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'r str>,
    tunneled: &'r str,
}

impl<'r> Document<'r> {
    fn of(row: &'r Row<'r>, release: &'r str) -> Self {
        Self {
            timestamp: row.model.written.to_string(),
            ecs: Version { version: ECS_VERSION },
            event: Event::of(row),
            source: End {
                ip: row.src.as_str(),
                port: row.sport,
                bytes: row.bytes_sent,
                packets: row.pkts_sent,
                nat: nat(row, row.natsrc.as_str(), row.natsport),
            },
            destination: End {
                ip: row.dst.as_str(),
                port: row.dport,
                bytes: row.bytes_received,
                packets: row.pkts_received,
                nat: nat(row, row.natdst.as_str(), row.natdport),
            },
            network: Network {
                transport: row.proto.as_str(),
                r#type: if row.model.flags & flag::IPV6 == 0 { "ipv4" } else { "ipv6" },
                application: row.app,
                bytes: row.bytes,
                packets: row.packets,
                community_id: row.model.community_id.as_ref().map(|id| id.as_str()),
            },
            observer: Observer::of(row, release),
            rule: Name { name: row.rule },
            labels: Labels::of(row.model.flags),
            related: Related::of(row),
            panw: Panw { panos: Panos::of(row) },
        }
    }
}

/// What the address became, where there is NAT at all.
fn nat<'r>(row: &Row<'_>, ip: &'r str, port: u16) -> Option<Nat<'r>> {
    (row.model.flags & flag::NAT != 0).then_some(Nat { ip, port })
}

impl Event {
    fn of(row: &Row<'_>) -> Self {
        let allowed = row.action == "allow";
        let mut types = vec![if allowed { "allowed" } else { "denied" }];
        match row.subtype {
            Subtype::Start => types.push("start"),
            Subtype::End => types.push("end"),
            // Decrypted sessions are denied although the action is allow.
            Subtype::Drop | Subtype::Deny => types.extend(allowed.then_some("denied")),
        }
        types.push("connection");
        let (start, seconds) = (row.model.started, row.elapsed);
        let duration = seconds.saturating_mul(1_000_000_000);
        Self {
            kind: "event",
            module: "panw",
            dataset: "panw.panos",
            category: ["network"],
            r#type: types,
            action: match row.subtype {
                Subtype::Start => "flow_started",
                Subtype::End => "flow_terminated",
                Subtype::Drop => "flow_dropped",
                Subtype::Deny => "flow_denied",
            },
            outcome: if allowed { "success" } else { "failure" },
            start: start.to_string(),
            end: Timestamp::from_nanos(start.nanos().saturating_add(duration)).to_string(),
            duration,
        }
    }
}

impl<'r> Observer<'r> {
    fn of(row: &'r Row<'r>, version: &'r str) -> Self {
        let gate = |interface: &'r str, zone: &'r str| Gate {
            interface: (!interface.is_empty()).then_some(Name { name: interface }),
            zone,
        };
        Self {
            vendor: "Palo Alto Networks",
            product: "PAN-OS",
            r#type: "firewall",
            version,
            hostname: DEVICE,
            serial_number: SERIAL,
            ingress: gate(row.inbound_if, row.from),
            egress: gate(row.outbound_if, row.to),
        }
    }
}

impl Labels {
    const fn of(flags: u32) -> Self {
        Self {
            ipv6_session: flags & flag::IPV6 != 0,
            nat_translated: flags & flag::NAT != 0,
            non_standard_port_usage: flags & flag::NON_STANDARD_PORT != 0,
            temporary_match: flags & flag::IMPLICIT != 0,
        }
    }

    const fn is_empty(&self) -> bool {
        !(self.ipv6_session || self.nat_translated || self.non_standard_port_usage || self.temporary_match)
    }
}

impl<'r> Related<'r> {
    fn of(row: &'r Row<'r>) -> Self {
        let mut ip = vec![row.src.as_str()];
        let translated = row.model.flags & flag::NAT != 0;
        let nat = [row.natsrc.as_str(), row.natdst.as_str()];
        for addr in std::iter::once(row.dst.as_str()).chain(nat.into_iter().filter(|_| translated)) {
            if !ip.contains(&addr) {
                ip.push(addr);
            }
        }
        Self { ip, hosts: [DEVICE] }
    }
}

impl<'r> Panos<'r> {
    fn of(row: &'r Row<'r>) -> Self {
        Self {
            r#type: row.kind,
            sub_type: row.subtype.name(),
            action: row.action,
            action_source: row.action_source,
            endreason: row.session_end_reason,
            ruleset: row.rule,
            flow_id: row.sessionid.to_string(),
            repeat_count: row.repeatcnt,
            virtual_sys: VSYS,
            log_profile: row.model.log_setting,
            generated_time: row.model.written.to_string(),
            source: Zone { zone: row.from },
            destination: Zone { zone: row.to },
            url: Category { category: row.category },
            parent_session: Parent { id: row.parent_session_id.unwrap_or(0).to_string() },
            application: Application::of(row.app, row.model.class),
        }
    }
}

impl<'r> Application<'r> {
    fn of(name: &'r str, class: Option<&'r Class>) -> Self {
        let known =
            |text: Option<&'r String>| text.filter(|text| !text.is_empty()).map_or("unknown", String::as_str);
        let list = characteristics(class);
        Self {
            sub_category: known(class.map(|class| &class.subcategory)),
            category: known(class.map(|class| &class.category)),
            technology: known(class.map(|class| &class.technology)),
            risk_level: class.map_or(1, |class| class.risk.max(1)),
            characteristics: (!list.is_empty()).then_some(list),
            container: class.and_then(|class| class.container.as_deref()),
            tunneled: name,
        }
    }
}
