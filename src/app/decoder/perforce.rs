//! Perforce: decided at the first message (Perforce's `rpc/rpctrans.cc` and `rpc/rpcbuffer.cc`).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "perforce",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

const NAME_MAX: usize = 24;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_message(Reader(opening))).finds("perforce", "Perforce message", &[])
    })
}

/// A check sum of the length's bytes, the length; then a variable: its name and NUL, its length, its value and NUL.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    let (sum, len) = (read.u8()?, read.array::<4>()?);
    let total = u32::from_le_bytes(len);
    if len.iter().fold(0, |sum, byte| sum ^ byte) != sum || !(11..0x1_0000).contains(&total) {
        return Some(false);
    }
    for at in 0..=NAME_MAX {
        match read.u8()? {
            // The value's length is that of its end as well.
            0 if at > 1 => break,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' if at < NAME_MAX => {}
            _ => return Some(false),
        }
    }
    let value_len = read.le32()?;
    if value_len >= total || value_len > 1_024 {
        return Some(false);
    }
    let value = read.take(usize::try_from(value_len).ok()?)?;
    Some(value.iter().all(|byte| *byte != 0) && read.u8()? == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let message = b"\x65\x65\0\0\0cmpfile\0\0\0\0\0\0client\0\x02\0\0\083\0api\0";
        tcp_table(
            DECODER,
            &[
                ("protocol", message, b"", "perforce"),
                ("header alone", &message[..5], b"", "more"),
                ("another check sum", b"\x64\x65\0\0\0cmpfile\0\0\0\0\0\0", b"text", "no"),
                ("no name", b"\x65\x65\0\0\0\x01\x02", b"text", "no"),
                ("a value that does not end", b"\x65\x65\0\0\0cmpfile\0\x01\0\0\0ab", b"text", "no"),
            ],
        );
    }
}
