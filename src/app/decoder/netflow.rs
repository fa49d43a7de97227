//! NetFlow and IPFIX: decided at the first datagram (Cisco, "NetFlow Export Datagram Format" for versions 1, 5 and 7;
//! RFC 3954, 5 for version 9; RFC 7011, 3.1 and 3.3 for IPFIX).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "netflow",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        is_export(Reader(datagram)).is_some_and(|is| is).then_some(finding("netflow", "flow export"))
    })
}

fn is_export(mut read: Reader<'_>) -> Option<bool> {
    let whole = read.0.len();
    let (version, count) = (read.u16()?, usize::from(read.u16()?));
    match version {
        // Records of one size; the header ends after the nanoseconds, or has more.
        1 | 5 | 7 => {
            let (_uptime, _seconds, nanoseconds) = (read.u32()?, read.u32()?, read.u32()?);
            let (head, record) = match version {
                1 => (16, 52),
                5 => (24, 48),
                _ => (24, 52),
            };
            let fits = whole == head + count * record;
            Some((1..=30).contains(&count) && fits && nanoseconds < 1_000_000_000)
        }
        9 => {
            read.take(16)?; // uptime, seconds, sequence, source
            Some(count != 0 && fill(read, |set| !(2..256).contains(&set)))
        }
        10 => {
            read.take(12)?; // seconds, sequence, observation domain
            Some(count == whole && fill(read, |set| set == 2 || set == 3 || set >= 256))
        }
        _ => Some(false),
    }
}

/// Whether at least one set, each of an identifier and a length, fills the rest exactly.
fn fill(mut read: Reader<'_>, known: impl Fn(u16) -> bool) -> bool {
    let mut any = false;
    while !read.0.is_empty() {
        let (Some(set), Some(len)) = (read.u16(), read.u16()) else { return false };
        if !known(set) || len < 4 || read.take(usize::from(len) - 4).is_none() {
            return false;
        }
        any = true;
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let v5 = [&b"\0\x05\0\x01\0\x01\x02\x03\x65\x6a\x51\x80\0\0\x01\0\0\0\0\x07\0\0\0\0"[..], &[9; 48]]
            .concat();
        let template = b"\0\0\0\x0c\x01\0\0\x01\0\x08\0\x04";
        let v9 = [&b"\0\x09\0\x01\0\x01\x02\x03\x65\x6a\x51\x80\0\0\0\x07\0\0\0\x01"[..], template].concat();
        let ipfix = b"\0\x0a\0\x1c\x65\x6a\x51\x80\0\0\0\x07\0\0\0\x01\0\x02\0\x0c\x01\0\0\x01\0\x08\0\x04";
        udp_table(
            DECODER,
            &[
                ("version 5", 2_055, &[('>', &v5)], "netflow"),
                ("version 9 with a template", 9_995, &[('>', &v9)], "netflow"),
                ("IPFIX", 4_739, &[('>', ipfix)], "netflow"),
                ("a record too few", 2_055, &[('>', &v5[..71])], "no"),
                ("a set that is not whole", 9_995, &[('>', &v9[..31])], "no"),
                (
                    "a set that is none",
                    4_739,
                    &[('>', &[&ipfix[..17], b"\x07", &ipfix[18..]].concat())],
                    "no",
                ),
            ],
        );
    }
}
