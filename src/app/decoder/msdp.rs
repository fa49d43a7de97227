//! MSDP: decided at the first source-active message, or at both sides' keepalives (RFC 3618, 12).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "msdp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[SOURCE_ACTIVE, KEEPALIVE], server: &[SOURCE_ACTIVE, KEEPALIVE] },
    inspect,
};

const SOURCE_ACTIVE: u8 = 1;
const KEEPALIVE: u8 = 4;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let [client, server] = [heads.client, heads.server];
    let active = |bytes| Sign::of(is_source_active(Reader(bytes)));
    let keeps = |bytes: &[u8]| match bytes {
        [KEEPALIVE, 0, 3, ..] => Sign::Yes,
        [] | [KEEPALIVE] | [KEEPALIVE, 0] => Sign::More,
        _ => Sign::No,
    };
    let both = keeps(client).and(keeps(server));
    let fits = |bytes| active(bytes).or(keeps(bytes));
    match active(client).or(active(server)).or(both) {
        Sign::Yes => Match::Yes(finding("msdp", "MSDP message")),
        _ if fits(client).and(fits(server)) == Sign::No => Match::No,
        _ => Match::More,
    }
}

/// A keepalive perhaps before it; length, number of entries, rendezvous point; then entries that each have three bytes
/// of zero, a prefix length of 32, and a multicast group.
fn is_source_active(mut read: Reader<'_>) -> Option<bool> {
    let (mut kind, mut len) = (read.u8()?, read.u16()?);
    if (kind, len) == (KEEPALIVE, 3) {
        (kind, len) = (read.u8()?, read.u16()?);
    }
    let entries = u16::from(read.u8()?);
    if kind != SOURCE_ACTIVE || entries == 0 || len < 8 + 12 * entries {
        return Some(false);
    }
    read.take(4)?;
    let [0, 0, 0, 32, group, ..] = read.array::<8>()? else { return Some(false) };
    Some((224..=239).contains(&group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let active = b"\x01\0\x14\x01\xc0\0\x02\x01\0\0\0\x20\xe8\x01\x02\x03\xc6\x33\x64\x07";
        let keepalive = b"\x04\0\x03";
        tcp_table(
            DECODER,
            &[
                ("source active", active, b"", "msdp"),
                ("keepalive alone", keepalive, b"", "more"),
                ("keepalives", keepalive, keepalive, "msdp"),
                ("keepalive and source active", &[&keepalive[..], active].concat(), b"", "msdp"),
                ("no group", b"\x01\0\x14\x01\xc0\0\x02\x01\0\0\0\x20\x0a\x01\x02\x03", b"text", "no"),
                ("SOCKS", b"\x04\x01\0\x50\xc0\0\x02\x01bob\0", b"\0\x5a\0\0\0\0\0\0", "no"),
            ],
        );
    }
}
