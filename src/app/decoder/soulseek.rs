//! Soulseek: decided at a login to the server, or at the hello between peers (the protocol as publicly described by
//! Nicotine+'s documentation).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening, successive};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "soulseek",
    transport: Transport::Tcp,
    first: FirstBytes { client: &successive::<240>(16), server: &successive::<240>(16) },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let mut read = Reader(opening);
        let sign = match read.le32() {
            None => Sign::More,
            Some(len @ 16..=255) => Sign::of(login(read, len)).or(Sign::of(peer(read, len))),
            Some(_) => Sign::No,
        };
        sign.finds("soulseek", "Soulseek hello", &[])
    })
}

/// Code 1, name, password, version, and a hash of 32 digits.
fn login(mut read: Reader<'_>, len: u32) -> Option<bool> {
    if read.le32()? != 1 {
        return Some(false);
    }
    let name = read.le32()?;
    if !(1..=64).contains(&name) {
        return Some(false);
    }
    let text = read.take(name as usize)?;
    let password = read.le32()?;
    if !text.iter().all(|byte| matches!(byte, b' '..=b'~')) || password > 64 {
        return Some(false);
    }
    read.take(password as usize)?;
    let version = read.le32()?;
    Some((100..=400).contains(&version) && len > 16 + name + password && read.le32()? == 32)
}

/// Code 1, name, kind (peer, file or distributed), a number; the length says where that ends.
fn peer(mut read: Reader<'_>, len: u32) -> Option<bool> {
    if read.u8()? != 1 {
        return Some(false);
    }
    let name = read.le32()?;
    if !(1..=64).contains(&name) || len != 1 + 4 + name + 5 + 4 {
        return Some(false);
    }
    let text = read.take(name as usize)?;
    let is_name = text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    Some(is_name && read.le32()? == 1 && matches!(read.u8()?, b'P' | b'F' | b'D'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let login = b"\x48\0\0\0\x01\0\0\0\x03\0\0\0bob\x06\0\0\0secret\xa0\0\0\0\x20\0\0\0d51c9a7e";
        let peer = b"\x11\0\0\0\x01\x03\0\0\0bob\x01\0\0\0P\x12\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("login", login, b"", "soulseek"),
                ("peers", peer, b"", "soulseek"),
                ("half of it", &login[..14], b"", "more"),
                ("another length", b"\x12\0\0\0\x01\x03\0\0\0bob\x01\0\0\0P\x12\0\0\0", b"", "no"),
                ("another kind", b"\x11\0\0\0\x01\x03\0\0\0bob\x01\0\0\0Q\x12\0\0\0", b"", "no"),
            ],
        );
    }
}
