use super::*;

#[test]
fn sets_by_key() {
    let mut settings = Settings::default();
    settings.set("session.tcp-reject-non-syn", "no").unwrap();
    assert!(!settings.tcp_reject_non_syn);
    settings.set("tcp.asymmetric-path", "bypass").unwrap();
    assert_eq!(settings.asymmetric_path, AsymmetricPath::Bypass);
}

#[test]
fn releases_differ_in_how_much_may_wait() {
    let limit = |panos_version, tcp_out_of_order_segments| {
        Settings { panos_version, tcp_out_of_order_segments, ..Settings::default() }.out_of_order_limit()
    };
    assert_eq!([PanosVersion::V9_1, PanosVersion::V10_0].map(|version| limit(version, 0)), [32, 64]);
    assert_eq!(limit(PanosVersion::V8_1, 100), 100);
}

#[test]
fn says_what_cannot_be() {
    for (key, value, message) in [
        (
            "session.timeout-tcpinit",
            "61",
            "setting `session.timeout-tcpinit` takes a number from 1 to 60, not `61`",
        ),
        (
            "session.timeout-udp",
            "-1",
            "setting `session.timeout-udp` takes a number from 1 to 15999999, not `-1`",
        ),
        (
            "session.tcp-reject-non-syn",
            "maybe",
            "setting `session.tcp-reject-non-syn` takes `yes` or `no`, not `maybe`",
        ),
        ("tcp.asymmetric-path", "yes", "setting `tcp.asymmetric-path` takes `drop` or `bypass`, not `yes`"),
        (
            "session.scan-threshold",
            "49",
            "setting `session.scan-threshold` takes a number from 50 to 99, not `49`",
        ),
        (
            "session.timeout-tcp-init",
            "5",
            "no setting `session.timeout-tcp-init`; did you mean `session.timeout-tcpinit`?",
        ),
        ("quite.different\u{1b}", "5", "no setting `quite.different\\u{1b}`"),
    ] {
        assert_eq!(Settings::default().set(key, value).unwrap_err().to_string(), message);
    }
}

#[test]
fn every_key_is_unique_and_takes_its_default() {
    let mut keys: Vec<&str> = Settings::all().map(|info| info.key).collect();
    keys.sort_unstable();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    for info in Settings::all() {
        assert_eq!(info.default_value().is_some(), info.modelled, "{}", info.key);
    }
    // PANOS.md 5.1, in seconds.
    for (key, default) in [
        ("session.timeout-default", "30"),
        ("session.timeout-icmp", "6"),
        ("session.timeout-udp", "30"),
        ("session.timeout-tcp", "3600"),
        ("session.timeout-tcpinit", "5"),
        ("session.timeout-tcphandshake", "10"),
        ("session.timeout-tcp-half-closed", "120"),
        ("session.timeout-tcp-time-wait", "15"),
        ("session.timeout-tcp-unverified-rst", "30"),
        ("session.timeout-discard-tcp", "90"),
        ("session.timeout-discard-udp", "60"),
        ("session.timeout-discard-default", "60"),
        ("session.tcp-reject-non-syn", "yes"),
        ("session.resource-limit-behavior", "drop"),
        ("session.accelerated-aging-enable", "yes"),
        ("session.accelerated-aging-threshold", "80"),
        ("session.accelerated-aging-scaling-factor", "2"),
        ("session.timeout-scan", "10"),
        ("session.scan-threshold", "80"),
        ("session.scan-scaling-factor", "8"),
        ("config.rematch", "no"),
        ("tcp.asymmetric-path", "drop"),
        ("tcp.bypass-exceed-oo-queue", "no"),
    ] {
        let mut settings = Settings::default();
        settings.set(key, default).unwrap();
        assert_eq!(settings, Settings::default(), "{key}");
    }
}
