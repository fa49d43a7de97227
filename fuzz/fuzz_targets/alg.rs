//! Gateways of control connections: what they hear, and that it is the same however the bytes are cut.
#![no_main]

use firstpass::feature::alg::fuzzing::gateways;
use firstpass::feature::alg::{Gateway, Heard, Said};
use firstpass::flow::Protocol;
use firstpass_fuzz::Dialogue;
use libfuzzer_sys::fuzz_target;

/// So many endpoints may stand in few bytes, as where a description asks for a row of ports.
const ENDPOINTS_MAX: usize = 64;

fuzz_target!(|data: &[u8]| {
    let Some(dialogue) = Dialogue::read(data) else { return };
    let anew = dialogue.cut_anew();
    for (index, (name, protocol, mut gateway)) in gateways().enumerate() {
        let straight = hear(&mut *gateway, protocol, &dialogue);
        if protocol == Protocol::TCP {
            let Some((.., mut other)) = gateways().nth(index) else { return };
            assert_eq!(straight, hear(&mut *other, protocol, &anew), "{name}, as it comes and cut anew");
        }
    }
});

/// All that is heard. Every part of it lies in what has been said by then: in the datagram, or on that side.
fn hear(gateway: &mut dyn Gateway, protocol: Protocol, dialogue: &Dialogue<'_>) -> Heard {
    let (mut all, mut said) = (Heard::default(), [0; 2]);
    for (by, bytes) in &dialogue.pieces {
        let at = if protocol == Protocol::UDP { 0 } else { said[by.index()] };
        let end = at + bytes.len() as u64;
        said[by.index()] = end;
        let mut heard = Heard::default();
        gateway.hear(Said { by: *by, at, bytes }, &mut heard);
        assert!(heard.endpoints.len() <= ENDPOINTS_MAX + bytes.len(), "no end of endpoints");
        for field in heard.endpoints.iter().flat_map(|endpoint| &endpoint.fields) {
            assert!(field.at + u64::from(field.len) <= end, "{field:?} of {end} bytes");
        }
        for length in &heard.lengths {
            assert!(
                length.at + u64::from(length.len) <= end && length.counted.end <= end,
                "{length:?} of {end} bytes"
            );
        }
        all.endpoints.extend(heard.endpoints);
        all.lengths.extend(heard.lengths);
    }
    all
}
