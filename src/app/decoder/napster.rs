//! Napster: decided at the client's login (opennap's description of the protocol, 2).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening, successive};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "napster",
    transport: Transport::Tcp,
    first: FirstBytes { client: &successive::<118>(10), server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| Sign::of(is_login(Reader(opening))).finds("napster", "Napster login", &[]))
}

/// Length, type 2, then `name password port "client" speed`.
fn is_login(mut read: Reader<'_>) -> Option<bool> {
    let (len, kind) = (read.le16()?, read.le16()?);
    if !(10..128).contains(&len) || kind != 2 {
        return Some(false);
    }
    let text = read.0.get(..len.into()).unwrap_or(read.0);
    if !text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return Some(false);
    }
    let words: Vec<&[u8]> = read.take(len.into())?.splitn(4, |byte| *byte == b' ').collect();
    let [_name, _password, port, rest] = words.as_slice() else { return Some(false) };
    Some(
        (1..=5).contains(&port.len())
            && port.iter().all(u8::is_ascii_digit)
            && rest.starts_with(b"\"")
            && rest.iter().filter(|byte| **byte == b'"').count() == 2,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("login", b"\x22\0\x02\0foo badpass 6699 \"nap v0.8\" 3     ", b"", "napster"),
                ("half of it", b"\x22\0\x02\0foo bad", b"", "more"),
                ("another type", b"\x22\0\x63\0foo badpass 6699 \"nap v0.8\" 3     ", b"", "no"),
                ("no client", b"\x10\0\x02\0foo badpass 6699", b"", "no"),
            ],
        );
    }
}
