//! `show session info` (PANOS.md 11.5).

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::{RULE, Scene};
use crate::config::ResourceLimit;
use crate::flow::Protocol;

/// A label and its value; a value of nothing makes a heading.
type Line = (&'static str, String);

/// Writes counts and settings in PAN-OS's order.
pub(super) fn text(out: &mut dyn Write, scene: &Scene<'_>) -> io::Result<()> {
    writeln!(out, "target-dp: *.dp0")?;
    for (label, value) in
        parts(scene).into_iter().flat_map(|part| [vec![(RULE, String::new())], part].concat())
    {
        match value.as_str() {
            "" => writeln!(out, "{label}")?,
            list if list.starts_with(' ') && list.contains(',') => writeln!(out, "{label}:\n{list}")?,
            _ => writeln!(out, "{:<49}{value}", format!("{label}:"))?,
        }
    }
    writeln!(out, "{RULE}")
}

/// The same as data, by the labels of the text; numbers and truths are such.
pub(super) fn json(scene: &Scene<'_>) -> Value {
    let lines = parts(scene).into_iter().flatten().filter(|(_, value)| !value.is_empty());
    let data = lines.map(|(label, value)| {
        let value = match value.trim() {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            text => text.parse().map_or_else(|_| Value::String(text.to_owned()), |number: u64| number.into()),
        };
        (label.trim().trim_end_matches(':').to_owned(), value)
    });
    Value::Object(data.collect::<Map<_, _>>())
}

fn parts(scene: &Scene<'_>) -> [Vec<Line>; 8] {
    let alone = |label, value: &str| vec![(label, value.to_owned())];
    let limit = match scene.world().settings.resource_limit {
        ResourceLimit::Drop => "drop",
        ResourceLimit::Bypass => "bypass",
    };
    [
        counts(scene),
        timeouts(scene),
        aging(scene),
        setup(scene),
        scan(scene),
        alone("Session behavior when resource limit is reached", limit),
        alone("Pcap token bucket rate", "n/a"),
        alone("Max pending queued mcast packets per session", "0"),
    ]
}

/// Lines whose values stand already.
fn fixed<const N: usize>(lines: [(&'static str, &str); N]) -> Vec<Line> {
    lines.map(|(label, value)| (label, value.to_owned())).into()
}

/// What the table holds. Kinds of sessions that the model does not have are none.
fn counts(scene: &Scene<'_>) -> Vec<Line> {
    let firewall = scene.firewall;
    let (mut tcp, mut udp, mut icmp) = (0u64, 0u64, 0u64);
    for standing in firewall.sessions().filter(|standing| standing.predicted.is_none()) {
        match standing.record.c2s.protocol {
            Protocol::TCP => tcp += 1,
            Protocol::UDP => udp += 1,
            Protocol::ICMP | Protocol::ICMPV6 => icmp += 1,
            Protocol(_) => {}
        }
    }
    let max = scene.world().settings.max_sessions;
    let allocated = firewall.live_sessions() as u64;
    let rates = scene.noted.rates(scene.now());
    let number = |number: u64| number.to_string();
    vec![
        ("Number of sessions supported", number(max)),
        ("Number of allocated sessions", number(allocated)),
        ("Number of active TCP sessions", number(tcp)),
        ("Number of active UDP sessions", number(udp)),
        ("Number of active ICMP sessions", number(icmp)),
        ("Number of active GTPc sessions", number(0)),
        ("Number of active GTPu sessions", number(0)),
        ("Number of pending GTPu sessions", number(0)),
        ("Number of active BCAST sessions", number(0)),
        ("Number of active MCAST sessions", number(0)),
        ("Number of active predict sessions", number(firewall.predictions().count() as u64)),
        ("Number of active SCTP sessions", number(0)),
        ("Number of active SCTP associations", number(0)),
        ("Session table utilization", format!("{}%", allocated * 100 / max.max(1))),
        ("Number of sessions created since bootup", number(firewall.created_sessions())),
        ("Packet rate", format!("{}/s", rates.packets)),
        ("Throughput", format!("{} kbps", rates.bytes * 8 / 1_000)),
        ("New connection establish rate", format!("{} cps", rates.sessions)),
    ]
}

fn timeouts(scene: &Scene<'_>) -> Vec<Line> {
    let settings = &scene.world().settings;
    let seconds = |seconds: u64| format!("{seconds:>6} secs");
    let discard = format!(
        "    TCP: {} secs, UDP: {} secs, SCTP: 60 secs, other IP protocols: {} secs",
        settings.timeout_discard_tcp, settings.timeout_discard_udp, settings.timeout_discard_default,
    );
    vec![
        ("Session timeout", String::new()),
        ("  TCP default timeout", seconds(settings.timeout_tcp)),
        ("  TCP session timeout before SYN-ACK received", seconds(settings.timeout_tcpinit)),
        ("  TCP session timeout before 3-way handshaking", seconds(settings.timeout_tcphandshake)),
        ("  TCP half-closed session timeout", seconds(settings.timeout_tcp_half_closed)),
        ("  TCP session timeout in TIME_WAIT", seconds(settings.timeout_tcp_time_wait)),
        ("  TCP session delayed ack timeout", format!("{:>6} millisecs", 250)),
        ("  TCP session timeout for unverified RST", seconds(settings.timeout_tcp_unverified_rst)),
        ("  UDP default timeout", seconds(settings.timeout_udp)),
        ("  ICMP default timeout", seconds(settings.timeout_icmp)),
        ("  SCTP default timeout", seconds(3_600)),
        ("  SCTP timeout before INIT-ACK received", seconds(5)),
        ("  SCTP timeout before COOKIE received", seconds(60)),
        ("  SCTP timeout before SHUTDOWN received", seconds(30)),
        ("  other IP default timeout", seconds(settings.timeout_default)),
        ("  Captive Portal session timeout", seconds(30)),
        ("  Session timeout in discard state", discard),
    ]
}

fn aging(scene: &Scene<'_>) -> Vec<Line> {
    let settings = &scene.world().settings;
    fixed([
        ("Session accelerated aging", truth(settings.accelerated_aging)),
        (
            "  Accelerated aging threshold",
            &format!("{}% of utilization", settings.accelerated_aging_threshold),
        ),
        ("  Scaling factor", &format!("{} X", settings.accelerated_aging_factor)),
    ])
}

const fn truth(is: bool) -> &'static str {
    if is { "True" } else { "False" }
}

fn setup(scene: &Scene<'_>) -> Vec<Line> {
    let settings = &scene.world().settings;
    let rate = format!("{} pps", settings.icmp_unreachable_rate);
    fixed([
        ("Session setup", ""),
        ("  TCP - reject non-SYN first packet", truth(settings.tcp_reject_non_syn)),
        ("  Hardware session offloading", "n/a"),
        ("  Hardware UDP session offloading", "n/a"),
        ("  IPv6 firewalling", "True"),
        ("  Strict TCP/IP checksum", "n/a"),
        ("  Strict TCP RST sequence", truth(settings.strict_rst)),
        ("  Reject TCP small initial window", "False"),
        ("  ICMP Unreachable Packet Rate", &rate),
    ])
}

fn scan(scene: &Scene<'_>) -> Vec<Line> {
    let settings = &scene.world().settings;
    fixed([
        ("Application trickling scan parameters:", ""),
        ("  Timeout to determine application trickling", &format!("{} secs", settings.timeout_scan)),
        ("  Resource utilization threshold to start scan", &format!("{}%", settings.scan_threshold)),
        ("  Scan scaling factor over regular aging", &settings.scan_factor.to_string()),
    ])
}
