//! SMPP: decided at the request to bind (SMPP 3.4, 3.2 and 4.1).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "smpp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

/// As receiver, transmitter or both, and the message centre's request for one.
const BINDS: [u32; 4] = [1, 2, 9, 0x0b];

/// Longest name of a system, with its end.
const NAME_MAX: usize = 16;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_bind(Reader(opening))).finds("smpp", "SMPP bind", &[]))
}

/// Length, command (of an answer with the top bit), status, sequence number, and the system's name.
fn is_bind(mut read: Reader<'_>) -> Option<bool> {
    let (len, command) = (read.u32()?, read.u32()?);
    if !(17..=256).contains(&len) || !BINDS.contains(&(command & 0x7fff_ffff)) {
        return Some(false);
    }
    let (status, sequence) = (read.u32()?, read.u32()?);
    if status != 0 || !(1..=0x7fff_ffff).contains(&sequence) {
        return Some(false);
    }
    for at in 0..NAME_MAX {
        match read.u8()? {
            0 => return Some(at > 0),
            b' '..=b'~' => {}
            _ => return Some(false),
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let bind = b"\0\0\0\x26\0\0\0\x09\0\0\0\0\0\0\0\x01client\0secret\0\0\x34\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("bind", bind, b"\0\0\0\x17\x80\0\0\x09\0\0\0\0\0\0\0\x01centre\0", "smpp"),
                ("header alone", &bind[..16], b"", "more"),
                ("a message without a bind", b"\0\0\0\x26\0\0\0\x04\0\0\0\0\0\0\0\x01\0\x01", b"text", "no"),
                ("a name that is none", b"\0\0\0\x26\0\0\0\x09\0\0\0\0\0\0\0\x01\x07\x08", b"text", "no"),
            ],
        );
    }
}
