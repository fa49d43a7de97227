//! Rows of the traffic log to hold assertions against: owned, with the names of the JSON output.

use serde::Deserialize;

/// One row, as `--format json` gives it (PANOS.md 11.1).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are PAN-OS's columns; bytes are bytes, elapsed is seconds")]
pub struct Row {
    #[serde(rename = "type")]
    pub kind: String,
    pub subtype: String,
    pub start: String,
    pub elapsed: u64,
    pub src: String,
    pub dst: String,
    pub sport: u16,
    pub dport: u16,
    pub natsrc: String,
    pub natdst: String,
    pub natsport: u16,
    pub natdport: u16,
    pub proto: String,
    pub from: String,
    pub to: String,
    pub inbound_if: String,
    pub outbound_if: String,
    pub rule: String,
    pub app: String,
    pub action: String,
    pub action_source: String,
    pub category: String,
    pub sessionid: u64,
    pub parent_session_id: Option<u64>,
    pub repeatcnt: u64,
    pub flags: String,
    pub bytes: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub packets: u64,
    pub pkts_sent: u64,
    pub pkts_received: u64,
    pub session_end_reason: String,
    pub model: Model,
}

/// What the model knows beyond the log's columns.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// State of the session: `ACTIVE`, `DISCARD`, `CLOSED`.
    pub state: String,
    /// Whether the rulebase would write this row.
    pub logged: bool,
    /// Whether the capture ended before the session did.
    pub open_at_end: bool,
    /// Zeek's letters.
    pub history: String,
    /// Community ID, where the flow has one.
    pub community_id: Option<String>,
    /// The port-only lookup's rule.
    pub tentative_rule: String,
    /// The last full lookup's rule.
    pub final_rule: Option<String>,
    /// `tracker stage firewall` of the session.
    pub tracker_stage: Option<String>,
    /// Every application App-ID came to.
    pub applications: Vec<Application>,
    /// What was forwarded under a rule that does not finally hold.
    pub first_packets: Option<FirstPackets>,
    /// Frame number of the first packet.
    pub first_packet: u64,
    /// Frame number of the last packet.
    pub last_packet: u64,
    /// What NAT did, where it did something.
    pub nat: Option<Nat>,
}

/// The NAT rule of a session, and on which side of it the capture shows the packets of each direction.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nat {
    /// The rule.
    pub rule: String,
    /// Packets from the client: `received` or `transmitted` by the firewall.
    pub c2s: Option<String>,
    /// Packets from the server.
    pub s2c: Option<String>,
}

/// An application that App-ID came to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Frame number of the packet that told.
    pub packet: u64,
    /// The application.
    pub app: String,
    /// The rule that the full lookup found.
    pub rule: Option<String>,
    /// That rule's action.
    pub action: Option<String>,
    /// What was seen.
    pub evidence: String,
}

/// The first packets of a session.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstPackets {
    /// The rule that let them pass.
    pub admitted_by: String,
    /// `denied`, `never-identified` or `reclassified`.
    pub outcome: String,
    /// Packets to the server.
    pub packets_to_server: u64,
    /// Packets to the client.
    pub packets_to_client: u64,
    /// TCP or UDP payload to the server.
    pub payload_bytes_to_server: u64,
    /// TCP or UDP payload to the client.
    pub payload_bytes_to_client: u64,
}
