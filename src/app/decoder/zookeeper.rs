//! ZooKeeper: decided at the client's connect request (ZooKeeper's `zookeeper.jute`, ConnectRequest), or at the answer to
//! a command of four letters (ZooKeeper Administrator's Guide, "The Four Letter Words").

use super::sign::{Reader, Sign, begins_any};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "zookeeper",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// A length's high byte, and letters of commands and answers.
const FIRST: &[u8] = b"\0cdeimrsTwZzEL";

const COMMANDS: &[&[u8]] =
    &[b"conf", b"cons", b"dump", b"envi", b"isro", b"mntr", b"ruok", b"srvr", b"stat", b"wchc", b"wchs"];

const ANSWERS: &[&[u8]] =
    &[b"imok", b"Zookeeper version: ", b"zk_version\t", b"clientPort=", b"Environment:\nzookeeper.version="];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let fits = if client.is_empty() { Sign::of(is_length(Reader(server))) } else { Sign::Yes };
        let request = Sign::of(is_connect(Reader(client))).and(fits);
        let word = begins_any(client, COMMANDS).and_then(|| begins_any(server, ANSWERS));
        request.or(word).finds("apache-zookeeper", "ZooKeeper request", &[])
    })
}

/// Length, version 0, transaction last seen, timeout in milliseconds, session, 16 bytes of password, perhaps a byte.
fn is_connect(mut read: Reader<'_>) -> Option<bool> {
    if !is_length(read)? || !matches!(read.u32()?, 44 | 45) || read.u32()? != 0 {
        return Some(false);
    }
    read.take(8)?;
    let timeout = read.u32()?;
    let _session = read.array::<8>()?;
    Some((100..=3_600_000).contains(&timeout) && read.u32()? == 16)
}

/// The length of the request or of its answer, which has no transaction.
fn is_length(mut read: Reader<'_>) -> Option<bool> {
    Some(read.u8()? == 0 && matches!(read.u24()?, 36 | 37 | 44 | 45))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let request =
            [&b"\0\0\0\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x75\x30\0\0\0\0\0\0\0\0\0\0\0\x10"[..], &[0; 17]]
                .concat();
        tcp_table(
            DECODER,
            &[
                ("connect request", &request, b"", "apache-zookeeper"),
                ("up to the version", &request[..8], b"", "more"),
                ("are you ok", b"ruok", b"imok", "apache-zookeeper"),
                ("statistics", b"stat", b"Zookeeper version: 3.8.4", "apache-zookeeper"),
                ("a word alone", b"ruok", b"", "more"),
                ("statistics of something else", b"stats\r\n", b"STAT pid 1\r\n", "no"),
                ("another version", b"\0\0\0\x2d\0\0\0\x01\0\0\0\0\0\0", b"text", "no"),
            ],
        );
    }
}
