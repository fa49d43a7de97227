//! Apple Filing Protocol: decided at the request to open a session, or at the answer to the request for the server's
//! status (Apple, "Data Stream Interface": header, DSIOpenSession, DSIGetStatus).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "afp",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[0, 1], server: &[0, 1] },
    inspect,
};

const GET_STATUS: u8 = 3;
const OPEN_SESSION: u8 = 4;

/// What a header says: command, request's number, length.
type Header = (u8, u16, u32);

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let (request, answer) = (header(&mut Reader(client), 0), header(&mut Reader(server), 1));
        match (request, answer) {
            (Some(Some((OPEN_SESSION, ..))), _) => {
                Sign::of(is_open(Reader(client))).finds("afp", "DSI session opened", &[])
            }
            (Some(None), _) | (_, Some(None)) => Match::No,
            (Some(Some((GET_STATUS, number, 0))), Some(Some((GET_STATUS, answered, 16..)))) => {
                Sign::of(Some(number == answered)).finds("afp", "DSI status", &[])
            }
            (Some(Some(request)), _) if request.0 != GET_STATUS || request.2 != 0 => Match::No,
            (Some(_), Some(_)) => Match::No,
            _ => Match::More,
        }
    })
}

/// Request or answer, command, number, offset or error 0, length, reserved.
fn header(read: &mut Reader<'_>, side: u8) -> Option<Option<Header>> {
    let (flags, command) = (read.u8()?, read.u8()?);
    if flags != side || !matches!(command, GET_STATUS | OPEN_SESSION) {
        return Some(None);
    }
    let (number, error) = (read.u16()?, read.u32()?);
    let (len, reserved) = (read.u32()?, read.u32()?);
    Some((error == 0 && reserved == 0 && len <= 4_096).then_some((command, number, len)))
}

/// Nothing, or options of a type, a length and a value that fill the length: which quantum of data is taken.
fn is_open(mut read: Reader<'_>) -> Option<bool> {
    let (_, _, len) = header(&mut read, 0)??;
    let (kind, size) = (read.u8()?, read.u8()?);
    Some(len >= 6 && kind <= 2 && size == 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let open = b"\0\x04\0\x01\0\0\0\0\0\0\0\x06\0\0\0\0\x01\x04\0\0\x04\0";
        let status = b"\0\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0\0";
        tcp_table(
            DECODER,
            &[
                ("open", open, b"", "afp"),
                ("status alone", status, b"", "more"),
                ("status and answer", status, b"\x01\x03\0\x01\0\0\0\0\0\0\x01\x2c\0\0\0\0\0\x1a", "afp"),
                (
                    "the answer to another request",
                    status,
                    b"\x01\x03\0\x02\0\0\0\0\0\0\x01\x2c\0\0\0\0",
                    "no",
                ),
                ("another option", b"\0\x04\0\x01\0\0\0\0\0\0\0\x06\0\0\0\0\x09\x09", b"\x01\x01", "no"),
                ("SMB", b"\0\0\0\x55\xffSMB\x72\0\0\0\0", b"\0\0\0\x55\xffSMB", "no"),
            ],
        );
    }
}
