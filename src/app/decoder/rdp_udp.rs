//! RDP over UDP: decided at the first SYN datagram (\[MS-RDPEUDP\] 2.2.2.1 and 2.2.2.5).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rdp-udp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_syn(Reader(datagram)) == Some(true)).then_some(finding("ms-rdp", "RDP SYN datagram"))
    })
}

/// Nothing to acknowledge yet, a window, the flag SYN, a sequence number, and both directions' largest datagram.
fn is_syn(mut read: Reader<'_>) -> Option<bool> {
    const SYN: u16 = 1;
    let (acknowledged, _window, flags) = (read.u32()?, read.u16()?, read.u16()?);
    read.u32()?;
    let sizes = [read.u16()?, read.u16()?];
    Some(
        acknowledged == u32::MAX
            && flags & SYN != 0
            && sizes.iter().all(|size| (1_132..=1_232).contains(size)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let syn = b"\xff\xff\xff\xff\0\x40\x10\x01\x12\x34\x56\x78\x04\xd0\x04\xd0\0\0";
        udp_table(
            DECODER,
            &[
                ("SYN", 3_389, &[('>', syn)], "ms-rdp"),
                ("another size", 3_389, &[('>', &[&syn[..13], b"\x10", &syn[14..]].concat())], "no"),
                ("without SYN", 3_389, &[('>', &[&syn[..7], b"\x04", &syn[8..]].concat())], "no"),
            ],
        );
    }
}
