//! Settings by their PAN-OS keys, with defaults and ranges (PANOS.md 5.1, 6.1), and the model's own knobs (13.2).

/// A setting that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// No such key.
    #[error("no setting `{key}`{}", suggestion.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    Unknown {
        /// As given.
        key: String,
        /// The nearest key there is.
        suggestion: Option<String>,
    },
    /// A value the key does not take.
    #[error("setting `{key}` takes {expected}, not `{value}`")]
    Value {
        /// The key.
        key: String,
        /// As given.
        value: String,
        /// What it takes: `1 to 60 (seconds)`, `yes or no`.
        expected: String,
    },
}

/// Declares the settings: one field, one key, one default and one line of documentation each.
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $field:ident: $kind:ident = $default:expr, $key:literal $(, $low:literal..=$high:literal)?;)+) => {
        /// All settings.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $field: settings!(@type $kind),)+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl Settings {
            /// Every key with its default and what it means.
            pub const KEYS: &'static [(&'static str, &'static str)] = &[$(($key, concat!($($doc),+)),)+];

            /// Sets one by its key, e.g. `session.tcp-reject-non-syn` to `no`.
            ///
            /// # Errors
            /// Where there is no such key or it does not take that value.
            pub fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
                match key {
                    $($key => self.$field = settings!(@parse $kind, key, value $(, $low..=$high)?),)+
                    _ => return Err(unknown(key)),
                }
                Ok(())
            }
        }
    };
    (@type number) => { u64 };
    (@type flag) => { bool };
    (@type asymmetric) => { AsymmetricPath };
    (@parse number, $key:expr, $value:expr, $low:literal..=$high:literal) => {
        $value.trim().parse::<u64>().ok().filter(|number| ($low..=$high).contains(number)).ok_or_else(|| SettingError::Value {
            key: $key.to_owned(),
            value: $value.to_owned(),
            expected: concat!("a number from ", stringify!($low), " to ", stringify!($high)).to_owned(),
        })?
    };
    (@parse flag, $key:expr, $value:expr) => { flag($key, $value)? };
    (@parse asymmetric, $key:expr, $value:expr) => { asymmetric($key, $value)? };
}

/// `tcp.asymmetric-path`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsymmetricPath {
    /// Segments outside the sliding window are dropped, RSTs are verified.
    Drop,
    /// No such inspection.
    Bypass,
}

