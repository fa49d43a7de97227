//! Skinny (SCCP): decided at the phone's registration, or at three messages in a row (message formats as publicly
//! described for Cisco Unified Communications Manager).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "sccp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

const REGISTER: u32 = 1;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |client| Sign::of(is_phone(Reader(client))).finds("sccp", "SCCP registration", &[]))
}

/// Length, version, message: a registration with the phone's name, or several whole messages.
fn is_phone(mut read: Reader<'_>) -> Option<bool> {
    const ENOUGH: usize = 3;
    for _ in 0..ENOUGH {
        let (len, version, message) = (read.le32()?, read.le32()?, read.le32()?);
        if !(4..=2_048).contains(&len) || version > 0x20 || message > 0x200 {
            return Some(false);
        }
        if message == REGISTER {
            let name = read.array::<3>()?;
            return Some([*b"SEP", *b"ATA", *b"CIP", *b"VGC"].contains(&name));
        }
        read.take(usize::try_from(len).ok()? - 4)?;
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let register = b"\x3c\0\0\0\0\0\0\0\x01\0\0\0SEP001122334455";
        let keep_alive = b"\x04\0\0\0\0\0\0\0\0\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("registration", register, b"", "sccp"),
                ("after a keep-alive", &[&keep_alive[..], register].concat(), b"", "sccp"),
                ("keep-alive alone", keep_alive, b"", "more"),
                ("keep-alives", &keep_alive.repeat(3), b"", "sccp"),
                ("another name", b"\x3c\0\0\0\0\0\0\0\x01\0\0\0xyz", b"\x01\0\0\0\0\0\0\0\0\0\0\0", "no"),
            ],
        );
    }
}
