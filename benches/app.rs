//! What identification costs a session: by its first payload, and where nothing is found.
#![expect(clippy::unwrap_used, reason = "a bench's set-up")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firstpass::app::{Catalog, Heads, Identified, Identifier};
use firstpass::flow::{Direction, Protocol};

const HELLO: &[u8] = b"\x16\x03\x01\x00\x42\x01\x00\x00\x3e\x03\x03abcdefghijklmnopqrstuvwxyzabcdef\
    \x00\x00\x02\x13\x01\x01\x00\x00\x13\x00\x00\x00\x0f\x00\x0d\x00\x00\x0bexample.org";
const GET: &[u8] =
    b"GET /index.html HTTP/1.1\r\nHost: example.org\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n";
const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03org\0\0\x01\0\x01";
const IDENT: &[u8] = b"SSH-2.0-OpenSSH_9.6\r\n";
const BANNER: &[u8] = b"220 (vsFTPd 3.0.5)\r\n";
const USER: &[u8] = b"USER anonymous\r\n";
/// As in the device test that PANOS.md 2.10 tells of: lines that no protocol has.
const LINE: &[u8] = b"0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnopqrstuvwxyz\n";

/// Who speaks, and what.
type Dialogue = &'static [(Direction, &'static [u8])];

const SESSIONS: &[(&str, Protocol, Dialogue)] = &[
    ("tls", Protocol::TCP, &[(Direction::ClientToServer, HELLO)]),
    ("http", Protocol::TCP, &[(Direction::ClientToServer, GET), (Direction::ServerToClient, OK)]),
    ("ssh", Protocol::TCP, &[(Direction::ServerToClient, IDENT), (Direction::ClientToServer, IDENT)]),
    ("ftp", Protocol::TCP, &[(Direction::ServerToClient, BANNER), (Direction::ClientToServer, USER)]),
    ("unknown-tcp", Protocol::TCP, &[(Direction::ClientToServer, LINE), (Direction::ServerToClient, LINE)]),
    ("dns", Protocol::UDP, &[(Direction::ClientToServer, QUERY)]),
    ("unknown-udp", Protocol::UDP, &[(Direction::ClientToServer, LINE), (Direction::ServerToClient, LINE)]),
];

/// Shows the dialogue to the decoders, message by message, until one of them is certain.
fn identify(catalog: &Catalog, identifier: &Identifier, protocol: Protocol, dialogue: Dialogue) -> bool {
    let mut candidates = identifier.start(protocol);
    let (mut client, mut server): (&[u8], &[u8]) = (&[], &[]);
    let mut datagrams = [(Direction::ClientToServer, 0); 2];
    for (count, (direction, bytes)) in dialogue.iter().enumerate() {
        match direction {
            Direction::ClientToServer => client = bytes,
            Direction::ServerToClient => server = bytes,
        }
        datagrams[count] = (*direction, u32::try_from(bytes.len()).unwrap());
        let datagrams = if protocol == Protocol::UDP { &datagrams[..=count] } else { &[] };
        let heads = Heads { protocol, dport: 4_000, ttl: 64, client, server, datagrams, ..Heads::default() };
        if let Identified::Found(app, finding) =
            identifier.inspect(catalog, &mut candidates, black_box(&heads))
        {
            black_box((app, finding));
            return true;
        }
    }
    false
}

fn sessions(c: &mut Criterion) {
    let catalog = Catalog::builtin().unwrap();
    let identifier = Identifier::new(&catalog);
    let mut group = c.benchmark_group("app");
    group.throughput(Throughput::Elements(1));
    for (name, protocol, dialogue) in SESSIONS {
        assert_eq!(identify(&catalog, &identifier, *protocol, dialogue), !name.starts_with("unknown"));
        group.bench_function(*name, |b| b.iter(|| identify(&catalog, &identifier, *protocol, dialogue)));
    }
    group.finish();
    c.bench_function("app/catalog", |b| b.iter(|| Catalog::builtin().unwrap()));
    c.bench_function("app/index", |b| b.iter(|| Identifier::new(black_box(&catalog))));
}

criterion_group!(benches, sessions);
criterion_main!(benches);
