//! SIP2, the interchange of libraries: decided at the login or the status message that a terminal opens with (3M Standard
//! Interchange Protocol 2.00, messages 93 and 99).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "sip2",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"9", server: b"9" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_message(Reader(opening))).finds("sip2-for-ils", "SIP2 message", &[])
    })
}

/// Login: algorithms for user and password, and the user's field. Status: code, width, version of the protocol.
fn is_message(mut read: Reader<'_>) -> Option<bool> {
    match &read.array()? {
        b"93" => Some(read.array()? == *b"00CN"),
        b"99" => {
            let (code, width) = (read.u8()?, read.array::<3>()?);
            let sound = matches!(code, b'0'..=b'2') && width.iter().all(u8::is_ascii_digit);
            Some(sound && matches!(&read.array()?, b"1.00" | b"2.00"))
        }
        _ => Some(false),
    }
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
                ("login", b"9300CNdesk1|COsecret|CPmain|\r", b"941\r", "sip2-for-ils"),
                ("status", b"9900802.00\r", b"", "sip2-for-ils"),
                ("number alone", b"93", b"", "more"),
                ("another field", b"9300XXdesk1|\r", b"96\r", "no"),
                ("a number", b"99 bottles\r\n", b"98", "no"),
            ],
        );
    }
}
