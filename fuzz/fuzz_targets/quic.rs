//! A client's first flight of QUIC: datagrams as they are, and Initial packets that authenticate around frames from the
//! input, in any order and many to a datagram.
#![no_main]

use std::sync::LazyLock;

use firstpass::app::fuzzing::sealed;
use firstpass::app::quic::{server_name, service_of};
use firstpass::app::tls::Shown;
use firstpass::flow::{Direction, Protocol};
use firstpass_fuzz::{CATALOG, Dialogue, everyone, over_udp};
use libfuzzer_sys::fuzz_target;

static ALL: LazyLock<Vec<usize>> = LazyLock::new(|| everyone(Protocol::UDP));

const ID: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8];

/// A piece as a datagram. Its first byte says what it is: the lowest bit whether it is sealed; then the version, and
/// whether what follows the first half is another packet of the datagram.
fn datagram(number: u32, piece: &[u8]) -> Vec<u8> {
    let Some((&how, rest)) = piece.split_first() else { return Vec::new() };
    let seal = |frames: &[u8]| sealed(how & 2 != 0, ID, number, frames);
    match how & 5 {
        1 => seal(rest),
        5 => {
            let (first, second) = rest.split_at(rest.len() / 2);
            [seal(first), seal(second)].concat()
        }
        _ => rest.to_vec(),
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(read) = Dialogue::read(data) else { return };
    let datagrams: Vec<_> = (0..)
        .zip(&read.pieces)
        .map(|(number, (direction, piece))| (*direction, datagram(number, piece)))
        .collect();
    let client = || {
        let from_client = |(direction, _): &&(Direction, Vec<u8>)| *direction == Direction::ClientToServer;
        datagrams.iter().filter(from_client).map(|(_, bytes)| bytes.as_slice())
    };
    let whole = service_of(&CATALOG, client());
    for count in 0..client().count() {
        let part = service_of(&CATALOG, client().take(count));
        assert!(part == Shown::More || part == whole, "{count}: {part:?}, then {whole:?}");
    }
    if let Some(name) = server_name(client()) {
        assert!(name.len() <= data.len());
    }
    let pieces = datagrams.iter().map(|(direction, bytes)| (*direction, bytes.as_slice())).collect();
    over_udp(&Dialogue { pieces, ..read }, &ALL);
});
