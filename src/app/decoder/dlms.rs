//! DLMS/COSEM: decided at the association's request or response in TCP-UDP wrappers (IEC 62056-47, 5; IEC 62056-5-3,
//! 7.2.1, with the object identifier of its application contexts).

use super::sign::{Reader, Sign, contains};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "dlms",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

/// Object identifier 2.16.756.5.8.1, to which a context's number is added, as the context's name carries it.
const CONTEXT: &[u8] = &[0x06, 0x07, 0x60, 0x85, 0x74, 0x05, 0x08, 0x01];

/// Bytes of the message within which the context's name is.
const ENOUGH: usize = 24;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_association(Reader(opening))).finds("dlms", "DLMS association", &[])
    })
}

/// Version 1, source and destination, length; then AARQ or AARE.
fn is_association(mut read: Reader<'_>) -> Option<bool> {
    if read.u16()? != 1 {
        return Some(false);
    }
    let (_source, _destination, len) = (read.u16()?, read.u16()?, usize::from(read.u16()?));
    let tag = read.u8()?;
    if !matches!(tag, 0x60 | 0x61) || !(ENOUGH..=512).contains(&len) {
        return Some(false);
    }
    Some(contains(read.take(ENOUGH - 1)?, CONTEXT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let request = b"\0\x01\0\x10\0\x01\0\x1f\x60\x1d\xa1\x09\x06\x07\x60\x85\x74\x05\x08\x01\x01\
            \xbe\x10\x04\x0e\x01\0\0\0\x06\x5f\x1f";
        let mut other = request.to_vec();
        other[16] = 0x11;
        tcp_table(
            DECODER,
            &[
                ("association request", request, b"", "dlms"),
                ("wrapper alone", &request[..8], b"", "more"),
                ("another context", &other, b"text", "no"),
                ("Modbus", b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x0a", b"\0\x01\0\0\0\x17\x01\x03\x14", "no"),
            ],
        );
    }
}
