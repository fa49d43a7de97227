//! TFTP: decided at the request (RFC 1350, 5), and on the ports of the transfer at the second datagram.
//!
//! A server answers from a port of its own, so that the transfer is a session without the request: an option
//! acknowledgment decides it (RFC 2347), or data and what must come next to it.

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding, first_datagram};
use crate::app::{Finding, Heads, Match};
use crate::flow::Direction;

pub(super) const DECODER: Decoder = Decoder {
    name: "tftp",
    transport: Transport::Udp,
    first: FirstBytes { client: &[0], server: &[0] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let Some(first) = first_datagram(heads) else { return Match::More };
    if let Some(name) = request(first) {
        return Match::Yes(Finding { app: "tftp", what: "TFTP request", detail: name, names_host: false });
    }
    if is_option_acknowledgment(first) {
        return Match::Yes(finding("tftp", "TFTP option acknowledgment"));
    }
    let mut datagrams = heads.each_datagram().filter(|(_, datagram)| !datagram.is_empty());
    match (datagrams.next(), datagrams.next()) {
        (Some(one), None) if step(one.1).is_some() => Match::More,
        (Some(one), Some(other)) if follows(one, other) => Match::Yes(finding("tftp", "TFTP transfer")),
        _ => Match::No,
    }
}

/// A read or write request: the name of the file, if the mode is one that exists.
fn request(datagram: &[u8]) -> Option<&[u8]> {
    let [0, 1 | 2, strings @ ..] = datagram else { return None };
    let mut strings = strings.split(|byte| *byte == 0);
    let (name, mode) = (strings.next()?, strings.next()?);
    strings.next()?; // what follows the mode's NUL
    let known = [&b"octet"[..], b"netascii", b"mail"].iter().any(|known| mode.eq_ignore_ascii_case(known));
    (known && !name.is_empty() && !name.iter().any(u8::is_ascii_control)).then_some(name)
}

fn is_option_acknowledgment(datagram: &[u8]) -> bool {
    let [0, 6, strings @ ..] = datagram else { return false };
    let name = strings.split(|byte| *byte == 0).next().unwrap_or_default();
    [&b"blksize"[..], b"tsize", b"timeout", b"windowsize", b"multicast"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
        && strings.ends_with(b"\0")
}

/// What a datagram of the transfer says: whether it is data, and its block.
fn step(datagram: &[u8]) -> Option<(bool, u16)> {
    let mut read = Reader(datagram);
    let (operation, block) = (read.u16()?, read.u16()?);
    match operation {
        3 if block > 0 && read.0.len() <= 65_464 => Some((true, block)),
        4 if read.0.is_empty() => Some((false, block)),
        _ => None,
    }
}

/// Whether the second answers the first: data acknowledged, or the next data for an acknowledgment.
fn follows(one: (Direction, &[u8]), other: (Direction, &[u8])) -> bool {
    let (Some((is_data, block)), Some((other_is_data, other_block))) = (step(one.1), step(other.1)) else {
        return false;
    };
    match (is_data, other_is_data) {
        (true, false) => one.0 != other.0 && other_block == block,
        (false, true) => one.0 != other.0 && other_block == block.wrapping_add(1),
        (true, true) => one.0 == other.0 && (other_block == block.wrapping_add(1) || other_block == block),
        (false, false) => one.0 == other.0 && (other_block == block.wrapping_add(1) || other_block == block),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        udp_table(
            DECODER,
            &[
                ("read request", 69, &[('>', b"\0\x01boot.cfg\0octet\0")], "tftp"),
                (
                    "write request with options",
                    69,
                    &[('>', b"\0\x02boot.cfg\0OCTET\0blksize\x001428\0")],
                    "tftp",
                ),
                ("option acknowledgment", 40_000, &[('>', b"\0\x06tsize\x001024\0")], "tftp"),
                ("data alone", 40_000, &[('>', b"\0\x03\0\x01data")], "more"),
                (
                    "data and acknowledgment",
                    40_000,
                    &[('>', b"\0\x03\0\x01data"), ('<', b"\0\x04\0\x01")],
                    "tftp",
                ),
                ("another block", 40_000, &[('>', b"\0\x03\0\x01data"), ('<', b"\0\x04\0\x07")], "no"),
                ("no such mode", 69, &[('>', b"\0\x01boot.cfg\0binary\0")], "no"),
                ("no name", 69, &[('>', b"\0\x01\0octet\0")], "no"),
            ],
        );
    }
}
