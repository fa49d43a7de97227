//! The fields of a filter: what they are called, which columns they look at, what they take.

use self::Column as C;
use self::Kind as K;

/// A column of a traffic-log row (PANOS.md 11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "named as PAN-OS names its columns")]
pub enum Column {
    Type,
    Subtype,
    Src,
    Dst,
    NatSrc,
    NatDst,
    Sport,
    Dport,
    NatSport,
    NatDport,
    Proto,
    From,
    To,
    InboundIf,
    OutboundIf,
    Rule,
    SrcUser,
    DstUser,
    App,
    Category,
    Action,
    ActionSource,
    SessionEndReason,
    Flags,
    SessionId,
    ParentSessionId,
    RepeatCnt,
    Bytes,
    BytesSent,
    BytesReceived,
    Packets,
    PktsSent,
    PktsReceived,
    Elapsed,
    Start,
    TimeGenerated,
    ReceiveTime,
    Serial,
    DeviceName,
    Vsys,
}

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An address or a prefix.
    Address,
    /// A number up to this one.
    Number(u64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A protocol's name or number.
    Protocol,
    /// A name that the rulebase gives, exactly as it is written there.
    Name,
    /// A name in any case.
    Caseless,
    /// A user, in any case, or a group.
    User,
    /// A date and time by the firewall's clock.
    Time,
    /// The name of a flag.
    Flag,
}

/// A field that a filter can ask about.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name.
    pub name: &'static str,
    /// Other names that are understood: those of the log's columns.
    pub aliases: &'static [&'static str],
    /// What it is.
    pub meaning: &'static str,
    /// Where there are several, one that fits is enough.
    pub(super) columns: &'static [Column],
    pub(super) kind: Kind,
}

impl FieldInfo {
    /// What it takes, for people, e.g. `allow, deny or drop`.
    pub fn values(&self) -> String {
        match self.kind {
            K::Address => "an address or prefix".to_owned(),
            K::Number(_) => "a number".to_owned(),
            K::Word(words) => listed(words),
            K::Protocol => "tcp, udp, icmp, ipv6-icmp or a number".to_owned(),
            K::Name | K::Caseless | K::User => "a name".to_owned(),
            K::Time => "'YYYY/MM/DD hh:mm:ss'".to_owned(),
            K::Flag => "a flag".to_owned(),
        }
    }

    /// The operators it takes.
    pub const fn operators(&self) -> &'static [&'static str] {
        match self.kind {
            K::Address => &["in", "notin", "eq", "neq"],
            K::Number(_) | K::Time => &["eq", "neq", "geq", "leq", "gt", "lt"],
            K::Word(_) | K::Protocol => &["eq", "neq"],
            K::Name | K::Caseless => &["eq", "neq", "contains"],
            K::User => &["eq", "neq", "in", "notin", "contains"],
            K::Flag => &["has"],
        }
    }
}

/// Words in a sentence.
pub(super) fn listed(words: &[&str]) -> String {
    match words {
        [first @ .., before, last] if !first.is_empty() => {
            format!("{}, {before} or {last}", first.join(", "))
        }
        _ => words.join(" or "),
    }
}

const ACTIONS: K =
    K::Word(&["allow", "deny", "drop", "drop-icmp", "reset-client", "reset-server", "reset-both"]);

/// PANOS.md 4.1, in the order of precedence; `n/a` stands where nothing has ended.
pub(super) const END_REASONS: &[&str] = &[
    "threat",
    "policy-deny",
    "decrypt-cert-validation",
    "decrypt-unsupport-param",
    "decrypt-error",
    "tcp-rst-from-client",
    "tcp-rst-from-server",
    "resources-unavailable",
    "tcp-fin",
    "tcp-reuse",
    "decoder",
    "aged-out",
    "unknown",
    "n/a",
];

const ANY: u64 = u64::MAX;
const PORT: u64 = 65_535;

const fn field(
    name: &'static str,
    aliases: &'static [&'static str],
    kind: Kind,
    columns: &'static [Column],
    meaning: &'static str,
) -> FieldInfo {
    FieldInfo { name, aliases, meaning, columns, kind }
}

