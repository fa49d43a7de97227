//! SOCKS: decided at the server's answer (RFC 1928, 3 and 6; SOCKS 4 of Ying-Da Lee), or, without it, at the request
//! that follows the client's greeting.

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "socks",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0, 4, 5], server: &[0, 4, 5] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let five = Sign::of(greeting_5(Reader(client), false)).and(Sign::of(answer_5(Reader(server))));
        let four = Sign::of(request_4(Reader(client))).and(Sign::of(answer_4(Reader(server))));
        let fits = if server.is_empty() { Sign::Yes } else { Sign::of(answer_5(Reader(server))) };
        let request = Sign::of(greeting_5(Reader(client), true)).and(fits);

        five.or(four).or(request).finds("socks", "SOCKS request", &[])
    })
}

/// Version, number of methods, the methods; with `request` also version, command, reserved, address type.
fn greeting_5(mut read: Reader<'_>, request: bool) -> Option<bool> {
    let (version, count) = (read.u8()?, read.u8()?);
    if version != 5 || !(1..=10).contains(&count) {
        return Some(false);
    }
    let methods = read.take(count.into())?;
    let known = methods.iter().all(|method| matches!(method, 0..=9 | 0x80..=0xfe));
    Some(known && (!request || matches!(read.array()?, [5, 1..=3, 0, 1 | 3 | 4])))
}

fn answer_5(mut read: Reader<'_>) -> Option<bool> {
    Some(read.u8()? == 5 && matches!(read.u8()?, 0..=9 | 0xff))
}

/// Version, command, port, address, and a user name that ends in NUL.
fn request_4(mut read: Reader<'_>) -> Option<bool> {
    const USER_MAX: usize = 64;
    if read.u8()? != 4 || !matches!(read.u8()?, 1 | 2) || read.u16()? == 0 {
        return Some(false);
    }
    read.u32()?;
    for _ in 0..USER_MAX {
        match read.u8()? {
            0 => return Some(true),
            b' '..=b'~' => {}
            _ => return Some(false),
        }
    }
    Some(false)
}

fn answer_4(mut read: Reader<'_>) -> Option<bool> {
    let [zero, code] = read.array()?;
    read.take(6)?; // port and address
    Some(zero == 0 && matches!(code, 90..=93))
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
                ("version 5", b"\x05\x01\0", b"\x05\0", "socks"),
                ("greeting alone", b"\x05\x01\0", b"", "more"),
                ("client's side alone", b"\x05\x01\0\x05\x01\0\x03\x0bexample.org", b"", "socks"),
                ("version 4", b"\x04\x01\0\x50\xc0\0\x02\x01bob\0", b"\0\x5a\0\0\0\0\0\0", "socks"),
                ("DCE/RPC", b"\x05\0\x0b\x03\x10\0\0\0", b"\x05\0\x0c\x03\x10\0\0\0", "no"),
                ("another answer", b"\x05\x01\0\x99\x99", b"\x07\x01\0\x50\xc0\0", "no"),
            ],
        );
    }
}
