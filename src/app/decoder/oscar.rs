//! OSCAR, of AIM and ICQ: decided at the frame that begins the client's connection, and what it signs on with (FLAP and
//! its sign-on channel as publicly described by AOL).
//!
//! A screen name of digits is ICQ's; with a cookie instead of a name it is taken for AIM (assumed).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Finding, Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "oscar",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"*", server: b"*" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if [heads.client, heads.server].iter().any(|side| is_hello(Reader(side)) == Some(false)) {
        return Match::No;
    }
    either_way(heads, |client, _| match sign_on(Reader(client)) {
        None => Match::More,
        Some(None) => Match::No,
        Some(Some((app, detail))) => {
            Match::Yes(Finding { app, what: "OSCAR sign-on", detail, names_host: false })
        }
    })
}

/// The first frame of either side is on channel 1 and has version 1.
fn is_hello(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != 0x2a || read.u8()? != 1 {
        return Some(false);
    }
    let (_sequence, len) = (read.u16()?, read.u16()?);
    Some((4..2_048).contains(&len) && read.u32()? == 1)
}

/// What the client signs on with is beside the version, or in a second frame that asks for a login.
fn sign_on(mut read: Reader<'_>) -> Option<Option<(&'static str, &[u8])>> {
    read.take(4)?;
    let (len, _version) = (read.u16()?, read.u32()?);
    if len > 4 {
        return sign_on_with(read);
    }
    let (mark, channel, _sequence, _len) = (read.u8()?, read.u8()?, read.u16()?, read.u16()?);
    if mark != 0x2a || channel != 2 {
        return Some(None);
    }
    // Family 0x17, a login's request for a key or with its answer.
    let (family, kind) = (read.u16()?, read.u16()?);
    if family != 0x17 || !matches!(kind, 2 | 6) {
        return Some(None);
    }
    read.take(6)?;
    sign_on_with(read)
}

/// A screen name (parameter 1), or a cookie (6).
fn sign_on_with(mut read: Reader<'_>) -> Option<Option<(&'static str, &[u8])>> {
    let (parameter, len) = (read.u16()?, read.u16()?);
    match parameter {
        1 if (1..=97).contains(&len) => {
            let name = read.take(len.into())?;
            let app = if name.iter().all(u8::is_ascii_digit) { "icq" } else { "aim-base" };
            Some(Some((app, name)))
        }
        6 if len >= 16 => Some(Some(("aim-base", &[]))),
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_detail, tcp_table};

    #[test]
    fn table() {
        let hello = b"\x2a\x01\0\x01\0\x04\0\0\0\x01";
        let name = |name: &[u8]| [b"\x2a\x01\0\x01\0\x40\0\0\0\x01\0\x01\0", &[7][..], name].concat();
        let login =
            [&hello[..], b"\x2a\x02\0\x02\0\x18\0\x17\0\x06\0\0\0\0\0\0\0\x01\0\x03bob\0\x4b\0\0"].concat();
        tcp_table(
            DECODER,
            &[
                ("a name", &name(b"boblike"), hello, "aim-base"),
                ("a number", &name(b"1234567"), hello, "icq"),
                ("a login", &login, hello, "aim-base"),
                ("hello alone", hello, b"", "more"),
                ("another version", b"\x2a\x01\0\x01\0\x04\0\0\0\x02", b"", "no"),
                ("another server", hello, b"220 hello\r\n", "no"),
            ],
        );
        assert_eq!(tcp_detail(DECODER, &login, hello), b"bob");
    }
}
