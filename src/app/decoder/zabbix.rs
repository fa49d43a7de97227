//! Zabbix: decided at the first header of either side (Zabbix documentation, "Header"); a server of old asks an agent in a
//! line of text, and the agent's answer has the header.

use super::sign::{Reader, Sign, line};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "zabbix",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: FIRST },
    inspect,
};

/// The header's, and what the names of an agent's items begin with.
const FIRST: &[u8] = b"Zabcdefghiklmnpstuvwxz";

const LINE_MAX: usize = 255;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let asked = || item(client).and(Sign::of(is_header(Reader(server))));
        Sign::of(is_header(Reader(client)))
            .and(if client.is_empty() { Sign::of(is_header(Reader(server))) } else { Sign::Yes })
            .or(asked())
            .finds("zabbix", "Zabbix header", &[])
    })
}

/// `ZBXD`, flags, and a length whose upper bytes are zero.
fn is_header(mut read: Reader<'_>) -> Option<bool> {
    if read.u8()? != b'Z' {
        return Some(false);
    }
    let head = read.array::<4>()?;
    let [b'B', b'X', b'D', flags] = head else { return Some(false) };
    let len = read.le32()?;
    Some(matches!(flags, 1..=7) && len < 0x4000_0000)
}

/// The name of an item, perhaps with parameters in brackets, and nothing else.
fn item(bytes: &[u8]) -> Sign {
    let head = bytes.get(..LINE_MAX).unwrap_or(bytes);
    let (text, is_whole) = match line(head) {
        Some((text, _)) => (text, true),
        None => (head, false),
    };
    let name = text.split(|byte| *byte == b'[').next().unwrap_or_default();
    let is_name =
        name.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_'));
    match (is_name, is_whole) {
        (true, true) => Sign::Yes,
        (true, false) if bytes.len() < LINE_MAX => Sign::More,
        _ => Sign::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let header = b"ZBXD\x01\x05\0\0\0\0\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("a sender", &[&header[..], b"{\"request\":\"sender data\"}"].concat(), b"", "zabbix"),
                ("an agent's answer", b"agent.ping\n", &[&header[..], b"1"].concat(), "zabbix"),
                ("a question alone", b"vfs.fs.size[/,free]\n", b"", "more"),
                ("another answer", b"agent.ping\n", b"ERROR\r\n", "no"),
                ("another word", b"ZBXE\x01\x05\0\0\0", b"text", "no"),
            ],
        );
    }
}
