//! Bytes that mean harm: lengths that lie, structures without end, streams made to be put together at great cost. Each
//! ends in a label or in none, with bounded work: what is kept has a limit, what is read twice has one, and nothing
//! panics.
//!
//! Work is counted, not timed: labels, limits reached, the packet that decided. The auditor reads along everywhere.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, in its helpers as well")]

mod played;

use std::sync::{Arc, LazyLock};

use firstpass::config::World;
use firstpass::flow::Direction;
use firstpass::flow::Direction::{ClientToServer as C, ServerToClient as S};
use played::{Talk, Told, hello, records};

/// Everything is allowed; App-ID as patient as it is by default.
static WORLD: LazyLock<Arc<World>> = LazyLock::new(|| world(""));

/// The same with all the patience that can be set.
static PATIENT: LazyLock<Arc<World>> = LazyLock::new(|| {
    world(
        "[setting.model]\napp-id-packets = 10_000\nunknown-after-data-packets = 0\nunknown-after-payload-bytes = 0",
    )
});

fn world(settings: &str) -> Arc<World> {
    let rules = "[zones]\neverywhere = \"0.0.0.0/0\"\n[[security]]\nname = \"Allow\"\nservice = \"any\"\n";
    Arc::new(
        World::from_toml(&format!("{rules}{settings}"))
            .unwrap_or_else(|error| panic!("{}", error.render(false))),
    )
}

/// What a client's stream is told as, in segments of so many bytes.
fn stream(world: &Arc<World>, port: u16, bytes: &[u8], len: usize) -> Told {
    let mut talk = Talk::tcp(port);
    let pieces: Vec<_> = (0..bytes.len()).step_by(len).map(|at| at..bytes.len().min(at + len)).collect();
    talk.turn(C, bytes, &pieces);
    talk.play(world)
}

/// A turn in one segment.
fn say(talk: &mut Talk, direction: Direction, bytes: &[u8]) {
    talk.turn(direction, bytes, std::slice::from_ref(&(0..bytes.len())));
}

/// Nothing yet, to this port.
fn udp(dport: u16) -> Talk {
    Talk { dport, ..Talk::default() }
}

fn datagram(talk: &mut Talk, direction: Direction, bytes: &[u8]) {
    let (builder, sport, dport) = talk.ends(direction);
    talk.frames.push(builder.udp(sport, dport, bytes));
}

/// What one datagram, said nine times, is told as: the ninth is more than App-ID waits for.
fn nine_times(port: u16, bytes: &[u8]) -> Told {
    let mut talk = udp(port);
    (0..9).for_each(|_| datagram(&mut talk, C, bytes));
    talk.play(&WORLD)
}

/// A ClientHello in one record, with the two bytes at a place replaced.
fn lying(at: usize, with: [u8; 2]) -> Vec<u8> {
    let mut bytes = records(&hello("mail.google.com", 0), 16_000);
    bytes[at..at + 2].copy_from_slice(&with);
    bytes
}

/// A length that is not that of what follows spoils the message, not the label that the first bytes have brought.
#[test]
fn lengths_that_lie() {
    for (what, bytes, names) in [
        ("the hello as it is", lying(0, [0x16, 3]), &["ssl", "google-base", "gmail-base"][..]),
        ("a record as long as can be", lying(3, [0xff, 0xff]), &["unknown-tcp"]),
        ("an empty record", lying(3, [0, 0]), &["unknown-tcp"]),
        ("a message of 16 MiB", lying(6, [0xff, 0xff]), &["ssl"]),
        ("a session id beyond the end", lying(43, [0xff, 0]), &["ssl"]),
        ("cipher suites beyond the end", lying(44, [0xff, 0xff]), &["ssl"]),
        ("extensions beyond the end", lying(50, [0xff, 0xff]), &["ssl"]),
        ("an extension beyond the end", lying(54, [0xff, 0xff]), &["ssl"]),
    ] {
        let bytes = [&bytes[..], &[0; 2_000]].concat();
        let told = stream(&WORLD, 443, &bytes, 500);
        assert_eq!(told.names(), names, "{what}");
    }
}

