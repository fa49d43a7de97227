//! Tables of tests: one row per case, and for each row the properties that every decoder must have.

use std::sync::LazyLock;

use super::{Decoder, Transport};
use crate::app::{Catalog, Heads, Identified, Identifier, Match};
use crate::flow::{Direction, Protocol};

/// Rows of TCP cases: what it is, the client's bytes, the server's bytes, and `no`, `more` or the application.
///
/// Besides the answer, each row checks that no answer changes as bytes come, that an answer is not given without
/// bytes, that the index over first bytes does not keep the decoder from its find, and that no other decoder claims the
/// session before, whether the client or the server speaks first. (Rows that begin with "turned
/// round" are of sessions seen from the middle.)
#[track_caller]
pub(super) fn tcp_table(decoder: Decoder, rows: &[(&str, &[u8], &[u8], &str)]) {
    assert_ne!(decoder.transport, Transport::Udp);
    for (what, client, server, expected) in rows {
        assert_eq!(answer(decoder, &tcp(client, server)), *expected, "{what}");
        if !matches!(*expected, "no" | "more") {
            for (direction, bytes) in Direction::BOTH.into_iter().zip([client, server]) {
                let first = bytes.first();
                assert!(
                    first.is_none_or(|byte| decoder.first.allows(direction, *byte)),
                    "{what}: first byte"
                );
            }
        }
        if !matches!(*expected, "no" | "more") && !what.starts_with("turned round") {
            let client_first = (0..=client.len()).map(|len| tcp(&client[..len], b""));
            let all = client_first.chain((0..=server.len()).map(|len| tcp(client, &server[..len])));
            let server_first = (0..=server.len()).map(|len| tcp(b"", &server[..len]));
            let found = [
                together(Protocol::TCP, all),
                together(
                    Protocol::TCP,
                    server_first.chain((0..=client.len()).map(|len| tcp(&client[..len], server))),
                ),
            ];
            assert!(found.contains(&Some(*expected)), "{what}: all decoders say {found:?}");
        }
        let steps = |turn: bool| {
            let (one, other) = if turn { (server, client) } else { (client, server) };
            let pair = |a: usize, b: usize| {
                if turn { tcp(&client[..b], &server[..a]) } else { tcp(&client[..a], &server[..b]) }
            };
            let mut answers: Vec<&str> = (0..=one.len()).map(|len| answer(decoder, &pair(len, 0))).collect();
            answers.extend((0..=other.len()).map(|len| answer(decoder, &pair(one.len(), len))));
            answers
        };
        // A side that counts as the client though it is the server has spoken first.
        let orders = if what.starts_with("turned round") { &[false][..] } else { &[false, true] };
        for turn in orders.iter().copied() {
            let answers = steps(turn);
            assert_eq!(answers[0], "more", "{what}: without a byte");
            // A server that speaks before its time may rule a protocol out that is asked no more then.
            let is_open = |answer: &str| answer == "more" || (turn && answer == "no");
            let settled = answers.iter().position(|answer| !is_open(answer)).unwrap_or(answers.len());
            for answer in &answers[settled..] {
                assert_eq!(*answer, answers[settled], "{what}: changes its mind: {answers:?}");
            }
        }
    }
}

/// What all decoders together say of bytes that come one by one, each decoder ruled out as it is in a session.
fn together<'a>(protocol: Protocol, heads: impl IntoIterator<Item = Heads<'a>>) -> Option<&'static str> {
    static BOTH: LazyLock<(Catalog, Identifier)> = LazyLock::new(|| {
        let catalog = Catalog::builtin().unwrap();
        let identifier = Identifier::new(&catalog);
        (catalog, identifier)
    });
    let (catalog, identifier) = &*BOTH;
    let mut candidates = identifier.start(protocol);
    heads.into_iter().find_map(|heads| match identifier.inspect(catalog, &mut candidates, &heads) {
        Identified::Found(app, _) => Some(catalog.name(app)),
        _ => None,
    })
}

/// What it is, destination port, datagrams, expected answer.
type UdpCase<'a> = (&'a str, u16, &'a [(char, &'a [u8])], &'a str);

