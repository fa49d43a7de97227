//! IEC 60870-5-104: decided at a supervisory or unnumbered frame, or at the second information frame
//! (IEC 60870-5-104, 5.1 to 5.3; types and causes IEC 60870-5-101, 7.2.1 and 7.2.3).

use super::sign::Reader;
use super::{Decoder, FirstBytes, Transport, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "iec104",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[START], server: &[START] },
    inspect,
};

const START: u8 = 0x68;

/// So many information frames of one side make it certain; one of the other kinds is worth as many.
const ENOUGH: usize = 2;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    let ((client, client_broken), (server, server_broken)) = (frames(heads.client), frames(heads.server));
    if client.max(server) >= ENOUGH {
        Match::Yes(finding("iec-60870-5-104-base", "IEC 104 frame"))
    } else if client_broken || server_broken {
        Match::No
    } else {
        Match::More
    }
}

/// What the frames that one side begins with are worth, and whether something else follows them.
fn frames(bytes: &[u8]) -> (usize, bool) {
    let (mut read, mut worth) = (Reader(bytes), 0);
    while worth < ENOUGH {
        match frame(&mut read) {
            None => break,
            Some(None) => return (worth, true),
            Some(Some((one, rest))) => {
                worth += one;
                if read.take(rest).is_none() {
                    break;
                }
            }
        }
    }
    (worth, false)
}

/// What one frame is worth, and how much of it was not looked at.
fn frame(read: &mut Reader<'_>) -> Option<Option<(usize, usize)>> {
    let (start, len) = (read.u8()?, usize::from(read.u8()?));
    if start != START || !(4..=253).contains(&len) {
        return Some(None);
    }
    match read.array()? {
        [0x07 | 0x0b | 0x13 | 0x23 | 0x43 | 0x83, 0, 0, 0] if len == 4 => Some(Some((ENOUGH, 0))),
        [1, 0, received, _] if len == 4 && received & 1 == 0 => Some(Some((ENOUGH, 0))),
        // Both sequence numbers are shifted by one bit; a unit has at least one object's address.
        [sent, _, received, _] if (sent | received) & 1 == 0 && len >= 13 => {
            let [kind, objects, cause, _] = read.array()?;
            let known = matches!(kind, 1..=40 | 45..=51 | 58..=64 | 70 | 100..=107 | 110..=113 | 120..=127);
            let sound = known && objects & 0x7f != 0 && matches!(cause & 0x3f, 1..=47);
            Some(sound.then_some((1, len - 8)))
        }
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let interrogation = b"\x68\x0e\0\0\0\0\x64\x01\x06\0\x01\0\0\0\0\x14";
        tcp_table(
            DECODER,
            &[
                (
                    "start of data transfer",
                    b"\x68\x04\x07\0\0\0",
                    b"\x68\x04\x0b\0\0\0",
                    "iec-60870-5-104-base",
                ),
                ("acknowledgement alone", b"\x68\x04\x01\0\x1c\0", b"", "iec-60870-5-104-base"),
                ("one command", interrogation, b"", "more"),
                ("two commands", &[&interrogation[..], interrogation].concat(), b"", "iec-60870-5-104-base"),
                ("a text on either side", b"halt it now, please\r\n", b"halt it now, please\r\n", "no"),
                ("two control functions at once", b"\x68\x04\x0f\0\0\0", b"\x68\x04\x0b\0", "no"),
                ("no such type", b"\x68\x0e\0\0\0\0\xff\x01\x06\0", b"\x68\x0e\x01\0", "no"),
                ("text", b"hello world\r\n", b"hi\r\n", "no"),
            ],
        );
    }
}
