//! Hadoop: decided by the name of the protocol that a connection of Hadoop RPC is for (Hadoop's `IpcConnectionContext.proto`
//! and `Server.java`), at the first block request (`DataTransferProtocol.java`), or at HBase's preamble (HBase Reference
//! Guide, "RPC specification").

use super::sign::{Sign, begins, contains};
use super::{Decoder, FirstBytes, Transport, at_opening, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "hadoop",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"hH\0", server: b"hH\0" },
    inspect,
};

/// Bytes within which the connection's context is: some go back and forth before it where there is authentication.
const CONTEXT_MAX: usize = 4_096;

/// Bytes within which a block request names the block's pool.
const BLOCK_MAX: usize = 48;

/// Names of protocols and what they are.
const PROTOCOLS: [(&[u8], &str); 4] = [
    (b"org.apache.hadoop.hdfs.", "hdfs"),
    (b"org.apache.hadoop.mapred", "hadoop-mapreduce"),
    (b"org.apache.hadoop.yarn.", "hadoop-mapreduce"),
    (b"org.apache.hadoop.hbase.", "hbase"),
];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| match opening.first() {
        Some(b'h') => rpc(opening),
        // Version 0; simple, Kerberos or digest.
        Some(b'H') => {
            let authentication = Sign::of(opening.get(5).map(|byte| matches!(byte, 80..=82)));
            begins(opening, b"HBas\0").and_then(|| authentication).finds("hbase", "HBase preamble", &[])
        }
        Some(_) => block(opening),
        None => Match::More,
    })
}

/// `hrpc`, version, class, authentication, and a context with the protocol's name.
fn rpc(opening: &[u8]) -> Match<'static> {
    let head =
        begins(opening, b"hrpc").and_then(|| Sign::of(opening.get(4).map(|byte| (3..=9).contains(byte))));
    let context = opening.get(..CONTEXT_MAX).unwrap_or(opening);
    match (head, PROTOCOLS.iter().find(|(name, _)| contains(context, name))) {
        (Sign::Yes, Some((_, app))) => Match::Yes(finding(app, "Hadoop RPC connection")),
        (Sign::No, _) => Match::No,
        _ if opening.len() < CONTEXT_MAX => Match::More,
        _ => Match::No,
    }
}

/// Version 28, an operation, and the block's pool, whose name begins with `BP-`.
fn block(opening: &[u8]) -> Match<'static> {
    let operation = Sign::of(opening.get(2).map(|byte| (80..=88).contains(byte)));
    let pool = match opening.get(3..BLOCK_MAX) {
        Some(window) => Sign::of(Some(contains(window, b"BP-"))),
        None if opening.get(3..).is_some_and(|window| contains(window, b"BP-")) => Sign::Yes,
        None => Sign::More,
    };
    begins(opening, b"\0\x1c").and_then(|| operation).and(pool).finds("hdfs", "HDFS block request", &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let preamble = b"hrpc\x09\0\0\0\0\0\x5a\x1e\x08\x02\x10\0\x18\xfd\xff\xff\xff\x0f\x22\x10";
        let with = |name: &[u8]| [preamble, &b"\x12\x05\x0a\x03bob\x1a\x2e"[..], name].concat();
        tcp_table(
            DECODER,
            &[
                ("name node", &with(b"org.apache.hadoop.hdfs.protocol.ClientProtocol"), b"", "hdfs"),
                (
                    "resource manager",
                    &with(b"org.apache.hadoop.yarn.api.ApplicationClientProtocolPB"),
                    b"",
                    "hadoop-mapreduce",
                ),
                ("preamble alone", preamble, b"", "more"),
                (
                    "a protocol of somebody else",
                    &[with(b"org.example.").as_slice(), &[0; 4_096]].concat(),
                    b"",
                    "no",
                ),
                ("HBase", b"HBas\0\x50\0\0\0\x10", b"", "hbase"),
                ("HBase with another authentication", b"HBas\0\x20\0\0\0\x10", b"text", "no"),
                ("block", b"\0\x1c\x51\x50\x0a\x3d\x0a\x31\x0a\x25BP-1914-192.0.2.1-15", b"", "hdfs"),
                ("another operation", b"\0\x1c\x01\x50\x0a\x3d", b"text", "no"),
            ],
        );
    }
}
