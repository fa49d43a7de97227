//! Key logs, and TLS connections opened with them: hellos that agree to any suite, then records as they come and records
//! that authenticate.
#![no_main]

use firstpass::app::fuzzing::sealed_record;
use firstpass::app::tls::decrypt::{Decrypter, Opened, Secrets, Stop};
use firstpass::flow::Direction;
use firstpass_fuzz::Dialogue;
use libfuzzer_sys::fuzz_target;

const LABELS: [&str; 5] = [
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
    "CLIENT_RANDOM",
];

/// The secret under a label.
const fn secret(label: u8) -> [u8; 32] {
    [label + 1; 32]
}

/// A key log with every secret of the connection that [`hellos`] begin.
fn log() -> String {
    let hex = |byte: u8, len| format!("{byte:02x}").repeat(len);
    let line = |(label, name): (u8, &&str)| {
        let len = if label == 4 { 48 } else { 32 };
        format!("{name} {} {}\n", hex(0x42, 32), hex(label + 1, len))
    };
    (0..).zip(&LABELS).map(line).collect()
}

/// Hellos that agree to TLS 1.3 or 1.2 and to a suite.
fn hellos(is_1_3: bool, suite: [u8; 2]) -> [Vec<u8>; 2] {
    let message = |kind: u8, tail: &[u8]| {
        let body = [&[3, 3][..], &[0x42; 32], &[0], tail].concat();
        let len = u8::try_from(body.len()).unwrap_or_default();
        [&[0x16, 3, 3, 0, len + 4, kind, 0, 0, len][..], &body].concat()
    };
    let [high, low] = suite;
    let chosen = if is_1_3 { &[0, 6, 0, 43, 0, 2, 3, 4][..] } else { &[0, 0] };
    let server = message(2, &[&[high, low, 0][..], chosen].concat());
    [message(1, &[0, 2, high, low, 1, 0, 0, 0]), server]
}

fuzz_target!(|data: &[u8]| {
    let Some(dialogue) = Dialogue::read(data) else { return };
    let mut secrets = Secrets::default();
    let added = secrets.add(data, 8);
    assert!(added.bad.len() as u64 <= added.bad_lines);
    secrets.add(log().as_bytes(), 16);
    // TLS 1.3 with AES-128-GCM is what records can be sealed for.
    let suites =
        [[0x13, 1], [0x13, 1], [0x13, 2], [0xc0, 0x2f], [0xcc, 0xa8], [0xc0, 0x13], [0xc0, 0x28], [0, 10]];
    let suite = suites[usize::from(dialogue.port) % suites.len()];
    let mut decrypter = Decrypter::default();
    let mut numbers = [[0_u64; 2]; 2];
    let sides = Direction::BOTH.into_iter().zip(hellos(suite[0] == 0x13, suite));
    let pieces = dialogue.pieces.iter().map(|(direction, piece)| match piece.split_first() {
        // The lowest bits say whether it is sealed, with which secret, and what is inside.
        Some((&how, rest)) if how & 1 != 0 && rest.len() < 2_000 => {
            let (phase, side) = (usize::from(how >> 1 & 1), direction.index());
            let number = numbers[phase][side];
            numbers[phase][side] += 1;
            let secret = secret(u8::try_from(2 * phase + side).unwrap_or_default());
            let sealed = sealed_record(&secret, number, 20 + (how >> 2 & 3), rest, usize::from(how >> 4));
            (*direction, sealed.unwrap_or_default())
        }
        _ => (*direction, piece.to_vec()),
    });
    let all: Vec<_> = sides.chain(pieces).collect();
    let total: usize = all.iter().map(|(_, bytes)| bytes.len()).sum();
    let (mut opened, mut end) = (0, None);
    for (direction, bytes) in &all {
        for chunk in bytes.chunks(dialogue.cut.max(1)) {
            let mut count =
                |_, found: Opened<'_>| opened += if let Opened::Data(data) = found { data.len() } else { 0 };
            end = end.or(decrypter.feed(&secrets, *direction, chunk, &mut count).err());
            if end.is_some() {
                break;
            }
        }
        if end.is_some() {
            break;
        }
    }
    assert!(opened <= total);
    assert!(end.is_none_or(|end| Stop::ALL.contains(&end)));
});
