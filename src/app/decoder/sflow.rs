//! sFlow: decided at the first datagram (sFlow version 5, 4).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "sflow",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_samples(Reader(datagram)) == Some(true)).then_some(finding("sflow", "sFlow datagram"))
    })
}

/// Version 5, the agent's address, its part, sequence, uptime, and samples that fill the datagram exactly.
fn is_samples(mut read: Reader<'_>) -> Option<bool> {
    if read.u32()? != 5 {
        return Some(false);
    }
    match read.u32()? {
        1 => read.take(4)?,
        2 => read.take(16)?,
        _ => return Some(false),
    };
    read.take(12)?;
    let count = read.u32()?;
    for _ in 0..count.min(64) {
        let (_format, len) = (read.u32()?, read.u32()?);
        if len == 0 || len % 4 != 0 {
            return Some(false);
        }
        read.take(usize::try_from(len).ok()?)?;
    }
    Some((1..=64).contains(&count) && read.0.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let head = b"\0\0\0\x05\0\0\0\x01\xc0\0\x02\x01\0\0\0\0\0\0\0\x07\0\x01\x02\x03\0\0\0\x01";
        let sample = b"\0\0\0\x02\0\0\0\x08\0\0\0\x01\0\0\0\x09";
        let datagram = [&head[..], sample].concat();
        udp_table(
            DECODER,
            &[
                ("counters", 6_343, &[('>', &datagram)], "sflow"),
                ("cut sample", 6_343, &[('>', &datagram[..40])], "no"),
                ("no samples", 6_343, &[('>', &[&head[..27], b"\0"].concat())], "no"),
                ("version 6", 6_343, &[('>', &[b"\0\0\0\x06", &datagram[4..]].concat())], "no"),
            ],
        );
    }
}