/// Rows of UDP cases: what it is, destination port, the datagrams (`>` client's, `<` server's), expected answer. For
/// `no` the last datagram comes again until nobody waits any more.
#[track_caller]
pub(super) fn udp_table(decoder: Decoder, rows: &[UdpCase<'_>]) {
    assert_ne!(decoder.transport, Transport::Tcp);
    for (what, dport, datagrams, expected) in rows {
        let mut list = datagrams.to_vec();
        if *expected == "no" {
            list.resize(list.len() + 8, *datagrams.last().unwrap());
        }
        let answers: Vec<&str> = (1..=list.len())
            .map(|count| udp(decoder, *dport, &list[..count], |heads| answer(decoder, heads)))
            .collect();
        assert_eq!(answers.last(), Some(expected), "{what}: {answers:?}");
        let settled = answers.iter().position(|answer| *answer != "more").unwrap_or(answers.len());
        for answer in &answers[settled..] {
            assert_eq!(*answer, answers[settled], "{what}: changes its mind: {answers:?}");
        }
        if !matches!(*expected, "no" | "more") {
            let found = udp(decoder, *dport, datagrams, |heads| {
                let each = (1..=heads.datagrams.len())
                    .map(|count| Heads { datagrams: &heads.datagrams[..count], ..*heads });
                together(Protocol::UDP, each)
            });
            assert_eq!(found, Some(*expected), "{what}: all decoders together");
        }
        // Cut off anywhere, a datagram makes no decoder fail.
        for (side, bytes) in *datagrams {
            for len in 0..bytes.len() {
                udp(decoder, *dport, &[(*side, &bytes[..len])], |heads| answer(decoder, heads));
            }
        }
    }
}

/// The answer to one TCP case alone, where the order in which the sides speak matters.
pub(super) fn tcp_answer(decoder: Decoder, client: &[u8], server: &[u8]) -> &'static str {
    answer(decoder, &tcp(client, server))
}

/// The detail of a find over TCP.
pub(super) fn tcp_detail<'a>(decoder: Decoder, client: &'a [u8], server: &'a [u8]) -> &'a [u8] {
    match decoder.inspect(&tcp(client, server)) {
        Match::Yes(finding) => finding.detail,
        other => panic!("{other:?}"),
    }
}

/// The detail of a find in one datagram.
pub(super) fn udp_detail(decoder: Decoder, dport: u16, datagram: &[u8]) -> Vec<u8> {
    udp(decoder, dport, &[('>', datagram)], |heads| match decoder.inspect(heads) {
        Match::Yes(finding) => finding.detail.to_vec(),
        other => panic!("{other:?}"),
    })
}

fn tcp<'a>(client: &'a [u8], server: &'a [u8]) -> Heads<'a> {
    Heads {
        protocol: Protocol::TCP,
        dport: 4_000,
        sport: 50_000,
        ttl: 64,
        client,
        server,
        ..Heads::default()
    }
}

fn udp<T>(decoder: Decoder, dport: u16, list: &[(char, &[u8])], judge: impl Fn(&Heads<'_>) -> T) -> T {
    let of =
        |which| list.iter().filter(move |(side, _)| *side == which).flat_map(|(_, bytes)| *bytes).copied();
    let (client, server): (Vec<u8>, Vec<u8>) = (of('>').collect(), of('<').collect());
    let datagrams: Vec<(Direction, u32)> = list
        .iter()
        .map(|(side, bytes)| {
            let direction = if *side == '>' { Direction::ClientToServer } else { Direction::ServerToClient };
            (direction, u32::try_from(bytes.len()).unwrap())
        })
        .collect();
    let heads = Heads {
        protocol: Protocol::UDP,
        dport,
        sport: 50_000,
        ttl: 64,
        client: &client,
        server: &server,
        datagrams: &datagrams,
        ..Heads::default()
    };
    for (side, bytes) in list {
        let direction = if *side == '>' { Direction::ClientToServer } else { Direction::ServerToClient };
        let found = matches!(decoder.inspect(&heads), Match::Yes(_));
        assert!(!found || bytes.first().is_none_or(|byte| decoder.first.allows(direction, *byte)));
    }
    judge(&heads)
}

fn answer(decoder: Decoder, heads: &Heads<'_>) -> &'static str {
    match decoder.inspect(heads) {
        Match::No => "no",
        Match::More => "more",
        Match::Yes(finding) => {
            static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().unwrap());
            assert!(
                CATALOG.find(finding.app).is_some(),
                "{} of {} is in no catalog",
                finding.app,
                decoder.name
            );
            finding.app
        }
    }
}