settings! {
    /// Seconds a session of a protocol other than TCP, UDP and ICMP lives without a packet.
    timeout_default: number = 30, "session.timeout-default", 1..=15_999_999;
    /// Seconds an ICMP session lives without a packet.
    timeout_icmp: number = 6, "session.timeout-icmp", 1..=15_999_999;
    /// Seconds a UDP session lives without a packet.
    timeout_udp: number = 30, "session.timeout-udp", 1..=15_999_999;
    /// Seconds an established TCP session lives without a packet.
    timeout_tcp: number = 3_600, "session.timeout-tcp", 1..=15_999_999;
    /// Seconds after a SYN that nothing answers.
    timeout_tcpinit: number = 5, "session.timeout-tcpinit", 1..=60;
    /// Seconds after a SYN-ACK that no ACK answers.
    timeout_tcphandshake: number = 10, "session.timeout-tcphandshake", 1..=60;
    /// Seconds after the first FIN.
    timeout_tcp_half_closed: number = 120, "session.timeout-tcp-half-closed", 1..=604_800;
    /// Seconds after the second FIN or a verified RST.
    timeout_tcp_time_wait: number = 15, "session.timeout-tcp-time-wait", 1..=600;
    /// Seconds after a RST whose sequence number was not the expected one.
    timeout_tcp_unverified_rst: number = 30, "session.timeout-tcp-unverified-rst", 1..=600;
    /// Seconds a denied TCP session stays in DISCARD.
    timeout_discard_tcp: number = 90, "session.timeout-discard-tcp", 1..=15_999_999;
    /// Seconds a denied UDP session stays in DISCARD.
    timeout_discard_udp: number = 60, "session.timeout-discard-udp", 1..=15_999_999;
    /// Seconds any other denied session stays in DISCARD.
    timeout_discard_default: number = 60, "session.timeout-discard-default", 1..=15_999_999;
    /// Refuse a TCP packet without session that is not a SYN.
    tcp_reject_non_syn: flag = true, "session.tcp-reject-non-syn";
    /// How many sessions there can be at once.
    max_sessions: number = 4_000_000, "session.max-sessions", 1..=100_000_000;
    /// What happens to segments outside the sliding window: drop or bypass.
    asymmetric_path: asymmetric = AsymmetricPath::Drop, "tcp.asymmetric-path";
    /// How many out-of-order segments a session may have waiting for App-ID.
    tcp_out_of_order_segments: number = 64, "tcp.out-of-order-segments", 1..=1_024;
    /// Forward segments over that limit without inspection, instead of dropping them.
    tcp_bypass_exceed_oo_queue: flag = false, "tcp.bypass-exceed-oo-queue";
    /// Call a session unknown when another data packet comes after so many; 0 for no such limit.
    unknown_after_data_packets: number = 8, "model.unknown-after-data-packets", 0..=10_000;
    /// Call a session unknown when so many payload bytes have been seen; 0 for no such limit.
    unknown_after_payload_bytes: number = 2_000, "model.unknown-after-payload-bytes", 0..=1_000_000;
    /// However promising a decoder finds the bytes, after so many data packets it must be certain.
    app_id_packets: number = 64, "model.app-id-packets", 1..=10_000;
    /// Time to live up to which a probe counts as traceroute.
    traceroute_ttl_threshold: number = 30, "application.traceroute-ttl-threshold", 0..=255;
    /// Let a block rule that names applications and an explicit service fire on the first packet.
    block_by_service: flag = false, "model.block-by-service";
    /// Allow what an allowed application uses implicitly.
    implicit_applications: flag = true, "model.implicit-applications";
    /// Send a RST for a reset action before the handshake is complete.
    reset_before_handshake: flag = false, "model.reset-before-handshake";
    /// Let packets after the first FIN refresh the half-closed timer.
    half_closed_refresh: flag = true, "model.half-closed-refresh";
    /// How many IP datagrams may wait for their fragments at once.
    max_datagrams: number = 1_024, "model.max-fragmented-datagrams", 1..=65_536;
    /// Seconds a datagram waits for its fragments.
    fragment_timeout: number = 30, "model.fragment-timeout", 1..=600;
}

fn unknown(key: &str) -> SettingError {
    let suggestion = Settings::KEYS
        .iter()
        .map(|&(name, _)| (strsim::jaro_winkler(key, name), name))
        .filter(|&(likeness, _)| likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.to_owned());
    SettingError::Unknown { key: key.to_owned(), suggestion }
}

fn flag(key: &str, value: &str) -> Result<bool, SettingError> {
    match value.trim() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(SettingError::Value {
            key: key.to_owned(),
            value: value.to_owned(),
            expected: "`yes` or `no`".to_owned(),
        }),
    }
}

fn asymmetric(key: &str, value: &str) -> Result<AsymmetricPath, SettingError> {
    match value.trim() {
        "drop" => Ok(AsymmetricPath::Drop),
        "bypass" => Ok(AsymmetricPath::Bypass),
        _ => Err(SettingError::Value {
            key: key.to_owned(),
            value: value.to_owned(),
            expected: "`drop` or `bypass`".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_by_key() {
        let mut settings = Settings::default();
        settings.set("session.tcp-reject-non-syn", "no").unwrap();
        assert!(!settings.tcp_reject_non_syn);
        settings.set("tcp.asymmetric-path", "bypass").unwrap();
        assert_eq!(settings.asymmetric_path, AsymmetricPath::Bypass);
        assert_eq!(
            settings.set("session.timeout-tcpinit", "61").unwrap_err().to_string(),
            "setting `session.timeout-tcpinit` takes a number from 1 to 60, not `61`"
        );
        assert_eq!(
            settings.set("session.timeout-tcp-init", "5").unwrap_err().to_string(),
            "no setting `session.timeout-tcp-init`; did you mean `session.timeout-tcpinit`?"
        );
    }
}
