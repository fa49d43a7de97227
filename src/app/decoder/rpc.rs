//! ONC RPC: decided at the first call, by its program (RFC 5531, 9; over TCP with record marks, 11; RFC 1833).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, at_datagram, at_opening, finding};
use crate::app::{Finding, Heads, Match};
use crate::flow::Protocol;

pub(super) const OVER_UDP: Decoder = Decoder {
    name: "rpc",
    transport: Transport::Udp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

pub(super) const OVER_TCP: Decoder = Decoder {
    name: "rpc-tcp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0x80], server: &[0x80] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    if heads.protocol != Protocol::TCP {
        return at_datagram(heads, |datagram| call(Reader(datagram)).flatten());
    }
    at_opening(heads, |client| {
        let mut read = Reader(client);
        let mut marked = || {
            // The last fragment of its record, and not longer than a call without data would be.
            let sound = (0x8000_0028..0x8010_0000).contains(&read.u32()?);
            if sound { call(read) } else { Some(None) }
        };
        match marked() {
            None => Match::More,
            Some(None) => Match::No,
            Some(Some(finding)) => Match::Yes(finding),
        }
    })
}

/// Transaction, type 0, RPC version 2, program, version, procedure, and a credential of a kind that exists.
fn call(mut read: Reader<'_>) -> Option<Option<Finding<'static>>> {
    let (_transaction, kind, rpc) = (read.u32()?, read.u32()?, read.u32()?);
    if kind != 0 || rpc != 2 {
        return Some(None);
    }
    let (program, version, procedure) = (read.u32()?, read.u32()?, read.u32()?);
    let (credential, len) = (read.u32()?, read.u32()?);
    let sound = version <= 1_000 && procedure <= 1_000 && matches!(credential, 0..=3 | 6) && len <= 400;
    let found = match program {
        100_000 => finding("portmapper", "RPC call to the port mapper"),
        100_001 => finding("rstatd", "RPC call for statistics"),
        100_002 => finding("rusers", "RPC call for users"),
        100_004 | 100_007 => finding("ypserv", "RPC call to NIS"),
        100_003 => finding("nfs", "RPC call to NFS"),
        100_005 => finding("mount", "RPC call to mount"),
        100_006..=0x3fff_ffff => finding("rpc", "RPC call"),
        _ => return Some(None),
    };
    Some(sound.then_some(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::{tcp_table, udp_table};

    #[test]
    fn table() {
        let call = |program: u32| {
            let words = [0x1234_5678, 0, 2, program, 2, 3, 0, 0, 0, 0];
            words.iter().flat_map(|word: &u32| word.to_be_bytes()).collect::<Vec<u8>>()
        };
        udp_table(
            OVER_UDP,
            &[
                ("port mapper", 111, &[('>', &call(100_000))], "portmapper"),
                ("NIS", 834, &[('>', &call(100_004))], "ypserv"),
                ("users", 32_770, &[('>', &call(100_002))], "rusers"),
                ("status monitor", 32_768, &[('>', &call(100_024))], "rpc"),
                ("no such program", 111, &[('>', &call(7))], "no"),
            ],
        );
        let marked = [b"\x80\0\0\x28", &call(100_003)[..]].concat();
        tcp_table(
            OVER_TCP,
            &[
                ("NFS", &marked, b"", "nfs"),
                ("record mark alone", &marked[..4], b"", "more"),
                ("memcached", &[0x80; 24], b"", "no"),
            ],
        );
    }
}
