//! Git's own protocol: decided at the client's request (gitprotocol-pack, "Git Transport").

use super::sign::{Sign, begins_any};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "git",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"0", server: b"0" },
    inspect,
};

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |client| request(client).finds("git-base", "Git request", &[]))
}

/// A length in four hexadecimal digits, then the command and a path.
fn request(bytes: &[u8]) -> Sign {
    let (len, command) = bytes.split_at_checked(4).unwrap_or((bytes, &[]));
    if !len.iter().all(u8::is_ascii_hexdigit) {
        return Sign::No;
    }
    begins_any(command, &[b"git-upload-pack /", b"git-receive-pack /", b"git-upload-archive /"])
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
                ("clone", b"0033git-upload-pack /project.git\0host=example.org\0", b"", "git-base"),
                ("length alone", b"0033", b"", "more"),
                ("another command", b"0033git-download /x", b"", "no"),
            ],
        );
    }
}
