//! RMCP with ASF or IPMI: decided at the first datagram (DMTF DSP0136, 3.2; IPMI 2.0, 13.1 and 13.6).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rmcp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[6], server: &[6] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_message(Reader(datagram)) == Some(true)).then_some(finding("rmcp", "RMCP message"))
    })
}

/// Version 6, reserved, sequence, class; then an ASF message or an IPMI session's packet of the right length.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let [6, 0, sequence, class] = read.array()? else { return Some(false) };
    match class {
        // An acknowledgement is the header alone.
        0x86 => Some(read.0.is_empty() && sequence != 0xff),
        // ASF's enterprise number, type, tag, reserved, length.
        6 => {
            let (enterprise, _kind, _tag, reserved) = (read.u32()?, read.u8()?, read.u8()?, read.u8()?);
            Some(enterprise == 4_542 && reserved == 0 && usize::from(read.u8()?) == read.0.len())
        }
        7 => {
            let authentication = read.u8()?;
            if authentication == 6 {
                let kind = read.u8()?;
                // An OEM's payload has its number before the session.
                if kind & 0x3f == 2 {
                    read.take(6)?;
                }
                read.take(8)?; // session and sequence
                let len = usize::from(read.le16()?);
                return Some(if kind & 0xc0 == 0 { len == read.0.len() } else { len <= read.0.len() });
            }
            read.take(8)?; // sequence and session
            if authentication != 0 {
                read.take(16)?;
            }
            let len = usize::from(read.u8()?);
            // Some add one byte of padding.
            let fits = (len..=len + 1).contains(&read.0.len());
            Some(matches!(authentication, 0..=2 | 4 | 5) && len >= 7 && fits)
        }
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let capabilities = b"\x06\0\xff\x07\0\0\0\0\0\0\0\0\0\x09\x20\x18\xc8\x81\0\x38\x8e\x04\xb5";
        let open = [&b"\x06\0\xff\x07\x06\x10\0\0\0\0\0\0\0\0\x20\0"[..], &[0; 32]].concat();
        udp_table(
            DECODER,
            &[
                ("ASF ping", 623, &[('>', b"\x06\0\xff\x06\0\0\x11\xbe\x80\0\0\0")], "rmcp"),
                ("IPMI capabilities", 623, &[('>', capabilities)], "rmcp"),
                ("RMCP+ open session", 623, &[('>', &open)], "rmcp"),
                ("another enterprise", 623, &[('>', b"\x06\0\xff\x06\0\0\x11\xbf\x80\0\0\0")], "no"),
                ("another length", 623, &[('>', &capabilities[..20])], "no"),
            ],
        );
    }
}
