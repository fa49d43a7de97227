//! IP Messenger: decided at the first datagram, whose fields have colons between them (IP Messenger's protocol 1, draft
//! 10).

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ipmsg",
    transport: Transport::Udp,
    first: FirstBytes { client: b"1", server: b"1" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        is_packet(datagram).then_some(finding("ip-messenger-base", "IP Messenger packet"))
    })
}

/// `1:number:user:host:command:more`, the number being a time in seconds.
fn is_packet(datagram: &[u8]) -> bool {
    let mut fields = datagram.splitn(6, |byte| *byte == b':');
    let mut next = || fields.next().unwrap_or_default();
    let (version, number, user, host, command) = (next(), next(), next(), next(), next());
    let digits = |field: &[u8], least| {
        field.len() >= least && field.len() <= 10 && field.iter().all(u8::is_ascii_digit)
    };
    let name =
        |field: &[u8]| !field.is_empty() && field.len() < 64 && !field.iter().any(u8::is_ascii_control);
    version == b"1"
        && digits(number, 9)
        && name(user)
        && name(host)
        && digits(command, 1)
        && fields.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let entry = b"1:1197553620:bob:workstation:6291457:Bob\0group";
        udp_table(
            DECODER,
            &[
                ("an entry", 2_425, &[('>', entry)], "ip-messenger-base"),
                ("no command", 2_425, &[('>', b"1:1197553620:bob:workstation:")], "no"),
                ("numbers", 2_425, &[('>', b"1:2:3:4:5:6")], "no"),
            ],
        );
    }
}
