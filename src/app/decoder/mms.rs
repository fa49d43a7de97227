//! MMS, Microsoft's older media streaming: decided at the first command's header over TCP (\[MS-MMSP\] 2.2.3).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "mms",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[1], server: &[1] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_command(Reader(opening))).finds("mms", "MMS command", &[]))
}

/// Version 1.0, the session's mark, a length, the seal `MMS `.
fn is_command(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != 1 {
        return Some(false);
    }
    read.take(3)?;
    if read.array()? != [0xce, 0xfa, 0x0b, 0xb0] {
        return Some(false);
    }
    read.u32()?;
    Some(read.array()? == *b"MMS ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let connect = b"\x01\0\0\0\xce\xfa\x0b\xb0\x90\0\0\0MMS \x12\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("connect", connect, b"", "mms"),
                ("without its seal", &connect[..12], b"", "more"),
                ("another seal", b"\x01\0\0\0\xce\xfa\x0b\xb0\x90\0\0\0MMX ", b"", "no"),
                ("Radmin", b"\x01\0\0\0\x01\0\0\0\x08\x08", b"", "no"),
            ],
        );
    }
}
