//! Settings by their PAN-OS keys, with defaults and ranges (PANOS.md 5.1, 6.1), and the model's own knobs (13.2).

use std::fmt;

use super::diagnostic::{nearest, quote};
use crate::app::Shifts;
use crate::feature::nat::Oversubscription;

/// A setting that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// No such key.
    #[error("no setting {}{}", quote(key), suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    Unknown {
        /// As given.
        key: String,
        /// The nearest key there is.
        suggestion: Option<&'static str>,
    },
    /// A value the key does not take.
    #[error("setting `{key}` takes {expected}, not {}", quote(value))]
    Value {
        /// The key.
        key: &'static str,
        /// As given.
        value: String,
        /// What it takes.
        expected: Values,
    },
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// `yes` or `no` (or `true` or `false`).
    Flag,
    /// A whole number from one to the other.
    Number(u64, u64),
    /// One of these words.
    Words(&'static [&'static str]),
}

/// What there is to know of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingInfo {
    /// Its key, e.g. `session.timeout-udp`.
    pub key: &'static str,
    /// What it takes.
    pub values: Values,
    /// What it means; empty where it is not modelled.
    pub meaning: &'static str,
    /// Whether the model acts on it. If not, it is accepted for the sake of real configurations.
    pub modelled: bool,
    /// Its default as it stands in the source.
    default: &'static str,
}

impl SettingInfo {
    /// Its default as users write it; `None` where it is not modelled.
    pub fn default_value(&self) -> Option<String> {
        let is_default = |value: &str| {
            let mut settings = Settings::default();
            settings.set(self.key, value).is_ok() && settings == Settings::default()
        };
        let written = match self.values {
            Values::Flag if self.default == "true" => "yes".to_owned(),
            Values::Flag => "no".to_owned(),
            Values::Number(..) => self.default.replace('_', ""),
            Values::Words(words) => (*words.iter().find(|word| is_default(word))?).to_owned(),
        };
        (self.modelled && is_default(&written)).then_some(written)
    }
}

/// `tcp.asymmetric-path`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsymmetricPath {
    /// Segments outside the sliding window are dropped, RSTs are verified.
    Drop,
    /// No such inspection.
    Bypass,
}

/// `tcp.urgent-data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrgentData {
    /// The URG flag and the urgent pointer are taken off.
    Clear,
    /// Segments pass as they are.
    OobInline,
}

/// `session.resource-limit-behavior`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceLimit {
    /// A packet that finds the session table full is dropped.
    Drop,
    /// It passes without a session.
    Bypass,
}

/// `model.deny-resets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenyResets {
    /// Client and server, as the log's `reset-both` says.
    Both,
    /// The client alone, as the vendor's article on deny actions says.
    Client,
}

/// `model.ftp-data-application`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FtpData {
    /// As the application that rules name.
    Ftp,
    /// As predict sessions do.
    FtpData,
}

/// Releases of PAN-OS that differ in what the model does or what their logs hold (PANOS.md 11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PanosVersion {
    /// 7.1
    V7_1,
    /// 8.1
    V8_1,
    /// 9.0
    V9_0,
    /// 9.1
    V9_1,
    /// 10.0
    V10_0,
    /// 10.1
    #[default]
    V10_1,
    /// 11.1
    V11_1,
}

impl PanosVersion {
    /// All of them, oldest first.
    pub const ALL: [Self; 7] =
        [Self::V7_1, Self::V8_1, Self::V9_0, Self::V9_1, Self::V10_0, Self::V10_1, Self::V11_1];

    /// Their names.
    pub const NAMES: &[&'static str] = &["7.1", "8.1", "9.0", "9.1", "10.0", "10.1", "11.1"];

    /// As users write it: `10.1`.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl fmt::Display for PanosVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Declares the settings: documentation, field and type, default, key and the values it takes.
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $field:ident: $kind:ty = $default:expr, $key:literal, $values:expr;)+) => {
        /// All settings the model acts on.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $field: $kind,)+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        /// What [`Settings`] holds.
        const MODELLED: &[SettingInfo] = &[
            $(SettingInfo { key: $key, values: $values, meaning: concat!($($doc),+), modelled: true, default: stringify!($default) },)+
        ];

        impl Settings {
            fn assign(&mut self, info: &SettingInfo, value: &str) -> Option<()> {
                match info.key {
                    $($key => self.$field = Setting::read(value)?,)+
                    _ => {}
                }
                Some(())
            }
        }
    };
}