/// Structures that contain themselves, or go deeper than anybody needs.
#[test]
fn structures_without_end() {
    let dns = |name: &[u8]| [b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0", name, b"\0\x01\0\x01"].concat();
    let deep = |tag: u8, depth: usize| [vec![0x30, 0x82, 0x05, 0xa0], [tag, 0x80].repeat(depth)].concat();
    for (what, bytes) in [
        ("a name that points to itself", dns(b"\xc0\x0c")),
        ("two names that point to each other", dns(b"\x01a\xc0\x10\x01b\xc0\x0c")),
        ("a pointer beyond the end", dns(b"\x03www\xff\xff")),
        ("a label beyond the end", dns(b"\x3fabc")),
        ("a name of a thousand labels", dns(&[&b"\x01a".repeat(1_000)[..], b"\0"].concat())),
    ] {
        assert_eq!(nine_times(53, &bytes).names(), ["dns"], "{what}: on its port a sound header is enough");
        assert_eq!(nine_times(4_000, &bytes).names(), ["unknown-udp"], "{what}: elsewhere it is not");
    }
    for (what, port, bytes) in [
        ("sequences in sequences, SNMP", 161, deep(0x30, 700)),
        ("sequences in sequences, LDAP", 389, deep(0x30, 700)),
        ("a length of 2^32 - 1", 161, b"\x30\x84\xff\xff\xff\xff\x02\x01\x01".to_vec()),
    ] {
        assert_eq!(nine_times(port, &bytes).names(), ["unknown-udp"], "{what}");
        let told = stream(&WORLD, port, &[&bytes[..], &[0; 2_500]].concat(), 400);
        assert_eq!(told.names(), ["unknown-tcp"], "{what}, over TCP");
    }
}

/// A ClientHello is read over as many segments and records as it takes, up to the 16 KiB that are kept of a side.
#[test]
fn a_hello_of_any_size() {
    for (what, padding, record, segment, names) in [
        ("over two segments", 1_700, 16_000, 1_400, &["ssl", "google-base", "gmail-base"][..]),
        ("over ten records and segments", 13_000, 1_400, 1_400, &["ssl", "google-base", "gmail-base"]),
        ("in records of one byte", 1_500, 1, 1_400, &["ssl", "google-base", "gmail-base"]),
        ("longer than what is kept", 30_000, 16_000, 1_400, &["ssl"]),
        ("longer than what is kept, in many records", 60_000, 100, 1_400, &["ssl"]),
    ] {
        let bytes = records(&hello("mail.google.com", padding), record);
        let told = stream(&PATIENT, 443, &bytes, segment);
        assert_eq!(told.names(), names, "{what}");
        assert_eq!(told.forwarded, 3 + bytes.len().div_ceil(segment) as u64, "{what}: the session goes on");
    }
}

/// Of bytes that come twice the first ones count, whatever the second ones are: also where they come early.
#[test]
fn overlapping_segments_with_other_bytes() {
    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: www.facebook.com\r\n\r\n";
    const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.6 which is as long as a G";
    for (what, segments, names) in [
        ("again, as something else", vec![(0, GET), (0, SSH)], &["web-browsing", "facebook-base"][..]),
        (
            "again in part",
            vec![(0, &GET[..20]), (5, &SSH[5..20]), (20, &GET[20..])],
            &["web-browsing", "facebook-base"],
        ),
        (
            "again from the middle on",
            vec![(0, &GET[..20]), (10, &GET[10..])],
            &["web-browsing", "facebook-base"],
        ),
        (
            "early, as something else",
            vec![(8, &GET[8..]), (8, &SSH[8..]), (0, &GET[..8])],
            &["web-browsing", "facebook-base"],
        ),
    ] {
        let mut talk = Talk::tcp(80);
        for (at, bytes) in segments {
            talk.data(C, at, bytes);
        }
        assert_eq!(talk.play(&WORLD).names(), names, "{what}");
    }
}

/// Ten thousand segments of one byte: the decoders look at most as often as is set, and let go.
#[test]
fn one_byte_at_a_time() {
    let nonsense = b"0123456789 ".repeat(910);
    let nonsense = &nonsense[..10_000];
    let told = stream(&WORLD, 4_000, nonsense, 1);
    // A decoder that still hopes is heard out, over the 64 packets of `model.app-id-packets`.
    assert_eq!(told.labels, [(1, "unknown-tcp".to_owned(), 3 + 64)]);
    assert_eq!(told.forwarded, 10_003);
    let told = stream(&PATIENT, 4_000, nonsense, 1);
    assert_eq!(
        (told.names(), told.forwarded),
        (vec![], 10_003),
        "never told, where nothing limits the patience"
    );
    // A ClientHello that is never complete is looked at up to what is kept, and no further.
    let endless = records(&hello("mail.google.com", 60_000), 16_000);
    let told = stream(&PATIENT, 443, &endless[..18_000], 1);
    assert_eq!((told.names(), told.forwarded), (vec!["ssl"], 18_003));
}

/// Thousands of segments that wait for one that never comes: the session ends at the limit (PANOS.md 6.1), and none of
/// them is kept.
#[test]
fn out_of_order_without_end() {
    let mut talk = Talk::tcp(4_000);
    (1..5_000).for_each(|at| talk.data(C, at * 7, b"early"));
    let told = talk.play(&WORLD);
    assert_eq!(told.names(), [""; 0]);
    assert_eq!(told.forwarded, 3 + 64, "as many as the limit allows");

    // Once the application is known they cost the reader, not the session.
    let mut talk = Talk::tcp(80);
    say(&mut talk, C, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    say(&mut talk, S, b"HTTP/1.1 204 No Content\r\n\r\n");
    (1..5_000).for_each(|at| talk.data(C, at * 7, b"early"));
    talk.data(C, 0, b"PROPFIND / HTTP/1.1\r\n\r\n");
    let told = talk.play(&WORLD);
    assert_eq!(told.names(), ["web-browsing"]);
    assert_eq!(told.forwarded, talk.len());
}

/// A connection that is HTTP, and what the client or the server says after a first exchange.
fn after_http(direction: Direction, bytes: &[u8]) -> Told {
    let mut talk = Talk::tcp(80);
    say(&mut talk, C, b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
    say(&mut talk, S, b"HTTP/1.1 204 No Content\r\n\r\n");
    // Acknowledged before the window is full.
    for bytes in bytes.chunks(28_000) {
        let pieces: Vec<_> =
            (0..bytes.len()).step_by(1_400).map(|at| at..bytes.len().min(at + 1_400)).collect();
        talk.turn(direction, bytes, &pieces);
        talk.data(direction.reverse(), 0, &[]);
    }
    let told = talk.play(&WORLD);
    assert_eq!(told.forwarded, talk.len());
    told
}

/// Heads without end are read up to a limit; behind it nobody reads on, and the session stays what it is.
#[test]
fn heads_without_end() {
    let propfind = b"PROPFIND / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    for (what, head, names) in [
        ("a request as it should be", vec![], &["web-browsing", "webdav"][..]),
        (
            "one field of 300 kB",
            [&b"GET / HTTP/1.1\r\nX: "[..], &[b'x'; 300_000], b"\r\n\r\n"].concat(),
            &["web-browsing"],
        ),
        (
            "100,000 fields",
            [&b"GET / HTTP/1.1\r\n"[..], &b"A:\r\n".repeat(100_000), b"\r\n"].concat(),
            &["web-browsing"],
        ),
        ("a line without end", vec![b'G'; 300_000], &["web-browsing"]),
        ("100,000 empty lines", b"\r\n".repeat(100_000), &["web-browsing", "webdav"]),
        ("10,000 requests without an answer", b"GET / HTTP/1.1\r\n\r\n".repeat(10_000), &["web-browsing"]),
    ] {
        let told = after_http(C, &[&head[..], propfind].concat());
        assert_eq!(told.names(), names, "{what}");
    }
}

/// Bodies of absurd sizes: what is inside them is not read as a message, and a size that is none ends the reading.
#[test]
fn bodies_of_absurd_sizes() {
    let chunked = |size: &str| {
        let head = "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}{size}\r\nPROPFIND / HTTP/1.1\r\n\r\n").into_bytes()
    };
    let length = |size: &str| {
        format!("POST / HTTP/1.1\r\nContent-Length: {size}\r\n\r\nPROPFIND / HTTP/1.1\r\n\r\n").into_bytes()
    };
    for (what, bytes, names) in [
        ("a body that is over", length("0"), &["web-browsing", "webdav"][..]),
        ("2^64 - 1 bytes", length("18446744073709551615"), &["web-browsing"]),
        ("2^64 bytes", length("18446744073709551616"), &["web-browsing"]),
        ("less than none", length("-1"), &["web-browsing"]),
        ("two lengths", length("0\r\nContent-Length: 5"), &["web-browsing"]),
        ("no chunk at all", chunked("0\r\n"), &["web-browsing", "webdav"]),
        ("a chunk of 2^60 - 1 bytes", chunked("fffffffffffffff"), &["web-browsing"]),
        ("a chunk of 2^64 - 1 bytes", chunked("ffffffffffffffff"), &["web-browsing"]),
        ("a chunk of -5 bytes", chunked("-5"), &["web-browsing"]),
        ("a size of 300 kB", chunked(&"0".repeat(300_000)), &["web-browsing"]),
        ("an extension of 300 kB", chunked(&format!("5;{}", "x".repeat(300_000))), &["web-browsing"]),
        (
            "100,000 chunks",
            chunked(&format!("{}0\r\n", "1\r\nx\r\n".repeat(100_000))),
            &["web-browsing", "webdav"],
        ),
    ] {
        assert_eq!(after_http(C, &bytes).names(), names, "{what}");
    }
}

/// A QUIC flight of very many datagrams: Initial packets whose protection does not hold, and answers of no use.
#[test]
fn a_flight_of_many_datagrams() {
    let mut initial = b"\xc3\0\0\0\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\0\0\x44\x9e".to_vec();
    initial.resize(1_200, 0xa5);
    let mut talk = udp(443);
    for _ in 0..3_000 {
        datagram(&mut talk, C, &initial);
        datagram(&mut talk, S, b"\x40");
    }
    let told = talk.play(&PATIENT);
    assert_eq!(told.names(), ["quic"]);
    assert_eq!(told.forwarded, talk.len());

    // Packets in one datagram, each as short as can be.
    let mut many = Vec::new();
    while many.len() < 1_150 {
        many.extend(b"\xc0\0\0\0\x01\x01\x01\0\0\x14");
        many.extend([0; 20]);
    }
    many.resize(1_250, 0);
    let mut talk = udp(443);
    (0..100).for_each(|_| datagram(&mut talk, C, &many));
    assert_eq!(talk.play(&PATIENT).forwarded, 100);
}

/// A capture that has cut the server's datagrams to nothing: they bring no bytes, and are not kept without end either.
/// (What it costs without a limit grows with their square.)
#[test]
fn datagrams_cut_to_nothing() {
    let mut initial = b"\xc3\0\0\0\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\0\0\x44\x9e".to_vec();
    initial.resize(1_200, 0xa5);
    let mut talk = udp(443);
    datagram(&mut talk, C, &initial);
    for _ in 0..50_000 {
        datagram(&mut talk, S, b"x");
        talk.frames.last_mut().unwrap().truncate(14 + 20 + 8);
    }
    let told = talk.play(&WORLD);
    assert_eq!((told.names(), told.forwarded), (vec!["quic"], 50_001));
}
