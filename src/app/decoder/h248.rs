//! H.248, the control of media gateways, in its text form: decided at the first message's header (RFC 3525, B.2).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "h248",
    transport: Transport::Udp,
    first: FirstBytes { client: b"!Mm", server: b"!Mm" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_message(datagram).then_some(finding("h.248", "H.248 message")))
}

/// `MEGACO/1 [192.0.2.1]:2944`, or the short form of the token, `!/1`.
fn is_message(datagram: &[u8]) -> bool {
    let rest = match datagram.split_at_checked(7) {
        Some((token, rest)) if token.eq_ignore_ascii_case(b"MEGACO/") => rest,
        _ => match datagram.strip_prefix(b"!/") {
            Some(rest) => rest,
            None => return false,
        },
    };
    // One version digit, space, then an address, a domain or a device's name.
    matches!(rest, [b'1'..=b'9', b' ' | b'\t' | b'\r' | b'\n', b'[' | b'<' | b'A'..=b'Z' | b'a'..=b'z', ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let long = b"MEGACO/1 [192.0.2.4]:2944\nTransaction = 9998 {\nContext = - {\nServiceChange = ROOT {";
        udp_table(
            DECODER,
            &[
                ("long form", 2_944, &[('>', long)], "h.248"),
                ("short form", 2_944, &[('>', b"!/1 <mgc.example.org> T=1{C=-{SC=ROOT{")], "h.248"),
                ("no address", 2_944, &[('>', b"!/1 #x")], "no"),
                ("another token", 2_944, &[('>', b"MEGABYTES/1 [192.0.2.4]")], "no"),
            ],
        );
    }
}
