//! SQL Server Resolution: decided at the server's answer (\[MC-SQLR\] 2.2.5); a request is one byte, perhaps with a name,
//! which proves nothing.

use super::{Decoder, FirstBytes, Transport, at_datagram, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "mssql-mon",
    transport: Transport::Udp,
    first: FirstBytes { client: &[2, 3, 4, ANSWER, 15], server: &[2, 3, 4, ANSWER, 15] },
    inspect,
};

const ANSWER: u8 = 5;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_datagram(heads, |datagram| is_answer(datagram).then_some(finding("mssql-mon", "SQL Server instances")))
}

/// Type, length, and text of names and values; to the request for the administrator's port a version and a port.
fn is_answer(datagram: &[u8]) -> bool {
    match datagram {
        [ANSWER, 6, 0, 1, _, _] => true,
        [ANSWER, low, high, text @ ..] => {
            usize::from(u16::from_le_bytes([*low, *high])) == text.len() && text.starts_with(b"ServerName;")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::udp_table;

    #[test]
    fn table() {
        let answer = b"\x05\x29\0ServerName;DB1;InstanceName;X;tcp;1433;;;";
        udp_table(
            DECODER,
            &[
                ("request alone", 1_434, &[('>', b"\x02")], "more"),
                ("request and answer", 1_434, &[('>', b"\x03"), ('<', answer)], "mssql-mon"),
                ("another length", 1_434, &[('<', &answer[..30])], "no"),
                ("another text", 1_434, &[('<', b"\x05\x0b\0servername;")], "no"),
            ],
        );
    }
}