/// All fields. Where a name of PANOS.md 11.8 differs from the column's, the column's is an alias.
pub(super) const FIELDS: &[FieldInfo] = &[
    field("addr", &[], K::Address, &[C::Src, C::Dst], "source or destination address"),
    field("addr.src", &["src"], K::Address, &[C::Src], "source address, before NAT"),
    field("addr.dst", &["dst"], K::Address, &[C::Dst], "destination address, before NAT"),
    field("natsrc", &["nat.src"], K::Address, &[C::NatSrc], "source address after NAT; 0.0.0.0 without"),
    field("natdst", &["nat.dst"], K::Address, &[C::NatDst], "destination address after NAT; 0.0.0.0 without"),
    field("port", &[], K::Number(PORT), &[C::Sport, C::Dport], "source or destination port; 0 for ICMP"),
    field("port.src", &["sport"], K::Number(PORT), &[C::Sport], "source port"),
    field("port.dst", &["dport"], K::Number(PORT), &[C::Dport], "destination port"),
    field("natsport", &["natport.src"], K::Number(PORT), &[C::NatSport], "source port after NAT; 0 without"),
    field(
        "natdport",
        &["natport.dst"],
        K::Number(PORT),
        &[C::NatDport],
        "destination port after NAT; 0 without",
    ),
    field("proto", &["protocol"], K::Protocol, &[C::Proto], "IP protocol"),
    field("zone", &[], K::Name, &[C::From, C::To], "source or destination zone"),
    field("zone.src", &["from"], K::Name, &[C::From], "source zone"),
    field("zone.dst", &["to"], K::Name, &[C::To], "destination zone"),
    field("interface.src", &["inbound_if"], K::Name, &[C::InboundIf], "interface that it came in by"),
    field("interface.dst", &["outbound_if"], K::Name, &[C::OutboundIf], "interface that it left by"),
    field("rule", &[], K::Name, &[C::Rule], "security rule"),
    field("user.src", &["srcuser"], K::User, &[C::SrcUser], "user at the source address; in: a group"),
    field("user.dst", &["dstuser"], K::User, &[C::DstUser], "user at the destination address; '' is nobody"),
    field("app", &["application"], K::Caseless, &[C::App], "application, or incomplete and its like"),
    field("category", &[], K::Caseless, &[C::Category], "URL category"),
    field("type", &[], K::Word(&["traffic"]), &[C::Type], "the log"),
    field("subtype", &[], K::Word(&["start", "end", "drop", "deny"]), &[C::Subtype], "kind of row"),
    field("action", &[], ACTIONS, &[C::Action], "what was done"),
    field(
        "action_source",
        &[],
        K::Word(&["from-policy", "from-application"]),
        &[C::ActionSource],
        "where the action comes from",
    ),
    field("session_end_reason", &[], K::Word(END_REASONS), &[C::SessionEndReason], "why it ended"),
    field("flags", &[], K::Flag, &[C::Flags], "the flags column"),
    field("sessionid", &[], K::Number(ANY), &[C::SessionId], "session id; 0 for a refused packet"),
    field("parent_session_id", &[], K::Number(ANY), &[C::ParentSessionId], "parent session id; 0 for none"),
    field("repeatcnt", &[], K::Number(ANY), &[C::RepeatCnt], "how many refusals the row stands for"),
    field("bytes", &[], K::Number(ANY), &[C::Bytes], "bytes both ways"),
    field("bytes_sent", &[], K::Number(ANY), &[C::BytesSent], "bytes from the client"),
    field("bytes_received", &[], K::Number(ANY), &[C::BytesReceived], "bytes from the server"),
    field("packets", &[], K::Number(ANY), &[C::Packets], "packets both ways"),
    field("pkts_sent", &[], K::Number(ANY), &[C::PktsSent], "packets from the client"),
    field("pkts_received", &[], K::Number(ANY), &[C::PktsReceived], "packets from the server"),
    field("elapsed", &[], K::Number(ANY), &[C::Elapsed], "seconds from the first packet to the last"),
    field("start", &[], K::Time, &[C::Start], "when the session started"),
    field("time_generated", &[], K::Time, &[C::TimeGenerated], "when the row was written"),
    field("receive_time", &[], K::Time, &[C::ReceiveTime], "the same, in this model"),
    field("serial", &[], K::Caseless, &[C::Serial], "serial number, the same in all rows"),
    field("device_name", &[], K::Caseless, &[C::DeviceName], "name of the firewall: firstpass"),
    field("vsys", &[], K::Caseless, &[C::Vsys], "virtual system: vsys1"),
];

/// Fields of other logs than the traffic log, which saved searches are full of.
pub(super) const ELSEWHERE: &[(&str, &str)] = &[
    ("severity", "threat"),
    ("threatid", "threat"),
    ("name-of-threatid", "threat"),
    ("category-of-threatid", "threat"),
    ("direction", "threat"),
    ("url", "URL filtering"),
    ("url_category_list", "URL filtering"),
    ("referer", "URL filtering"),
    ("user_agent", "URL filtering"),
    ("filename", "data filtering"),
    ("filedigest", "WildFire"),
    ("verdict", "WildFire"),
    ("eventid", "system"),
    ("opaque", "system"),
    ("cmd", "configuration"),
    ("admin", "configuration"),
];

/// The field of a name, in any case.
pub(super) fn find(name: &str) -> Option<&'static FieldInfo> {
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    FIELDS.iter().find(|field| is(field.name) || field.aliases.iter().any(|alias| is(alias)))
}
