//! What is told of a conversation whose application shifts does not depend on how its bytes travelled: however they were
//! cut into segments, in whatever order these arrived, and whichever came twice, it is the same applications in the same
//! order and the same block. Each is told by the packet with which the bytes that it takes are complete.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, in its helpers as well")]

mod played;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use firstpass::config::World;
use firstpass::flow::Direction;
use firstpass::flow::Direction::{ClientToServer as C, ServerToClient as S};
use played::{Talk, Told, hello, records};
use proptest::prelude::*;

/// Who says what, one after the other.
type Dialogue = Vec<(Direction, Vec<u8>)>;

struct Conversation {
    what: &'static str,
    port: u16,
    turns: Dialogue,
    /// The applications under a rule that allows everything; `|` where another session begins.
    labels: &'static [&'static str],
    /// What the other rulebase blocks.
    denied: Option<&'static str>,
}

/// Everything is allowed, or some of what sessions turn into is not. App-ID's patience has no limit: what is told is a
/// matter of the bytes alone.
static WORLDS: LazyLock<[Arc<World>; 2]> = LazyLock::new(|| {
    let world = |rules: &str| {
        let text = format!(
            "{rules}
            [zones]
            everywhere = \"0.0.0.0/0\"

            [[security]]
            name = \"Allow\"
            service = \"any\"

            [setting.model]
            app-id-packets = 10_000
            unknown-after-data-packets = 0
            unknown-after-payload-bytes = 0"
        );
        Arc::new(World::from_toml(&text).unwrap_or_else(|error| panic!("{}", error.render(false))))
    };
    let block = "[[security]]
        name = \"Block\"
        application = [\"gmail-base\", \"webdav\", \"websocket\", \"ms-ds-smbv3\", \"facebook-base\"]
        service = \"any\"
        action = \"deny\"
        ";
    [world(""), world(block)]
});

/// A message of SMB 2 or 3 with what is at the dialect's place.
fn smb(structure: u8, dialect: [u8; 2]) -> Vec<u8> {
    let mut bytes = b"\0\0\0\x64\xfeSMB\x40\0".to_vec();
    bytes.resize(4 + 64, 0);
    bytes.extend([structure, 0, 1, 0]);
    bytes.extend(dialect);
    bytes.resize(4 + 100, 0);
    bytes
}

fn text(line: &str) -> Vec<u8> {
    line.as_bytes().to_vec()
}

#[rustfmt::skip]
static CONVERSATIONS: LazyLock<Vec<Conversation>> = LazyLock::new(|| {
    let small = records(&hello("mail.google.com", 0), 16_000);
    let large = hello("mail.google.com", 1_700);
    let plain = records(&hello("www.example.org", 0), 16_000);
    let starttls = |after: Vec<u8>| vec![
        (S, text("220 mail.example ESMTP\r\n")), (C, text("EHLO client.example\r\n")),
        (S, text("250-mail.example\r\n250 STARTTLS\r\n")), (C, text("STARTTLS\r\n")),
        (S, text("220 go ahead\r\n")), (C, after),
    ];
    let connect = |after: Vec<u8>| vec![
        (C, text("CONNECT www.example.org:443 HTTP/1.1\r\nHost: www.example.org:443\r\n\r\n")),
        (S, text("HTTP/1.1 200 Connection established\r\n\r\n")), (C, after),
    ];
    vec![
        Conversation { what: "TLS, a name within a name", port: 443, turns: vec![(C, small.clone())],
            labels: &["ssl", "google-base", "gmail-base"], denied: Some("gmail-base") },
        Conversation { what: "TLS, a large hello", port: 443, turns: vec![(C, records(&large, 16_000))],
            labels: &["ssl", "google-base", "gmail-base"], denied: Some("gmail-base") },
        Conversation { what: "TLS, a large hello in three records", port: 443, turns: vec![(C, records(&large, 700))],
            labels: &["ssl", "google-base", "gmail-base"], denied: Some("gmail-base") },
        Conversation { what: "TLS, no service", port: 443, turns: vec![(C, plain.clone())],
            labels: &["ssl"], denied: None },
        Conversation { what: "HTTP, and then WebDAV", port: 80, turns: vec![
                (C, text("GET / HTTP/1.1\r\nHost: files.example\r\n\r\n")),
                (S, text("HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nPROPFIND / HTTP/1.1\r\n\r\n123")),
                (C, text("POST /a HTTP/1.1\r\nHost: files.example\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n")),
                (S, text("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")),
                (C, text("PROPFIND /docs HTTP/1.1\r\nHost: files.example\r\n\r\n")),
            ],
            labels: &["web-browsing", "webdav"], denied: Some("webdav") },
        Conversation { what: "HTTP, a service by its host", port: 80, turns: vec![
                (C, text("GET / HTTP/1.1\r\nAccept: */*\r\nHost: www.facebook.com\r\n\r\n")),
                (S, text("HTTP/1.1 304 Not Modified\r\n\r\n")),
            ],
            labels: &["web-browsing", "facebook-base"], denied: Some("facebook-base") },
        Conversation { what: "HTTP upgraded", port: 80, turns: vec![
                (C, text("GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")),
                (S, text("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")),
                (C, b"\x81\x85abcdhello".to_vec()),
            ],
            labels: &["web-browsing", "websocket"], denied: Some("websocket") },
        Conversation { what: "a tunnel through a proxy", port: 3_128, turns: connect(plain.clone()),
            labels: &["http-proxy", "|", "ssl"], denied: None },
        Conversation { what: "a tunnel to a service", port: 3_128, turns: connect(records(&large, 900)),
            labels: &["http-proxy", "|", "ssl", "google-base", "gmail-base"], denied: Some("gmail-base") },
        Conversation { what: "STARTTLS", port: 25, turns: starttls(plain), labels: &["smtp", "ssl"], denied: None },
        Conversation { what: "SMB 3", port: 445, turns: vec![(C, smb(36, [0, 0])), (S, smb(65, [0x11, 3]))],
            labels: &["ms-ds-smb-base", "ms-ds-smbv3"], denied: Some("ms-ds-smbv3") },
        Conversation { what: "SMB 2", port: 445, turns: vec![(C, smb(36, [0, 0])), (S, smb(65, [0x10, 2]))],
            labels: &["ms-ds-smb-base", "ms-ds-smbv2"], denied: None },
        Conversation { what: "SMB by way of another negotiation", port: 445, turns: vec![
                (C, b"\0\0\0\x55\xffSMB\x72\0\0\0\0".iter().copied().chain([0; 77]).collect()),
                (S, smb(65, [0xff, 2])), (C, smb(36, [0, 0])), (S, smb(65, [0, 3])),
            ],
            labels: &["ms-ds-smb-base", "ms-ds-smbv3"], denied: Some("ms-ds-smbv3") },
    ]
});

/// Plays a conversation whose turns are cut, shuffled and repeated as `pieces` says. Beside what is told: for each
/// packet the byte of the conversation up to which everything had come with it.
fn play(
    conversation: &Conversation,
    world: usize,
    mut pieces: impl FnMut(usize, usize) -> Vec<Range<usize>>,
) -> (Told, Vec<usize>) {
    let mut talk = Talk::tcp(conversation.port);
    let mut complete = vec![0; usize::try_from(talk.len()).unwrap()];
    let mut before = 0;
    for (index, (direction, bytes)) in conversation.turns.iter().enumerate() {
        let pieces = pieces(index, bytes.len());
        let mut have = BTreeSet::new();
        for piece in &pieces {
            have.extend(piece.clone());
            complete.push(before + (0..bytes.len()).take_while(|at| have.contains(at)).count());
        }
        talk.turn(*direction, bytes, &pieces);
        before += bytes.len();
    }
    (talk.play(&WORLDS[world]), complete)
}

/// What is told, and of each label, and of the block, how many bytes it takes.
type Needs = (Told, Vec<usize>);

/// Of each label, and of the block: how many bytes it takes.
fn needed(told: &Told, complete: &[usize]) -> Vec<usize> {
    let packets =
        told.labels.iter().map(|(_, _, packet)| packet).chain(told.denied.iter().map(|(_, packet)| packet));
    packets.map(|packet| complete[usize::try_from(*packet).unwrap() - 1]).collect()
}

/// A turn cut at these places, wherever they fall into it.
fn cut(len: usize, places: &[usize]) -> Vec<Range<usize>> {
    let bounds: BTreeSet<usize> = places.iter().map(|place| place % len).chain([0, len]).collect();
    let bounds: Vec<usize> = bounds.into_iter().collect();
    bounds.windows(2).map(|bounds| bounds[0]..bounds[1]).collect()
}

/// What every conversation is told as byte by byte, under both rulebases, with the bytes that each label takes.
static BYTEWISE: LazyLock<Vec<[Needs; 2]>> = LazyLock::new(|| {
    let bytewise = |conversation, world| {
        let (told, complete) = play(conversation, world, |_, len| (0..len).map(|at| at..at + 1).collect());
        let needed = needed(&told, &complete);
        (told, needed)
    };
    CONVERSATIONS.iter().map(|one| [0, 1].map(|world| bytewise(one, world))).collect()
});

#[test]
fn conversations_are_told_byte_by_byte_and_whole() {
    for (conversation, bytewise) in CONVERSATIONS.iter().zip(BYTEWISE.iter()) {
        let what = conversation.what;
        let (whole, _) = play(conversation, 0, |_, len| cut(len, &[]));
        assert_eq!(whole.names(), conversation.labels, "{what}");
        assert_eq!(bytewise[0].0.names(), conversation.labels, "{what}, byte by byte");
        let (whole, _) = play(conversation, 1, |_, len| cut(len, &[]));
        for told in [&whole, &bytewise[1].0] {
            assert_eq!(told.denied.as_ref().map(|(app, _)| app.as_str()), conversation.denied, "{what}");
        }
    }
}

/// What a label takes is not the whole of the conversation: the rows above are not told at the end by accident.
#[test]
fn a_label_takes_no_more_bytes_than_it_must() {
    let (told, needed) = &BYTEWISE[0][0];
    let whole = CONVERSATIONS[0].turns[0].1.len();
    assert_eq!(told.labels.len(), 3);
    assert!(needed[0] < 12 && needed[1..] == [whole, whole], "{needed:?} of {whole}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_told_does_not_depend_on_how_bytes_travel(
        index in 0..CONVERSATIONS.len(),
        world in 0..2_usize,
        places in proptest::collection::vec(proptest::collection::vec(0_usize..2_000, 0..9), 6),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..20),
        again in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
    ) {
        let conversation = &CONVERSATIONS[index];
        let (expected, needs) = &BYTEWISE[index][world];
        let (told, complete) = play(conversation, world, |turn, len| {
            let mut pieces = cut(len, &places[turn % places.len()]);
            for (at, other) in order.iter().enumerate() {
                let count = pieces.len();
                pieces.swap(at % count, other.index(count));
            }
            // Retransmissions: of a piece, or of all up to where one ends.
            for (which, place) in &again {
                let piece = pieces[which.index(pieces.len())].clone();
                let from = if piece.end.is_multiple_of(2) { piece.start } else { piece.start / 2 };
                pieces.insert(place.index(pieces.len() + 1), from..piece.end);
            }
            pieces
        });
        prop_assert_eq!(told.names(), expected.names(), "{}", conversation.what);
        prop_assert_eq!(
            told.denied.as_ref().map(|(app, _)| app), expected.denied.as_ref().map(|(app, _)| app),
            "{}", conversation.what
        );
        let packets = told.labels.iter().map(|(_, _, packet)| packet).chain(told.denied.iter().map(|(_, packet)| packet));
        for (packet, needed) in packets.zip(needs) {
            let at = usize::try_from(*packet).unwrap() - 1;
            prop_assert!(
                complete[at - 1] < *needed && *needed <= complete[at],
                "{}: {needed} bytes are needed, told by packet {packet}, which completes {}", conversation.what, complete[at]
            );
        }
    }
}
