//! iperf 3: decided at the cookie that a client opens its connections with (iperf3's `iperf_api.h` and `make_cookie`).

use super::sign::Sign;
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "iperf",
    transport: Transport::Tcp,
    first: FirstBytes { client: FIRST, server: SERVER },
    inspect,
};

/// What cookies are made of.
const FIRST: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The same, and the states that a server can answer with.
const SERVER: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567\x01\x09\xff";

const COOKIE_LEN: usize = 36;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| is_cookie(opening).finds("iperf", "iperf cookie", &[]))
}

/// Letters and digits, and a NUL.
fn is_cookie(bytes: &[u8]) -> Sign {
    if bytes.iter().take(COOKIE_LEN).any(|byte| !FIRST.contains(byte)) {
        return Sign::No;
    }
    Sign::of(bytes.get(COOKIE_LEN).map(|byte| *byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        let cookie = b"hx2mq7ukj3v5tgzbny4cwd6rlpse2aifoxq7\0";
        tcp_table(
            DECODER,
            &[
                ("control connection", cookie, b"\x09", "iperf"),
                ("without its end", &cookie[..36], b"", "more"),
                ("a longer word", b"hx2mq7ukj3v5tgzbny4cwd6rlpse2aifoxq7hx", b"\x09", "no"),
                ("text", b"hello world, how do you do to-day, now\0", b"\x09", "no"),
            ],
        );
    }
}
