//! Modbus/TCP: decided at the server's answer to the first request (Modbus Messaging on TCP/IP, 3.1.3).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, either_way};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "modbus",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[], server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    either_way(heads, |client, server| {
        let (request, answer) = (unit(Reader(client)), unit(Reader(server)));
        match (request, answer) {
            (Some(None), _) | (_, Some(None)) => Match::No,
            (Some(Some(request)), Some(Some(answer))) => {
                Sign::of(Some(request == answer)).finds("modbus-base", "Modbus request and answer", &[])
            }
            _ => Match::More,
        }
    })
}

/// Transaction, unit and function (an exception is the function with its top bit set).
type Unit = ([u8; 2], u8, u8);

/// Transaction, protocol 0, a length from 2 to 254, unit, function.
fn unit(mut read: Reader<'_>) -> Option<Option<Unit>> {
    let transaction = read.array()?;
    if read.u16()? != 0 || !(2..=254).contains(&read.u16()?) {
        return Some(None);
    }
    let (unit, function) = (read.u8()?, read.u8()?);
    Some((function != 0 && function != 0x80).then_some((transaction, unit, function & 0x7f)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let request = b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x0a";
        tcp_table(
            DECODER,
            &[
                ("request and answer", request, b"\0\x01\0\0\0\x17\x01\x03\x14", "modbus-base"),
                ("request and exception", request, b"\0\x01\0\0\0\x03\x01\x83\x02", "modbus-base"),
                ("request alone", request, b"", "more"),
                ("another transaction", request, b"\0\x02\0\0\0\x17\x01\x03\x14", "no"),
                ("another protocol", b"\0\x01\0\x07\0\x06\x01\x03", b"\0\x01\0\x07\0\x06", "no"),
            ],
        );
    }
}
