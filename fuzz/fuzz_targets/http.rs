//! The reader of HTTP connections, fed with the same bytes cut in two ways.
#![no_main]

use std::collections::VecDeque;

use firstpass::app::{AppId, Heads, Signatures, Terms, Turn, Watch};
use firstpass::flow::{Direction, Protocol};
use firstpass_fuzz::{CATALOG, Dialogue};
use libfuzzer_sys::fuzz_target;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// What a connection turns into, of which one exchange has passed.
fn turns(dialogue: &Dialogue<'_>) -> VecDeque<Turn> {
    let (client, server) = (REQUEST, RESPONSE);
    let heads = Heads { protocol: Protocol::TCP, dport: 80, client, server, ..Heads::default() };
    let mut turns = VecDeque::new();
    let (signatures, web) = (Signatures::default(), AppId(0));
    let terms = Terms { catalog: &CATALOG, signatures: &signatures };
    let Some(mut watch) = Watch::of(terms, &heads, web) else { panic!("an exchange is HTTP") };
    watch.feed(terms, &[web], (Direction::ClientToServer, client), &mut turns);
    watch.feed(terms, &[web], (Direction::ServerToClient, server), &mut turns);
    for (direction, piece) in &dialogue.pieces {
        watch.feed(terms, &[web], (*direction, piece), &mut turns);
    }
    turns
}

fuzz_target!(|data: &[u8]| {
    let Some(dialogue) = Dialogue::read(data) else { return };
    let straight = turns(&dialogue);
    assert_eq!(straight, turns(&dialogue.cut_anew()), "as it comes and cut anew");
    assert!(straight.len() <= data.len(), "more turns than bytes");
});
