//! The engine alone: packets that are decoded already, a rulebase of 200 rules.
#![expect(clippy::expect_used, reason = "a bench that cannot go on fails")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use firstpass::config::World;
use firstpass::engine::{Events, Firewall};
use firstpass::flow::{Addr, Arrival, Protocol};
use firstpass::packet::{Checksum, IpHeader, Layer4, Packet, Payload, TcpFlags, TcpSegment};
use firstpass::time::{Span, Timestamp};

const CLIENT: u32 = 0x0a01_0000;
const SERVER: u32 = 0xc633_0001;
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h.example\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1400\r\n\r\n";

fn world() -> Arc<World> {
    let mut rules = String::from("[zones]\ntrust = [\"10.0.0.0/8\"]\nuntrust = [\"0.0.0.0/0\", \"::/0\"]\n");
    for number in 0..199 {
        rules.push_str(&format!(
            "[[security]]\nname = \"rule {number}\"\nfrom = \"trust\"\nto = \"untrust\"\ndestination = \
             \"203.0.{number}.0/24\"\napplication = [\"ssl\", \"web-browsing\"]\naction = \"allow\"\n"
        ));
    }
    rules.push_str("[[security]]\nname = \"rest\"\nservice = \"any\"\naction = \"allow\"\n");
    Arc::new(World::from_toml(&rules).expect("the rulebase is right"))
}

/// One segment of conversation `number`.
fn segment(
    number: u32,
    to_server: bool,
    flags: u8,
    seq: u32,
    ack: u32,
    payload: &'static [u8],
) -> Packet<'static> {
    let client = Addr::v4((CLIENT + number / 50_000).to_be_bytes());
    let server = Addr::v4(SERVER.to_be_bytes());
    let port = u16::try_from(number % 50_000).expect("below 65,536") + 1_024;
    let (src, dst, sport, dport) =
        if to_server { (client, server, port, 80) } else { (server, client, 80, port) };
    let len = u32::try_from(payload.len()).expect("short");
    let tcp = TcpSegment {
        sport,
        dport,
        seq,
        ack,
        flags: TcpFlags(flags),
        window: 64_240,
        options: &[],
        payload: Payload { bytes: payload, len },
    };
    Packet {
        number: 1,
        fragments: &[],
        wire_len: 54 + len,
        arrival: Arrival::default(),
        ip: IpHeader { src, dst, protocol: Protocol::TCP, ttl: 64, ..IpHeader::default() },
        layer4: Layer4::Tcp(tcp),
        checksum: Checksum::Unknown,
        datagram: &[],
    }
}

/// A whole HTTP session, ten packets.
fn session(number: u32) -> [Packet<'static>; 10] {
    let (request, response) = (REQUEST.len() as u32, RESPONSE.len() as u32);
    let c = |flags, seq, ack, payload| segment(number, true, flags, seq, ack, payload);
    let s = |flags, seq, ack, payload| segment(number, false, flags, seq, ack, payload);
    [
        c(0x02, 100, 0, b""),
        s(0x12, 500, 101, b""),
        c(0x10, 101, 501, b""),
        c(0x18, 101, 501, REQUEST),
        s(0x10, 501, 101 + request, b""),
        s(0x18, 501, 101 + request, RESPONSE),
        c(0x10, 101 + request, 501 + response, b""),
        c(0x11, 101 + request, 501 + response, b""),
        s(0x11, 501 + response, 102 + request, b""),
        c(0x10, 102 + request, 502 + response, b""),
    ]
}

fn run(firewall: &mut Firewall, packets: &[Packet<'_>], at: &mut Timestamp, events: &mut Events) {
    for packet in packets {
        *at = *at + Span::from_nanos(10_000);
        black_box(firewall.step(*at, packet, events));
        events.clear();
    }
}

fn engine(criterion: &mut Criterion) {
    let world = world();
    let fresh =
        || (Firewall::new(Arc::clone(&world)), Timestamp::from_secs(1_700_000_000), Events::default());
    let mut group = criterion.benchmark_group("engine");

    let sessions: Vec<Packet<'_>> = (0..1_000).flat_map(session).collect();
    group.throughput(Throughput::Elements(sessions.len() as u64));
    group.bench_function("whole sessions", |bencher| {
        bencher.iter_batched_ref(
            fresh,
            |(firewall, at, events)| run(firewall, &sessions, at, events),
            BatchSize::LargeInput,
        );
    });

    let scan: Vec<Packet<'_>> = (0..10_000).map(|number| session(number)[0]).collect();
    group.throughput(Throughput::Elements(scan.len() as u64));
    group.bench_function("lone SYNs", |bencher| {
        bencher.iter_batched_ref(
            fresh,
            |(firewall, at, events)| run(firewall, &scan, at, events),
            BatchSize::LargeInput,
        );
    });

    let data = [session(0)[6]; 1_000];
    group.throughput(Throughput::Elements(data.len() as u64));
    group.bench_function("established", |bencher| {
        let (mut firewall, mut at, mut events) = fresh();
        run(&mut firewall, &session(0)[..7], &mut at, &mut events);
        bencher.iter(|| run(&mut firewall, &data, &mut at, &mut events));
    });
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
