//! Discord: decided at the search for the own address that goes before voice (Discord's documentation of voice
//! connections, IP discovery).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "discord",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        is_discovery(datagram).then_some(finding("discord", "Discord address discovery"))
    })
}

/// Request or answer, the length 70, a source's number, an address as text with zeros after it, a port.
fn is_discovery(datagram: &[u8]) -> bool {
    let (74, [0, kind, 0, 70, _, _, _, _, address @ ..]) = (datagram.len(), datagram) else { return false };
    let text = address.iter().take_while(|byte| **byte != 0).count();
    let (name, rest) = address.split_at(text.min(address.len()));
    match kind {
        1 => address.iter().all(|byte| *byte == 0),
        2 => {
            let sound = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
            (3..=45).contains(&name.len())
                && name.iter().all(sound)
                && rest.iter().rev().skip(2).all(|byte| *byte == 0)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let request = [&b"\0\x01\0\x46\0\0\x12\x34"[..], &[0; 66]].concat();
        let answer = [&b"\0\x02\0\x46\0\0\x12\x34203.0.113.9"[..], &[0; 53], b"\xc3\x50"].concat();
        let mut other = request.clone();
        other[40] = 7;
        udp_table(
            DECODER,
            &[
                ("request", 50_001, &[('>', &request)], "discord"),
                ("answer", 50_001, &[('<', &answer)], "discord"),
                ("shorter", 50_001, &[('>', &request[..70])], "no"),
                ("something in the address", 50_001, &[('>', &other)], "no"),
            ],
        );
    }
}