settings! {
    /// Seconds a session of a protocol other than TCP, UDP and ICMP lives without a packet.
    timeout_default: u64 = 30, "session.timeout-default", Values::Number(1, 15_999_999);
    /// Seconds an ICMP session lives without a packet.
    timeout_icmp: u64 = 6, "session.timeout-icmp", Values::Number(1, 15_999_999);
    /// Seconds a UDP session lives without a packet.
    timeout_udp: u64 = 30, "session.timeout-udp", Values::Number(1, 15_999_999);
    /// Seconds an established TCP session lives without a packet.
    timeout_tcp: u64 = 3_600, "session.timeout-tcp", Values::Number(1, 15_999_999);
    /// Seconds after a SYN that nothing answers.
    timeout_tcpinit: u64 = 5, "session.timeout-tcpinit", Values::Number(1, 60);
    /// Seconds after a SYN-ACK that no ACK answers.
    timeout_tcphandshake: u64 = 10, "session.timeout-tcphandshake", Values::Number(1, 60);
    /// Seconds after the first FIN.
    timeout_tcp_half_closed: u64 = 120, "session.timeout-tcp-half-closed", Values::Number(1, 604_800);
    /// Seconds after the second FIN or a verified RST.
    timeout_tcp_time_wait: u64 = 15, "session.timeout-tcp-time-wait", Values::Number(1, 600);
    /// Seconds after a RST whose sequence number was not the expected one.
    timeout_tcp_unverified_rst: u64 = 30, "session.timeout-tcp-unverified-rst", Values::Number(1, 600);
    /// Seconds a denied TCP session stays in DISCARD.
    timeout_discard_tcp: u64 = 90, "session.timeout-discard-tcp", Values::Number(1, 15_999_999);
    /// Seconds a denied UDP session stays in DISCARD.
    timeout_discard_udp: u64 = 60, "session.timeout-discard-udp", Values::Number(1, 15_999_999);
    /// Seconds any other denied session stays in DISCARD.
    timeout_discard_default: u64 = 60, "session.timeout-discard-default", Values::Number(1, 15_999_999);
    /// Refuse a TCP packet without session that is not a SYN.
    tcp_reject_non_syn: bool = true, "session.tcp-reject-non-syn", Values::Flag;
    /// How many sessions there can be at once.
    max_sessions: u64 = 4_000_000, "session.max-sessions", Values::Number(1, 100_000_000);
    /// What happens to a packet that finds the session table full: drop or bypass.
    resource_limit: ResourceLimit = ResourceLimit::Drop, "session.resource-limit-behavior", Values::Words(&["drop", "bypass"]);
    /// Let sessions age faster while the session table is nearly full.
    accelerated_aging: bool = true, "session.accelerated-aging-enable", Values::Flag;
    /// Per cent of the session table in use from which on they do.
    accelerated_aging_threshold: u64 = 80, "session.accelerated-aging-threshold", Values::Number(50, 99);
    /// How many times faster: timeouts are divided by it.
    accelerated_aging_factor: u64 = 2, "session.accelerated-aging-scaling-factor", Values::Number(2, 16);
    /// Seconds that a trickling session is left when the session table is nearly full.
    timeout_scan: u64 = 10, "session.timeout-scan", Values::Number(5, 30);
    /// Per cent of the session table in use from which on trickling sessions are looked for.
    scan_threshold: u64 = 80, "session.scan-threshold", Values::Number(50, 99);
    /// A session trickles once it has been idle for its timeout divided by this.
    scan_factor: u64 = 8, "session.scan-scaling-factor", Values::Number(2, 16);
    /// Evaluate existing sessions again when a configuration is committed (the schema's default is no, the web help's yes).
    rematch: bool = false, "config.rematch", Values::Flag;
    /// What happens to segments outside the sliding window: drop or bypass.
    asymmetric_path: AsymmetricPath = AsymmetricPath::Drop, "tcp.asymmetric-path", Values::Words(&["drop", "bypass"]);
    /// How many out-of-order segments a session may have waiting for App-ID; 0 for what the release allows: 64, before
    /// 10.0 32.
    tcp_out_of_order_segments: u64 = 0, "tcp.out-of-order-segments", Values::Number(0, 1_024);
    /// How many out-of-order segments all sessions together may have waiting (the vendor publishes no number).
    out_of_order_total: u64 = 65_536, "model.out-of-order-total", Values::Number(1, 10_000_000);
    /// Forward segments over that limit without inspection, instead of dropping them.
    tcp_bypass_exceed_oo_queue: bool = false, "tcp.bypass-exceed-oo-queue", Values::Flag;
    /// How many bytes all sessions together keep to tell whether later ones in the same place differ
    /// (`discard-overlapping-tcp-segment-mismatch`).
    overlap_bytes: u64 = 67_108_864, "model.overlap-bytes", Values::Number(0, 10_000_000_000);
    /// Let a bare ACK answer a SYN (challenge ACK).
    tcp_allow_challenge_ack: bool = false, "tcp.allow-challenge-ack", Values::Flag;
    /// Drop segments whose timestamp option is null or has a wrong length.
    tcp_check_timestamp: bool = true, "tcp.check-timestamp-option", Values::Flag;
    /// What becomes of urgent data: clear takes the URG flag off, oobinline leaves it.
    tcp_urgent_data: UrgentData = UrgentData::Clear, "tcp.urgent-data", Values::Words(&["clear", "oobinline"]);
    /// Drop segments that have no flag left when the URG flag is off.
    tcp_drop_zero_flag: bool = true, "tcp.drop-zero-flag", Values::Flag;
    /// Take the MPTCP option off.
    tcp_strip_mptcp: bool = true, "tcp.strip-mptcp-option", Values::Flag;
    /// A RST must have the expected sequence number to end its session at once.
    strict_rst: bool = true, "model.strict-tcp-rst-sequence", Values::Flag;
    /// How many ICMP unreachables the firewall sends in a second.
    icmp_unreachable_rate: u64 = 200, "session.icmp-unreachable-rate", Values::Number(1, 65_535);
    /// Remember what sessions to each server were.
    app_cache: bool = true, "application.cache", Values::Flag;
    /// Take a session for what the last ones to the same server were, without a look at its payload.
    use_app_cache: bool = false, "application.use-cache-for-identification", Values::Flag;
    /// How many sessions in a row must have been the same for that.
    app_cache_threshold: u64 = 16, "application.cache-threshold", Values::Number(1, 65_535);
    /// How many sessions toward different destinations may have the same translated address and port.
    dipp_oversub: Oversubscription = Oversubscription::X1, "nat.dipp-oversub", Values::Words(&["1x", "2x", "4x", "8x"]);
    /// The release whose behaviour and log columns count (`--panos-version`).
    panos_version: PanosVersion = PanosVersion::V10_1, "model.panos-version", Values::Words(PanosVersion::NAMES);
    /// Call a session unknown when another data packet comes after so many; 0 for no such limit.
    unknown_after_data_packets: u64 = 8, "model.unknown-after-data-packets", Values::Number(0, 10_000);
    /// Call a session unknown when so many payload bytes have been seen; 0 for no such limit.
    unknown_after_payload_bytes: u64 = 2_000, "model.unknown-after-payload-bytes", Values::Number(0, 1_000_000);
    /// Unrecognised UDP conversations of one port, with so many different endpoints, are `unknown-p2p`; 0 for never.
    p2p_endpoints: u64 = 8, "model.p2p-endpoints", Values::Number(0, 1_000);
    /// However promising a decoder finds the bytes, after so many data packets it must be certain.
    app_id_packets: u64 = 64, "model.app-id-packets", Values::Number(1, 10_000);
    /// Look a session up as ssl when TLS begins in it after STARTTLS; without it the session keeps the application that it
    /// had (the vendor's article on TLS variants of well-known services names that one; sources disagree).
    starttls_shift: bool = true, "model.starttls-shift", Values::Flag;
    /// Look a session over QUIC up as the service that its server name tells.
    quic_shift: bool = true, "model.quic-shift", Values::Flag;
    /// Seconds that a predict session waits for its connection.
    predict_timeout: u64 = 60, "model.predict-timeout", Values::Number(1, 15_999_999);
    /// How many predict sessions there can be at once.
    max_predictions: u64 = 65_536, "model.max-predictions", Values::Number(0, 10_000_000);
    /// How many predict sessions one session can have waiting.
    session_predictions: u64 = 1_024, "model.session-predictions", Values::Number(0, 65_536);
    /// Predict data connections to a host that is neither side of the session which announces them (FTP, IRC).
    predict_elsewhere: bool = false, "model.predict-elsewhere", Values::Flag;
    /// Predict connections to ports below 1024.
    predict_privileged_ports: bool = false, "model.predict-privileged-ports", Values::Flag;
    /// What the log calls a data connection of FTP (releases differ).
    ftp_data_application: FtpData = FtpData::Ftp, "model.ftp-data-application", Values::Words(&["ftp", "ftp-data"]);
    /// Let a block rule that names applications and an explicit service fire on the first packet.
    block_by_service: bool = false, "model.block-by-service", Values::Flag;
    /// Whom a TCP application's own deny action (drop-reset) resets: both sides, or the client alone.
    deny_resets: DenyResets = DenyResets::Both, "model.deny-resets", Values::Words(&["both", "client"]);
    /// Let the row of a session that a default rule denies name the rule that allowed it so far.
    default_deny_names_last_allow: bool = false, "model.default-deny-names-last-allow", Values::Flag;
    /// Know the application of an application-override rule on the first packet; otherwise at the first payload.
    override_at_once: bool = true, "model.override-at-once", Values::Flag;
    /// Know IP protocols other than ICMP before the first lookup, as ICMP is; otherwise right after it.
    ip_protocol_at_once: bool = true, "model.ip-protocol-at-once", Values::Flag;
    /// Allow what an allowed application uses implicitly.
    implicit_applications: bool = true, "model.implicit-applications", Values::Flag;
    /// Send a RST for a reset action before the handshake is complete.
    reset_before_handshake: bool = false, "model.reset-before-handshake", Values::Flag;
    /// Let packets after the first FIN refresh the half-closed timer.
    half_closed_refresh: bool = true, "model.half-closed-refresh", Values::Flag;
    /// How many bytes of a message's content are decompressed for security profiles.
    threat_inflated_bytes: u64 = 4_194_304, "model.threat-inflated-bytes", Values::Number(65_536, 1_073_741_824);
    /// How many IP datagrams may wait for their fragments at once.
    max_datagrams: u64 = 1_024, "model.max-fragmented-datagrams", Values::Number(1, 65_536);
    /// How many bytes of fragments may wait at once, with what it takes to keep them.
    fragment_bytes: u64 = 4_194_304, "model.fragment-bytes", Values::Number(65_536, 1_073_741_824);
    /// Seconds a datagram waits for its fragments.
    fragment_timeout: u64 = 30, "model.fragment-timeout", Values::Number(1, 600);
    /// How many sources, and ports or hosts they tried, reconnaissance protection remembers at once.
    scan_entries: u64 = 65_536, "model.scan-entries", Values::Number(1, 16_777_216);
    /// How many sources can be blocked at once (`block-ip`).
    blocked_sources: u64 = 4_096, "model.blocked-sources", Values::Number(1, 1_048_576);
    /// How many connections' secrets of key logs are kept.
    key_log_entries: u64 = 65_536, "model.key-log-entries", Values::Number(1, 16_777_216);
    /// How many servers the local exclusion cache of decryption holds; 0 for none.
    exclusion_cache: u64 = 4_096, "model.exclusion-cache", Values::Number(0, 1_048_576);
    /// Seconds that a server stays in it.
    exclusion_cache_lifetime: u64 = 43_200, "model.exclusion-cache-lifetime", Values::Number(1, 15_999_999);
}

