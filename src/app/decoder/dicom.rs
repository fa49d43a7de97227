//! DICOM: decided at the association's request or its acceptance (DICOM PS3.8, 9.3.2 and 9.3.3).

use super::sign::{Reader, Sign};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "dicom",
    transport: Transport::Tcp,
    first: FirstBytes { client: &[1, 2], server: &[1, 2, 3] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        Sign::of(is_association(Reader(opening))).finds("dicom", "DICOM association", &[])
    })
}

/// Type, length, version, the titles of who is called and who calls, and an application context.
fn is_association(mut read: Reader<'_>) -> Option<bool> {
    let (kind, reserved) = (read.u8()?, read.u8()?);
    if !matches!(kind, 1 | 2) || reserved != 0 {
        return Some(false);
    }
    let len = read.u32()?;
    if !(70..0x2_0000).contains(&len) || read.u16()? != 1 {
        return Some(false);
    }
    read.take(2)?;
    let is_title = |title: &[u8]| title.iter().all(|byte| matches!(byte, b' '..=b'~' | 0));
    if !is_title(read.take(32)?) {
        return Some(false);
    }
    read.take(32)?;
    Some(read.array()? == [0x10, 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let head = b"\x01\0\0\0\0\xd1\0\x01\0\0ANY-SCP         ECHOSCU         ";
        let request = [&head[..], &[0; 32], b"\x10\0\0\x15"].concat();
        tcp_table(
            DECODER,
            &[
                ("request", &request, b"", "dicom"),
                ("acceptance alone", b"", &[b"\x02", &request[1..]].concat(), "dicom"),
                ("titles alone", head, b"", "more"),
                ("another version", b"\x01\0\0\0\0\xd1\0\x07\0\0ANY-SCP", b"\x03", "no"),
                ("another item", &[&request[..74], b"\x20\0"].concat(), b"\x03", "no"),
            ],
        );
    }
}
