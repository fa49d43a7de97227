//! VMware's authentication daemon: decided at its greeting, which looks like FTP's but for the name.

use super::sign::begins;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "vmware",
    transport: Transport::Tcp,
    // A client that is quick may have answered with TLS, a user, a password or a session.
    first: FirstBytes { client: b"2\x16UPS", server: b"2" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        begins(opening, b"220 VMware Authentication Daemon Version ").finds(
            "vmware",
            "VMware daemon's greeting",
            &[],
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let greeting =
            b"220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP\r\n";
        tcp_table(
            DECODER,
            &[
                ("greeting", b"", greeting, "vmware"),
                ("up to the code", b"", b"220 ", "more"),
                ("FTP", b"USER bob\r\n", b"220 (vsFTPd 3.0.5)\r\n", "no"),
            ],
        );
    }
}