/// Settings of PAN-OS that the model does not act on.
const NOT_MODELLED: &[SettingInfo] = &[
    ignored("application.bypass-exceed-queue", Values::Flag),
    ignored("application.dump-unknown", Values::Words(&["on", "off", "yes", "no"])),
    ignored("application.heuristics", Values::Flag),
    ignored("application.identify-unknown-traffic-by-port", Values::Flag),
    ignored("application.supernode", Values::Flag),
    ignored("application.traceroute-enable", Values::Flag),
    ignored("application.traceroute-ttl-threshold", Values::Number(0, 255)),
    ignored("ctd.tcp-bypass-exceed-queue", Values::Flag),
    ignored("ctd.udp-bypass-exceed-queue", Values::Flag),
    ignored("nat.reserve-ip", Values::Flag),
    ignored("nat.reserve-time", Values::Number(1, 604_800)),
    ignored("session.ipv6-firewalling", Values::Flag),
    ignored("session.offload", Values::Flag),
    ignored("session.timeout-captive-portal", Values::Number(1, 15_999_999)),
];

const fn ignored(key: &'static str, values: Values) -> SettingInfo {
    SettingInfo { key, values, meaning: "", modelled: false, default: "" }
}

impl Settings {
    /// Every setting there is: those the model acts on in groups, then the others.
    pub fn all() -> impl Iterator<Item = &'static SettingInfo> {
        MODELLED.iter().chain(NOT_MODELLED)
    }

    /// What there is to know of a setting.
    pub fn info(key: &str) -> Option<&'static SettingInfo> {
        Self::all().find(|info| info.key == key)
    }

    /// How many out-of-order segments a session may have waiting (PANOS.md 6.1: 64, in older releases 32).
    pub fn out_of_order_limit(&self) -> usize {
        match (self.tcp_out_of_order_segments, self.panos_version >= PanosVersion::V10_0) {
            (0, true) => 64,
            (0, false) => 32,
            (limit, _) => usize::try_from(limit).unwrap_or(usize::MAX),
        }
    }

    /// Which shifts App-ID makes.
    pub const fn shifts(&self) -> Shifts {
        Shifts { starttls: self.starttls_shift, quic: self.quic_shift }
    }

    /// Sets one by its key, e.g. `session.tcp-reject-non-syn` to `no`. One that is not modelled is only checked.
    ///
    /// # Errors
    /// Where there is no such key or it does not take that value.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
        let Some(info) = Self::info(key) else {
            let suggestion = nearest(key, Self::all().map(|info| info.key));
            return Err(SettingError::Unknown { key: key.to_owned(), suggestion });
        };
        let value = value.trim();
        let accepted = info.values.accept(value).and_then(|()| self.assign(info, value));
        accepted.ok_or(SettingError::Value { key: info.key, value: value.to_owned(), expected: info.values })
    }
}

