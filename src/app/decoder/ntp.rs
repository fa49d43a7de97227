//! NTP: decided at the first datagram (RFC 5905, 7.3; control messages: RFC 9327, 2; private mode of ntpd).

use super::{Decoder, FirstBytes, Transport, first_datagram};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "ntp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

const PORT: u16 = 123;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let Some(datagram) = first_datagram(heads) else { return Match::More };
    match kind(datagram, heads.has_port(PORT)) {
        Some(what) => Match::Yes(Finding { app: "ntp", what, detail: &[], names_host: false }),
        None => Match::No,
    }
}

/// A header of 48 bytes has few fields that must hold a certain value: elsewhere than on its port, a reference
/// identifier or timestamps must speak for it.
fn kind(datagram: &[u8], on_port: bool) -> Option<&'static str> {
    let [flags, stratum, poll, precision, ..] = *datagram else { return None };
    let (version, mode) = (flags >> 3 & 7, flags & 7);
    if !(1..=4).contains(&version) {
        return None;
    }
    match mode {
        1..=5 => {
            let whole =
                datagram.len() == 48 || (datagram.len() > 48 && datagram.len().is_multiple_of(4) && on_port);
            let sound = stratum <= 16 && poll <= 17 && (precision == 0 || precision >= 0xe0 || on_port);
            let (root, times) = datagram.get(4..)?.split_at_checked(12)?;
            let idle = root.iter().chain(times).all(|byte| *byte == 0);
            let timed = times.chunks_exact(8).any(is_recent);
            (whole && sound && (on_port || timed || (idle && mode == 3))).then_some("NTP packet")
        }
        // The operation, then sequence, status, association, offset and the count of the data that follows.
        6 => {
            let [_, operation, _, _, _, _, _, _, _, _, high, low, data @ ..] = datagram else { return None };
            let count = usize::from(u16::from_be_bytes([*high, *low]));
            (operation & 31 <= 12 && count <= data.len() && (on_port || operation & 0x80 == 0 || count > 0))
                .then_some("NTP control message")
        }
        7 => (on_port && datagram.len() >= 8).then_some("NTP private message"),
        _ => None,
    }
}

/// Whether a timestamp lies in 1995 to 2036, in seconds since 1900 (RFC 5905, 6).
fn is_recent(time: &[u8]) -> bool {
    time.first().is_some_and(|byte| *byte >= 0xb2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let mut client = [0; 48];
        client[0] = 0x1b;
        let mut server = client;
        server[..4].copy_from_slice(&[0x24, 2, 6, 0xe7]);
        server[40] = 0xe9;
        let mut elsewhere = server;
        elsewhere[3] = 9;
        udp_table(
            DECODER,
            &[
                ("client's question", 123, &[('>', &client)], "ntp"),
                ("server's answer, on any port", 9_123, &[('<', &server)], "ntp"),
                ("no such precision", 9_123, &[('>', &elsewhere)], "no"),
                ("READVAR", 123, &[('>', b"\x16\x02\0\x01\0\0\0\0\0\0\0\0")], "ntp"),
                ("MONLIST", 123, &[('>', b"\x17\0\x03\x2a\0\0\0\0")], "ntp"),
                ("no version 7", 123, &[('>', &[0x3b; 48])], "no"),
                ("too short", 123, &[('>', &client[..47])], "no"),
            ],
        );
    }
}
