//! rwho: decided at the first datagram (4.3BSD `protocols/rwhod.h`).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "rwho",
    transport: Transport::Udp,
    first: FirstBytes { client: &[1], server: &[1] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| {
        (is_status(Reader(datagram)) == Some(true)).then_some(finding("rwho", "rwho status"))
    })
}

/// Version 1, type 1, padding, two times, the host's name in 32 bytes, loads and boot time, 24 bytes for each user.
fn is_status(mut read: Reader<'_>) -> Option<bool> {
    if read.array()? != [1, 1, 0, 0] {
        return Some(false);
    }
    read.take(8)?;
    let host = read.take(32)?;
    read.take(16)?;
    let name = host.iter().take_while(|byte| **byte != 0);
    let is_name = name.clone().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        && name.count() > 0;
    Some(is_name && read.0.len().is_multiple_of(24))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let head = [&b"\x01\x01\0\0\x65\x6a\x51\x80\0\0\0\0host"[..], &[0; 28 + 16]].concat();
        let user = [&b"pts/0\0\0\0bob\0\0\0\0\0"[..], b"\x65\x6a\x51\x80\0\0\0\x05"].concat();
        udp_table(
            DECODER,
            &[
                ("nobody there", 513, &[('>', &head)], "rwho"),
                ("one user", 513, &[('>', &[&head[..], &user].concat())], "rwho"),
                ("half a user", 513, &[('>', &[&head[..], &user[..9]].concat())], "no"),
                ("no name", 513, &[('>', &[&b"\x01\x01\0\0"[..], &[0; 56]].concat())], "no"),
            ],
        );
    }
}
