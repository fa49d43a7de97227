//! What identification costs a session: by its first payload, where nothing is found, and as an application shifts. The
//! cost is to stay as it is however many decoders there are: each group asks the first 20, the first 80 where there are more, and all.
#![expect(clippy::unwrap_used, reason = "a bench's set-up")]

use std::collections::VecDeque;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use firstpass::app::{
    Catalog, Followed, Followers, Heads, Identified, Identifier, Shifts, Signatures, Terms, Watch,
};
use firstpass::flow::{Direction, Protocol};

const HELLO: &[u8] = b"\x16\x03\x01\x00\x42\x01\x00\x00\x3e\x03\x03abcdefghijklmnopqrstuvwxyzabcdef\
    \x00\x00\x02\x13\x01\x01\x00\x00\x13\x00\x00\x00\x0f\x00\x0d\x00\x00\x0bexample.org";
const SERVICE: &[u8] = b"\x16\x03\x01\x00\x47\x01\x00\x00\x43\x03\x03abcdefghijklmnopqrstuvwxyzabcdef\
    \x00\x00\x02\x13\x01\x01\x00\x00\x18\x00\x00\x00\x14\x00\x12\x00\x00\x0fmail.google.com";
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
    let all = Identifier::decoders();
    for (name, protocol, dialogue) in SESSIONS {
        let mut group = c.benchmark_group(format!("app/{name}"));
        group.throughput(Throughput::Elements(1));
        for count in [20, 80].into_iter().filter(|count| *count < all).chain([all]) {
            let identifier = Identifier::with_decoders(&catalog, count);
            // Which are the first ones is no promise: what has no decoder among them is not found.
            let found = identify(&catalog, &identifier, *protocol, dialogue);
            assert!(count < all || found != name.starts_with("unknown"), "{name}");
            let id =
                BenchmarkId::from_parameter(format!("{count}{}", if count == all { " (all)" } else { "" }));
            group.bench_function(id, |b| b.iter(|| identify(&catalog, &identifier, *protocol, dialogue)));
        }
        group.finish();
    }
    c.bench_function("app/catalog", |b| b.iter(|| Catalog::builtin().unwrap()));
    c.bench_function("app/index", |b| b.iter(|| Identifier::new(black_box(&catalog))));
}

/// A ClientHello that names a service: two steps from `ssl`.
fn behind_tls(catalog: &Catalog, identifier: &Identifier, followers: Followers) -> usize {
    let (protocol, ssl) = (Protocol::TCP, catalog.find("ssl").unwrap());
    let heads = Heads { protocol, dport: 443, client: SERVICE, ..Heads::default() };
    let (mut passed, mut followers) = (vec![ssl], followers);
    while let Some(Followed::Application(app, seen) | Followed::Through(app, seen)) =
        identifier.follow(catalog, &mut followers, black_box(&heads), &passed, false)
    {
        black_box(seen);
        passed.push(app);
    }
    passed.len()
}

fn shifts(c: &mut Criterion) {
    let catalog = Catalog::builtin().unwrap();
    let identifier = Identifier::new(&catalog);
    let mut group = c.benchmark_group("app/shift");
    group.throughput(Throughput::Elements(1));
    let followers = identifier.followers(catalog.find("ssl").unwrap(), Shifts::ALL);
    assert_eq!(behind_tls(&catalog, &identifier, followers), 3);
    group.bench_function("ssl to a service", |b| b.iter(|| behind_tls(&catalog, &identifier, followers)));
    let heads = Heads { protocol: Protocol::TCP, dport: 80, client: GET, server: OK, ..Heads::default() };
    let (signatures, web) = (Signatures::default(), catalog.find("web-browsing").unwrap());
    let terms = Terms { catalog: &catalog, signatures: &signatures };
    let mut watch = Watch::of(terms, &heads, web).unwrap();
    let mut turns = VecDeque::new();
    group.bench_function("http, a request and its response", |b| {
        b.iter(|| {
            watch.feed(terms, &[web], (Direction::ClientToServer, black_box(GET)), &mut turns);
            watch.feed(terms, &[web], (Direction::ServerToClient, black_box(OK)), &mut turns);
            assert!(turns.is_empty());
        });
    });
    group.finish();
}

criterion_group!(benches, sessions, shifts);
criterion_main!(benches);
