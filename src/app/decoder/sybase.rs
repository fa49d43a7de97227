//! Sybase: decided at the client's login of TDS 5 (Sybase TDS 5.0 Functional Specification, "Login Record"; the
//! versions of Microsoft have another login).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "sybase",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[LOGIN], server: &[LOGIN] },
    inspect,
};

const LOGIN: u8 = 2;

/// Bytes between the four names and the version: representations, application, server, remote password.
const BETWEEN: usize = 334;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_login(Reader(opening))).finds("sybase", "TDS 5 login", &[]))
}

/// The packet header: type, status, length, channel, packet number, window. Then host, user, password and process, 30
/// bytes each and their lengths, and further on the version.
fn is_login(mut read: Reader<'_>) -> Option<bool> {
    let (kind, status, len) = (read.u8()?, read.u8()?, read.u16()?);
    if kind != LOGIN || status > 1 || len != 512 || read.array()? != [0, 0, 0, 0] {
        return Some(false);
    }
    for _ in 0..4 {
        let (name, len) = (read.take(30)?, usize::from(read.u8()?));
        if name.get(len..).is_none_or(|rest| rest.iter().any(|byte| *byte != 0)) {
            return Some(false);
        }
    }
    read.take(BETWEEN)?;
    Some(read.array()? == [5, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let name =
            |text: &[u8]| [text, &vec![0; 30 - text.len()], &[u8::try_from(text.len()).unwrap()]].concat();
        let login = |version: u8| {
            let names = [name(b"host"), name(b"sa"), name(b"secret"), name(b"1234")].concat();
            [&b"\x02\0\x02\0\0\0\0\0"[..], &names, &[0; BETWEEN], &[version, 0, 0, 0]].concat()
        };
        let (five, four) = (login(5), login(4));
        let mut crossed = five.clone();
        crossed[38] = 40;
        tcp_table(
            DECODER,
            &[
                ("TDS 5", &five, b"", "sybase"),
                ("without the version", &five[..466], b"", "more"),
                ("TDS 4.2, which is both", &four, b"", "no"),
                ("a name longer than its field", &crossed, b"", "no"),
                ("Microsoft's PRELOGIN", b"\x12\x01\0\x2f\0\0\x01\0", b"text", "no"),
            ],
        );
    }
}
