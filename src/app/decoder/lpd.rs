//! LPD: decided at the server's acknowledgement of the request to receive a job, or without it at the next request
//! (RFC 1179, 5.2, 6.2 and 6.3).

use super::sign::{Sign, line};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "lpd",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[RECEIVE_JOB], server: &[0, RECEIVE_JOB] },
    inspect,
};

const RECEIVE_JOB: u8 = 2;

/// Longest name of a queue.
const QUEUE_MAX: usize = 128;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let acknowledged = acknowledged(server, client.is_empty());
        let sign = match (file(client), acknowledged) {
            (Sign::Yes, _) => Sign::Yes,
            (_, Sign::No) => Sign::No,
            (file, acknowledged) => receive(client).and(acknowledged).or(file),
        };
        sign.finds("lpd", "LPD job", &[])
    })
}

/// A byte of zero; no more than a few of them where they are all that is seen.
fn acknowledged(server: &[u8], alone: bool) -> Sign {
    match server {
        [] => Sign::More,
        [0] => Sign::Yes,
        [0, rest @ ..] => Sign::of(Some(!alone || rest.iter().take(4).all(|byte| *byte == 0))),
        _ => Sign::No,
    }
}

/// The request to receive a job, with the queue's name.
fn receive(bytes: &[u8]) -> Sign {
    let head = bytes.get(..QUEUE_MAX).unwrap_or(bytes);
    match (head, line(head)) {
        ([], _) => Sign::More,
        ([RECEIVE_JOB, rest @ ..], whole) => {
            let name = whole.map_or(rest, |(line, _)| line.get(1..).unwrap_or_default());
            let is_name = name.iter().all(|byte| matches!(byte, b'!'..=b'~'));
            match whole {
                Some(_) => Sign::of(Some(is_name && !name.is_empty())),
                None if is_name && bytes.len() < QUEUE_MAX => Sign::More,
                None => Sign::No,
            }
        }
        _ => Sign::No,
    }
}

/// After it the request to receive a control or data file: its size and its name, `cfA` or `dfA` and more.
fn file(bytes: &[u8]) -> Sign {
    receive(bytes).and_then(|| {
        let Some((_, rest)) = line(bytes) else { return Sign::More };
        match rest {
            [] => Sign::More,
            [2 | 3, text @ ..] => {
                let Some(space) = text.iter().take(12).position(|byte| *byte == b' ') else {
                    let is_size = text.iter().all(u8::is_ascii_digit) && text.len() < 12;
                    return if is_size { Sign::More } else { Sign::No };
                };
                let size = text.get(..space).unwrap_or_default();
                let is_size = !size.is_empty() && size.iter().all(u8::is_ascii_digit);
                let kind = text.get(space + 1..space + 4).map(|name| matches!(name, b"cfA" | b"dfA"));
                Sign::of(Some(is_size)).and(Sign::of(kind))
            }
            _ => Sign::No,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("job acknowledged", b"\x02lp\n", b"\0", "lpd"),
                ("job alone", b"\x02lp\n", b"", "more"),
                ("job and control file, one side", b"\x02lp\n\x0272 cfA001host\n", b"", "lpd"),
                ("refused", b"\x02lp\n", b"\x01", "no"),
                ("no name", b"\x02\x01\x02\x03\n", b"\0", "no"),
                ("another file", b"\x02lp\n\x02xy cfA001host\n", b"\x01", "no"),
            ],
        );
    }
}
