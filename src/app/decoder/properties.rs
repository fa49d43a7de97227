//! Properties of all decoders together.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{DECODERS, Transport};
use crate::app::{Catalog, Heads, Identified, Identifier, Match};
use crate::flow::{Direction, Protocol};

/// Who speaks, and what.
type Dialogue = &'static [(char, &'static [u8])];

/// Conversations over TCP and what they are.
const DIALOGUES: &[(Dialogue, &str)] = &[
    (&[('>', b"\x16\x03\x01\x00\x3c\x01\x00\x00\x38\x03\x03abcdefgh")], "ssl"),
    (&[('<', b"SSH-2.0-OpenSSH_9.6\r\n"), ('>', b"SSH-2.0-PuTTY_0.81\r\n")], "ssh"),
    (&[('<', b"220 (vsFTPd 3.0.5)\r\n"), ('>', b"USER anonymous\r\n"), ('<', b"331 Password\r\n")], "ftp"),
    (
        &[('<', b"220 mail.example ESMTP\r\n"), ('>', b"EHLO client.example\r\n"), ('<', b"250 Ok\r\n")],
        "smtp",
    ),
    (&[('<', b"+OK ready\r\n"), ('>', b"USER bob\r\n"), ('<', b"+OK\r\n")], "pop3"),
    (&[('<', b"* OK ready\r\n"), ('>', b"a1 LOGIN bob x\r\n"), ('<', b"a1 OK\r\n")], "imap"),
    (&[('<', b"\xff\xfd\x18\xff\xfd\x20"), ('>', b"\xff\xfb\x18")], "telnet"),
    (&[('>', b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ('<', b"HTTP/1.1 200 OK\r\n")], "web-browsing"),
    (&[('>', b"hello?\r\n\r\n"), ('<', b"HTTP/1.1 400 Bad Request\r\n")], "web-browsing"),
    (
        &[('>', b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"), ('<', b"\x03\0\0\x13\x0e\xd0")],
        "ms-rdp",
    ),
    (&[('>', b"\0\0\0\x55\xffSMB\x72\0\0\0\0")], "ms-ds-smb-base"),
    (&[('<', b"\x4a\0\0\0\x0a8.0.36\0\x0b\0\0\0abcdefgh\0\xff\xff")], "mysql"),
    (&[('>', b"\0\0\0\x08\x04\xd2\x16\x2f"), ('<', b"N")], "postgres"),
    (&[('>', b"*1\r\n$4\r\nPING\r\n"), ('<', b"+PONG\r\n")], "redis"),
    (&[('>', b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00")], "ldap"),
    (&[('>', b"\x13BitTorrent protocol\0\0\0\0")], "bittorrent"),
    (&[('<', b"RFB 003.008\n"), ('>', b"RFB 003.008\n")], "vnc-base"),
    (&[('>', b"\x05\x01\0"), ('<', b"\x05\0"), ('>', b"\x05\x01\0\x01")], "socks"),
    (&[('>', b"OPTIONS rtsp://x/ RTSP/1.0\r\n"), ('<', b"RTSP/1.0 200 OK\r\n")], "rtsp"),
    (&[('>', b"INVITE sip:bob@example.org SIP/2.0\r\n"), ('<', b"SIP/2.0 100 Trying\r\n")], "sip"),
];

/// Candidates that may be left after one byte: what a session costs until its second thought.
const LEFT_MAX: usize = 40;

fn identifier() -> &'static (Catalog, Identifier) {
    static BOTH: LazyLock<(Catalog, Identifier)> = LazyLock::new(|| {
        let catalog = Catalog::builtin().unwrap();
        let identifier = Identifier::new(&catalog);
        (catalog, identifier)
    });
    &BOTH
}

/// Plays a dialogue cut as `cut` says; the application and how many bytes had come, or `None` while it is open.
fn play(dialogue: Dialogue, mut cut: impl FnMut() -> usize) -> Option<(String, usize)> {
    let (catalog, identifier) = identifier();
    let mut candidates = identifier.start(Protocol::TCP);
    let (mut heads, mut total) = ([Vec::new(), Vec::new()], 0);
    for (side, message) in dialogue {
        let mut rest = *message;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut().clamp(1, rest.len()));
            rest = after;
            heads[usize::from(*side == '<')].extend_from_slice(piece);
            total += piece.len();
            let [client, server] = &heads;
            let heads = Heads { protocol: Protocol::TCP, dport: 4_000, client, server, ..Heads::default() };
            if let Identified::Found(app, _) | Identified::FoundIn(_, app, _) =
                identifier.inspect(catalog, &mut candidates, &heads)
            {
                return Some((catalog.name(app).to_owned(), total));
            }
        }
    }
    None
}

#[test]
fn dialogues_are_what_they_are() {
    for (dialogue, app) in DIALOGUES {
        assert_eq!(play(dialogue, || usize::MAX).map(|(app, _)| app).as_deref(), Some(*app));
    }
}

#[test]
fn names_are_unique() {
    let names: std::collections::BTreeSet<_> = DECODERS.iter().map(|decoder| decoder.name).collect();
    assert_eq!(names.len(), DECODERS.len());
    assert!(DECODERS.len() <= 256, "candidates are a set of 256 bits");
}

/// Sessions of nonsense must be given up on, whoever talks: `unknown-tcp` and `unknown-udp` depend on it.
#[test]
fn nonsense_exhausts_every_decoder() {
    let mut seed = 1_u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    };
    let mut left = Vec::new();
    for first in 0..=u8::MAX {
        let mut nonsense: Vec<u8> = (0..2_048).map(|_| random()).collect();
        // A second byte that goes with few first ones.
        nonsense[..2].copy_from_slice(&[first, 0xfb]);
        let datagrams = [(Direction::ClientToServer, 128); 16];
        for (client, server) in [(&nonsense[..], &[][..]), (&[], &nonsense), (&nonsense, &nonsense)] {
            let heads = Heads { protocol: Protocol::TCP, dport: 4_000, client, server, ..Heads::default() };
            left.extend(undecided(&heads).map(|name| (first, client.len(), server.len(), name)));
        }
        let client = &nonsense[..];
        let heads = Heads {
            protocol: Protocol::UDP,
            dport: 4_000,
            client,
            datagrams: &datagrams,
            ..Heads::default()
        };
        left.extend(undecided(&heads).map(|name| (first, client.len(), 0, name)));
    }
    assert!(left.is_empty(), "{left:x?}");
}

/// The decoders that do not say no, of those that the first bytes leave.
fn undecided(heads: &Heads<'_>) -> impl Iterator<Item = &'static str> {
    DECODERS
        .iter()
        .filter(|decoder| {
            let over = Transport::index_of(heads.protocol)
                .is_some_and(|at| decoder.transport.indices().any(|i| i == at));
            let mut sides = Direction::BOTH.into_iter().zip([heads.client, heads.server]);
            over && sides
                .all(|(side, bytes)| bytes.first().is_none_or(|byte| decoder.first.allows(side, *byte)))
                && decoder.inspect(heads) != Match::No
        })
        .map(|decoder| decoder.name)
}

#[test]
fn first_bytes_leave_few_candidates() {
    for (index, protocol) in [Protocol::TCP, Protocol::UDP].into_iter().enumerate() {
        assert_eq!(Transport::index_of(protocol), Some(index));
        for byte in 0..=u8::MAX {
            let over = |transport: Transport| transport.indices().any(|at| at == index);
            let left = DECODERS.iter().filter(|decoder| {
                over(decoder.transport) && decoder.first.allows(Direction::ClientToServer, byte)
            });
            let names: Vec<_> = left.map(|decoder| decoder.name).collect();
            assert!(names.len() <= LEFT_MAX, "{protocol} {byte:#x}: {} {names:?}", names.len());
        }
    }
}

proptest! {
    /// However a dialogue is cut, it is the same application, decided by the segment that holds the deciding byte.
    #[test]
    fn cuts_do_not_matter(cuts in prop::collection::vec(1_usize..12, 1..40)) {
        for (dialogue, app) in DIALOGUES {
            let (bytewise, deciding) = play(dialogue, || 1).unwrap();
            prop_assert_eq!(&bytewise, app);
            let (mut next, mut came) = (0, 0);
            let (found, total) = play(dialogue, || {
                next += 1;
                came = cuts[next % cuts.len()];
                came
            })
            .unwrap();
            prop_assert_eq!(found, bytewise);
            prop_assert!(deciding <= total && total < deciding + came, "{} by byte {}, {} when cut", app, deciding, total);
        }
    }

    /// No bytes make a decoder fail.
    #[test]
    fn no_bytes_make_a_decoder_fail(
        client in prop::collection::vec(any::<u8>(), 0..200),
        server in prop::collection::vec(any::<u8>(), 0..200),
        cuts in prop::collection::vec((any::<bool>(), 0_u32..90), 0..6),
        dport in prop::sample::select(vec![53_u16, 123, 137, 138, 500, 514, 4_500, 5_355, 5_683, 40_000]),
    ) {
        let datagrams: Vec<_> = cuts
            .iter()
            .map(|(side, len)| (if *side { Direction::ClientToServer } else { Direction::ServerToClient }, *len))
            .collect();
        for protocol in [Protocol::TCP, Protocol::UDP] {
            let heads = Heads {
                protocol, dport, client: &client, server: &server, datagrams: &datagrams, ..Heads::default()
            };
            for decoder in DECODERS {
                decoder.inspect(&heads);
            }
        }
    }
}