impl Values {
    fn accept(self, value: &str) -> Option<()> {
        let accepted = match self {
            Self::Flag => bool::read(value).is_some(),
            Self::Number(low, high) => u64::read(value).is_some_and(|number| (low..=high).contains(&number)),
            Self::Words(words) => words.contains(&value),
        };
        accepted.then_some(())
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("`yes` or `no`"),
            Self::Number(low, high) => write!(f, "a number from {low} to {high}"),
            Self::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                f.write_str(&words.join(" or "))
            }
        }
    }
}

/// A type of setting.
trait Setting: Sized {
    fn read(value: &str) -> Option<Self>;
}

impl Setting for u64 {
    fn read(value: &str) -> Option<Self> {
        value.parse().ok()
    }
}

impl Setting for bool {
    fn read(value: &str) -> Option<Self> {
        match value {
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => None,
        }
    }
}

impl Setting for AsymmetricPath {
    fn read(value: &str) -> Option<Self> {
        match value {
            "drop" => Some(Self::Drop),
            "bypass" => Some(Self::Bypass),
            _ => None,
        }
    }
}

impl Setting for UrgentData {
    fn read(value: &str) -> Option<Self> {
        match value {
            "clear" => Some(Self::Clear),
            "oobinline" => Some(Self::OobInline),
            _ => None,
        }
    }
}

impl Setting for ResourceLimit {
    fn read(value: &str) -> Option<Self> {
        match value {
            "drop" => Some(Self::Drop),
            "bypass" => Some(Self::Bypass),
            _ => None,
        }
    }
}

impl Setting for DenyResets {
    fn read(value: &str) -> Option<Self> {
        match value {
            "both" => Some(Self::Both),
            "client" => Some(Self::Client),
            _ => None,
        }
    }
}

impl Setting for FtpData {
    fn read(value: &str) -> Option<Self> {
        match value {
            "ftp" => Some(Self::Ftp),
            "ftp-data" => Some(Self::FtpData),
            _ => None,
        }
    }
}

impl Setting for PanosVersion {
    fn read(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.name() == value)
    }
}

impl Setting for Oversubscription {
    fn read(value: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == value).map(|&(_, times)| times)
    }
}

#[cfg(test)]
mod tests;
