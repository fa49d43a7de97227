//! What security profiles find in a conversation does not depend on how its bytes travelled, and neither does what
//! becomes of the session.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, in its helpers as well")]

mod played;

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use firstpass::config::World;
use firstpass::flow::Direction;
use firstpass::flow::Direction::{ClientToServer as C, ServerToClient as S};
use played::{Talk, Told, hello, records};
use proptest::prelude::*;

/// Everything is found, under profiles that alert and under profiles that block.
static WORLDS: LazyLock<[Arc<World>; 2]> = LazyLock::new(|| {
    ["alert", "reset-both"].map(|action| {
        let (url, file) = if action == "alert" { ("alert", "alert") } else { ("alert", "block") };
        let text = format!(
            r#"
[zones]
everywhere = "0.0.0.0/0"
[url-category]
games = "*.games.example"
[threat.vulnerability.41001]
threatname = "Setup"
severity = "high"
[[threat.vulnerability.41001.signature]]
name = "two"
order-free = true
and-condition = [
    [{{ pattern-match = {{ context = "http-req-uri-path", pattern = "/admin/setup" }} }}],
    [{{ pattern-match = {{ context = "http-req-message-body", pattern = "confirmed=1" }} }}],
]
[threat.spyware.15001]
threatname = "Sender"
severity = "high"
[[threat.spyware.15001.signature]]
name = "mail"
and-condition = [[{{ pattern-match = {{ context = "smtp-req-argument", pattern = "FROM:<beacon@" }} }}]]
[profile.vulnerability.p]
rules = [{{ name = "r", severity = "any", action = "{action}" }}]
[profile.spyware.p]
rules = [{{ name = "r", severity = "any", action = "{action}" }}]
[profile.virus.p]
decoder = [{{ name = "http", action = "{action}" }}, {{ name = "smtp", action = "{action}" }}]
[profile.url-filtering.p]
{url} = "games"
[profile.file-blocking.p]
rules = [{{ name = "r", file-type = "pdf", action = "{file}" }}]
[profile-group.p]
vulnerability = "p"
spyware = "p"
virus = "p"
url-filtering = "p"
file-blocking = "p"
[[security]]
name = "Allow"
service = "any"
profile-group = "p"
[setting.model]
app-id-packets = 10_000
unknown-after-data-packets = 0
unknown-after-payload-bytes = 0
"#
        );
        Arc::new(World::from_toml(&text).unwrap_or_else(|error| panic!("{}", error.render(false))))
    })
});

/// The EICAR test file, which stands nowhere as it is.
fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

/// What it is, who says what, and what is found of it.
type Conversation = (&'static str, u16, Vec<(Direction, Vec<u8>)>, &'static [&'static str]);

fn conversations() -> Vec<Conversation> {
    let text = |text: &str| text.as_bytes().to_vec();
    let mail = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\
                Content-Disposition: attachment; filename=m.com\r\n\r\n\
                WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNU\r\nQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=\r\n\
                --b--\r\n.\r\n";
    vec![
        (
            "web-browsing",
            80,
            vec![
                (C, text("GET /1 HTTP/1.1\r\nHost: a.games.example\r\n\r\n")),
                (S, text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")),
                (
                    C,
                    text(
                        "POST /admin/setup HTTP/1.1\r\nHost: b\r\nContent-Length: 17\r\n\r\nx=2&confirmed=1&y",
                    ),
                ),
                (
                    S,
                    text(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n%PDF\r\n4\r\n-1.7\r\n0\r\n\r\n",
                    ),
                ),
                (C, text("GET /v HTTP/1.1\r\nHost: b\r\n\r\n")),
                (S, [text("HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n>"), eicar(), text("<")].concat()),
            ],
            &["url games", "vulnerability Setup", "file pdf", "virus Eicar Test File"],
        ),
        (
            "smtp",
            25,
            vec![
                (S, text("220 mx ESMTP\r\n")),
                (C, text("EHLO me\r\n")),
                (S, text("250 mx\r\n")),
                (C, text("MAIL FROM:<beacon@x>\r\n")),
                (S, text("250 OK\r\n")),
                (C, text("RCPT TO:<b@y>\r\n")),
                (S, text("250 OK\r\n")),
                (C, text("DATA\r\n")),
                (S, text("354 go\r\n")),
                (C, text(mail)),
                (S, text("250 OK\r\n")),
            ],
            &["spyware Sender", "virus Eicar Test File"],
        ),
        ("ssl", 443, vec![(C, records(&hello("www.games.example", 900), 300))], &["url games"]),
    ]
}

/// Pieces of a text, in the order they arrive: neighbours change places where `swap` says.
fn pieces(len: usize, cuts: &mut impl Iterator<Item = usize>, swap: bool) -> Vec<Range<usize>> {
    let (mut at, mut all) = (0, Vec::new());
    while at < len {
        let end = (at + cuts.next().unwrap()).min(len);
        all.push(at..end);
        at = end;
    }
    if swap {
        all.chunks_mut(2).for_each(<[_]>::reverse);
    }
    all
}

fn play(
    world: &Arc<World>,
    conversation: &Conversation,
    mut cuts: impl Iterator<Item = usize>,
    swap: bool,
) -> Told {
    let mut talk = Talk::tcp(conversation.1);
    for (direction, bytes) in &conversation.2 {
        let pieces = pieces(bytes.len(), &mut cuts, swap);
        talk.turn(*direction, bytes, &pieces);
    }
    let told = talk.play(world);
    let is_blocked = told.forwarded < talk.len();
    assert!(is_blocked || told.names() == [conversation.0], "{:?}", told.names());
    told
}

fn names(told: &Told) -> Vec<&str> {
    told.threats.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn in_whole_turns() {
    let [alert, block] = &*WORLDS;
    for conversation in conversations() {
        let told = play(alert, &conversation, std::iter::repeat(usize::MAX / 2), false);
        assert_eq!(names(&told), conversation.3);
        assert_eq!(told.forwarded, 3 + conversation.2.len() as u64, "{:?}", conversation.3);
        // URLs are alerted on in both; the first of the others ends the session.
        let told = play(block, &conversation, std::iter::repeat(usize::MAX / 2), false);
        let first = conversation.3.iter().position(|name| !name.starts_with("url"));
        let until = first.map_or(conversation.3.len(), |first| first + 1);
        assert_eq!(names(&told), &conversation.3[..until]);
        if let Some((_, packet)) = told.threats.last().filter(|_| first.is_some()) {
            assert_eq!(told.forwarded, packet - 1, "all that came before, and nothing after it");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn in_any_segments(cuts in proptest::collection::vec(1usize..90, 1..30), swap: bool) {
        let [alert, block] = &*WORLDS;
        for conversation in conversations() {
            let told = play(alert, &conversation, cuts.iter().copied().cycle(), swap);
            prop_assert_eq!(names(&told), conversation.3);
            let told = play(block, &conversation, cuts.iter().copied().cycle(), swap);
            let first = conversation.3.iter().position(|name| !name.starts_with("url"));
            let until = first.map_or(conversation.3.len(), |first| first + 1);
            prop_assert_eq!(names(&told), &conversation.3[..until]);
            if let Some((_, packet)) = told.threats.last().filter(|_| first.is_some()) {
                prop_assert_eq!(told.forwarded, packet - 1);
            }
        }
    }
}
