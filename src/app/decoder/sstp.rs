//! SSTP where its TLS is taken off before the firewall: decided at the request line (\[MS-SSTP\] 3.2.4.1).

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "sstp",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"S", server: &[] },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        begins(opening, b"SSTP_DUPLEX_POST /sra_").finds("ms-sstp", "SSTP request", &[])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let request = b"SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n";
        tcp_table(
            DECODER,
            &[
                ("request", request, b"", "ms-sstp"),
                ("half of it", &request[..9], b"", "more"),
                ("another", b"SSTP_DUPLEX_GET /", b"", "no"),
            ],
        );
    }
}
