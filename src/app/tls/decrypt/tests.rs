//! Connections that OpenSSL has made, opened; vectors of RFC 8448; and what must not be opened.

use proptest::prelude::*;

use super::open::{Opener, Sealed};
use super::suite::Suite;
use super::*;

/// A recorded connection.
struct Transcript {
    name: &'static str,
    log: String,
    sent: Vec<(Direction, Vec<u8>)>,
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn transcripts() -> Vec<Transcript> {
    let mut list: Vec<Transcript> = Vec::new();
    for line in include_str!("transcripts.txt").lines().skip(1) {
        let (kind, rest) = line.split_once(' ').unwrap();
        if kind == "##" {
            list.push(Transcript { name: rest, log: String::new(), sent: Vec::new() });
            continue;
        }
        let last = list.last_mut().unwrap();
        match kind {
            "k" => last.log.extend([rest, "\n"]),
            "c" => last.sent.push((Direction::ClientToServer, bytes(rest))),
            "s" => last.sent.push((Direction::ServerToClient, bytes(rest))),
            _ => panic!("{line}"),
        }
    }
    list
}

/// What a decrypter tells of a conversation in pieces of `step` bytes.
#[derive(Debug, Default, PartialEq)]
struct Told {
    data: [Vec<u8>; 2],
    handshake: Vec<(Direction, Handshake)>,
    begins: Vec<(u16, u16)>,
    end: Option<Stop>,
}

fn told(log: &str, sent: &[(Direction, Vec<u8>)], step: usize) -> Told {
    let mut secrets = Secrets::default();
    secrets.add(log.as_bytes(), 100);
    let mut decrypter = Decrypter::default();
    let mut told = Told::default();
    for (direction, bytes) in sent {
        for piece in bytes.chunks(step) {
            let result = decrypter.feed(&secrets, *direction, piece, &mut |side, opened| match opened {
                Opened::Data(bytes) => told.data[side.index()].extend_from_slice(bytes),
                Opened::Handshake(shown) => told.handshake.push((side, shown)),
                Opened::Begins { version, cipher } => told.begins.push((version, cipher)),
                Opened::Record(..) => {}
            });
            if let Err(stop) = result {
                told.end = Some(stop);
                return told;
            }
        }
    }
    told
}

const REQUESTS: &str = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\nGET /2 HTTP/1.1\r\n\r\n";
const ANSWERS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 Not Found\r\n\r\n";

/// Versions 1.0 to 1.3, every kind of cipher, both orders of MAC and encryption, and updated keys: all that was sent comes
/// out, however it is cut.
#[test]
fn real_connections_are_opened() {
    let list = transcripts();
    assert_eq!(list.len(), 11);
    for Transcript { name, log, sent } in list.into_iter().filter(|one| !one.name.contains("refused")) {
        for step in [1, 7, 100_000] {
            let told = told(&log, &sent, step);
            let (client, server) = if name.contains("key update") {
                ("one\ntwo\nfour\n", "three\nfive\n")
            } else {
                (REQUESTS, ANSWERS)
            };
            assert_eq!(told.end, None, "{name}, {step}");
            assert_eq!(told.begins.len(), 1, "{name}, {step}");
            assert_eq!(
                told.data.map(|data| String::from_utf8(data).unwrap()),
                [client, server],
                "{name}, {step}"
            );
            let certificate =
                told.handshake.iter().any(|(_, shown)| matches!(shown, Handshake::Certificate(_)));
            assert_eq!(certificate, name.contains("TLSv1.3") || name.contains("tls13"), "{name}");
            let closed = (Direction::ClientToServer, Handshake::Alert { fatal: false, code: 0 });
            assert!(told.handshake.contains(&closed), "{name}");
        }
    }
}

/// With a secret in which a bit is wrong nothing comes out, and neither does it without.
#[test]
fn wrong_secrets_open_nothing() {
    for Transcript { name, log, sent } in transcripts() {
        let wrong: String = log
            .lines()
            .map(|line| {
                let (rest, last) = line.split_at(line.len() - 1);
                let digit = u8::from_str_radix(last, 16).unwrap() ^ 1;
                format!("{rest}{digit:x}\n")
            })
            .collect();
        let of_others = log.replace(|digit: char| digit.is_ascii_digit(), "0");
        for (log, end) in
            [(wrong, Stop::NotAuthentic), (of_others, Stop::NoSecrets), (String::new(), Stop::NoSecrets)]
        {
            let told = told(&log, &sent, 1_000);
            assert_eq!((told.data, told.end), (Default::default(), Some(end)), "{name}");
            assert_eq!(told.handshake, [], "{name}");
        }
    }
}

/// What TLS 1.3 hides of a handshake: the server's certificate and its request for one, and its alert.
#[test]
fn a_refusal_is_seen() {
    let refused = transcripts().into_iter().find(|one| one.name.contains("refused")).unwrap();
    let told = told(&refused.log, &refused.sent, 100_000);
    assert_eq!((told.data, told.end), (Default::default(), None));
    let [(_, Handshake::CertificateRequest), (_, Handshake::Certificate(standing)), (server, alert)] =
        told.handshake[..]
    else {
        panic!("{:?}", told.handshake)
    };
    assert!(standing.self_signed);
    assert_eq!((server, alert), (Direction::ServerToClient, Handshake::Alert { fatal: true, code: 116 }));
}

/// RFC 8448, 3: keys of the server's handshake, and the client's application data and alert, opened.
#[test]
fn vectors_of_rfc_8448() {
    let suite = Suite::of(0x1301).unwrap();
    let secret = bytes("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
    let keys = keys::of_traffic_secret(suite, &secret).unwrap();
    assert_eq!(keys.key, bytes("3fce516009c21727d0f2e4e86ee403bc"));
    assert_eq!(keys.iv, bytes("5d313eb2671276ee13000b30"));
    let secret = bytes("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
    let keys = keys::of_traffic_secret(suite, &secret).unwrap();
    assert_eq!(keys.key, bytes("17422dda596ed5d9acd890e3c63f5051"));
    let mut opener = Opener::new(suite, 0x0304, false, keys).unwrap();
    let mut text = Vec::new();
    let data = bytes(
        "a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a\
         6292a2977014bd1e3deae63aeebb21694915e4",
    );
    let record = |body| Sealed { kind: 23, version: [3, 3], body };
    let expected: Vec<u8> = (0..50).collect();
    assert_eq!(opener.open(record(&data), &mut text), Some((23, &expected[..])));
    let alert = bytes("c9872760655666b74d7ff1153efd6db6d0b0e3");
    assert_eq!(opener.open(record(&alert), &mut text), Some((21, &[1, 0][..])));
}

/// A client's bytes that come before the server's hello wait for it, up to a limit.
#[test]
fn what_comes_early_waits() {
    let Transcript { log, sent, .. } = transcripts().swap_remove(0);
    let mut turned = sent.clone();
    turned.swap(1, 2);
    assert_eq!(told(&log, &turned, 100_000).data, told(&log, &sent, 100_000).data);
    let record = [vec![23, 3, 3, 0x40, 0], vec![0; 0x4000]].concat();
    let early = [sent[0].clone(), (Direction::ClientToServer, record.repeat(5))];
    assert_eq!(told(&log, &early, 1_000).end, Some(Stop::NoHello));
}

/// The hellos and the key log of a connection whose records the test seals itself.
fn own_connection() -> (String, [Vec<u8>; 2]) {
    let random = "42".repeat(32);
    let labels = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ];
    let lines = labels
        .iter()
        .zip(1..)
        .map(|(label, byte)| format!("{label} {random} {}\n", format!("{byte:02x}").repeat(32)));
    let client = bytes(&format!("16030100 2d 01000029 0303 {random} 00 0002 1301 01 00 0000"));
    let server = bytes(&format!("16030300 32 0200002e 0303 {random} 00 1301 00 0006 002b 0002 0304"));
    (lines.collect(), [client, server])
}

/// Padding is no content, nor is the type of a record what it seems from outside; keys change with Finished and with
/// KeyUpdate, wherever messages are cut.
#[test]
fn padding_types_and_keys() {
    use super::testing::sealed;
    let (log, [client, server]) = own_connection();
    let suite = Suite::of(0x1301).unwrap();
    let (handshake, traffic) = ([2; 32], [4; 32]);
    let next = keys::next_secret(suite, &traffic).unwrap();
    let finished = [&[20, 0, 0, 32][..], &[7; 32]].concat();
    let parts = [
        server,
        sealed(&handshake, 0, 22, &finished[..10], 3).unwrap(),
        sealed(&handshake, 1, 22, &finished[10..], 0).unwrap(),
        sealed(&traffic, 0, 23, b"one", 100).unwrap(),
        sealed(&traffic, 1, 22, &[24, 0, 0, 1, 0], 0).unwrap(),
        sealed(&next, 0, 23, b"two", 0).unwrap(),
        sealed(&next, 1, 21, &[1, 46], 0).unwrap(),
    ];
    let sent = [(Direction::ClientToServer, client), (Direction::ServerToClient, parts.concat())];
    let told = told(&log, &sent, 11);
    assert_eq!((told.data, told.end), ([vec![], b"onetwo".to_vec()], None));
    assert_eq!(told.begins, [(0x0304, 0x1301)]);
    // In TLS 1.3 the level does not count.
    assert_eq!(told.handshake, [(Direction::ServerToClient, Handshake::Alert { fatal: true, code: 46 })]);
}

proptest! {
    /// A bit that changed on the way never shows: what comes out is a beginning of what was sent.
    #[test]
    fn changed_bytes_open_nothing(which in 0_usize..10, place: prop::sample::Index, bit in 0_u8..8) {
        let Transcript { log, mut sent, .. } = transcripts().swap_remove(which);
        let whole = told(&log, &sent, 10_000);
        let len: usize = sent.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut place = place.index(len);
        for (_, bytes) in &mut sent {
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= 1 << bit;
                break;
            }
            place -= bytes.len();
        }
        let part = told(&log, &sent, 10_000);
        for side in 0..2 {
            prop_assert!(whole.data[side].starts_with(&part.data[side]));
        }
    }

    /// Whatever follows the hellos.
    #[test]
    fn any_bytes(which in 0_usize..10, junk: Vec<u8>, kind in 20_u8..24, side: bool, step in 1_usize..40) {
        let Transcript { log, sent, .. } = transcripts().swap_remove(which);
        let [high, low] = u16::try_from(junk.len()).unwrap().to_be_bytes();
        let record = [vec![kind, 3, 3, high, low], junk].concat();
        let direction = if side { Direction::ClientToServer } else { Direction::ServerToClient };
        let sent = [sent[0].clone(), sent[1].clone(), (direction, record)];
        told(&log, &sent, step);
    }
}
