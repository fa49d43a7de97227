//! A SYN flood against a session table of a million: ten million connections that nobody answers, faster than they age.
//!
//! Prints a line for each million packets: processor time per packet, sessions in the table, resident memory. All three
//! are to stay flat once the table is full. With `--test`, a hundredth of it.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that prints, and fails where it cannot go on"
)]

use std::fs;
use std::hint::black_box;
use std::sync::Arc;

use firstpass::config::World;
use firstpass::engine::{EventKind, Events, Firewall};
use firstpass::flow::{Addr, Arrival, Protocol};
use firstpass::packet::{Checksum, IpHeader, Layer4, Packet, Payload, TcpFlags, TcpSegment};
use firstpass::time::{Span, Timestamp};

/// Connections.
const CONNECTIONS: u32 = 10_000_000;
/// Room in the session table.
const ROOM: u32 = 1_000_000;
/// Nanoseconds between two SYNs: 500,000 a second, more than five seconds of which there is no room for.
const GAP: u64 = 2_000;
/// Length of a tick of the kernel's accounting, in nanoseconds (`USER_HZ` is 100).
const TICK: u64 = 10_000_000;
/// Bytes of a page of memory.
const PAGE: u64 = 4_096;

fn world(room: u32, accelerated: bool) -> Arc<World> {
    let rules = format!(
        "[zones]\nuntrust = [\"0.0.0.0/0\"]\ndmz = [\"192.0.2.0/24\"]\n\
         [[security]]\nname = \"Web\"\nfrom = \"untrust\"\nto = \"dmz\"\napplication = \"web-browsing\"\n\
         [setting.session]\nmax-sessions = {room}\naccelerated-aging-enable = {accelerated}\n\
         scan-threshold = 99\n"
    );
    Arc::new(World::from_toml(&rules).expect("the rulebase is right"))
}

/// The SYN of connection `number`, each from an address of its own.
fn syn(number: u32) -> Packet<'static> {
    let tcp = TcpSegment {
        sport: 40_000,
        dport: 80,
        seq: 1,
        ack: 0,
        flags: TcpFlags::SYN,
        window: 64_240,
        options: &[],
        payload: Payload { bytes: b"", len: 0 },
    };
    Packet {
        number: u64::from(number) + 1,
        fragments: &[],
        wire_len: 54,
        arrival: Arrival::default(),
        ip: IpHeader {
            src: Addr::v4((0x0a00_0000 + number).to_be_bytes()),
            dst: Addr::v4([192, 0, 2, 10]),
            protocol: Protocol::TCP,
            ttl: 64,
            ..IpHeader::default()
        },
        layer4: Layer4::Tcp(tcp),
        checksum: Checksum::Unknown,
        datagram: &[],
    }
}

/// Processor time of this process in nanoseconds; 0 where the system does not tell (`/proc/self/stat`, proc(5)).
fn processor_time() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * TICK
}

/// Resident memory in bytes; 0 where the system does not tell (`/proc/self/statm`, proc(5)).
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0) * PAGE
}

fn flood(scale: u32, accelerated: bool) {
    let (connections, room) = (CONNECTIONS / scale, ROOM / scale);
    let gap = Span::from_nanos(GAP * u64::from(scale));
    println!("accelerated ageing {}", if accelerated { "on" } else { "off" });
    println!("  packets   ns/packet   set up  no room   sessions   resident MiB");
    let mut firewall = Firewall::new(world(room, accelerated));
    let (mut at, mut events) = (Timestamp::from_secs(1_700_000_000), Events::default());
    let (mut set_up, mut refused, mut before) = (0u64, 0u64, processor_time());
    let step = connections / 10;
    for number in 0..connections {
        at = at + gap;
        black_box(firewall.step(at, &syn(number), &mut events));
        for event in events.list() {
            match event.kind {
                EventKind::Created { .. } => set_up += 1,
                EventKind::Limit { .. } => refused += 1,
                _ => {}
            }
        }
        events.clear();
        if (number + 1) % step == 0 {
            let now = processor_time();
            let each = (now - before) / u64::from(step);
            let (live, memory) = (firewall.live_sessions(), resident() >> 20);
            println!("{:>9} {each:>11} {set_up:>8} {refused:>8} {live:>10} {memory:>14}", number + 1);
            (set_up, refused, before) = (0, 0, processor_time());
        }
        assert!(firewall.live_sessions() <= room as usize, "more sessions than there is room for");
    }
}

fn main() {
    let scale = if std::env::args().any(|argument| argument == "--test") { 100 } else { 1 };
    for accelerated in [false, true] {
        flood(scale, accelerated);
    }
}
