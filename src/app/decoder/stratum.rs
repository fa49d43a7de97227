//! Stratum, between miners and their pool: decided at the client's first call or the server's first notice, objects of
//! JSON on a line each (Stratum V1 as publicly described).

use super::sign::{Sign, contains, line};
use super::{Decoder, FirstBytes, Transport, at_opening};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "stratum",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"{", server: b"{" },
    inspect,
};

/// Longest first line.
const LINE_MAX: usize = 1_024;

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let sign = match (opening.first(), line(opening)) {
            (Some(b'{'), Some((line, _))) => Sign::of(Some(is_call(line))),
            (Some(b'{') | None, None) if opening.len() < LINE_MAX => Sign::More,
            _ => Sign::No,
        };
        sign.finds("stratum-mining-protocol", "Stratum call", &[])
    })
}

/// A method of mining; or the login of a miner, which pools of another kind have.
fn is_call(line: &[u8]) -> bool {
    if !contains(line, b"\"method\"") {
        return false;
    }
    let words = [&b"\"mining."[..], b"\"eth_submitLogin\"", b"\"eth_submitWork\""];
    let is_login =
        contains(line, b"\"login\":") && contains(line, b"\"pass\":") && contains(line, b"\"agent\":");
    is_login || words.iter().any(|word| contains(line, word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn table() {
        const APP: &str = "stratum-mining-protocol";
        let subscribe = br#"{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.0"]}"#;
        let login = br#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4A","pass":"x","agent":"XMRig/6"}}"#;
        tcp_table(
            DECODER,
            &[
                ("subscription", &[&subscribe[..], b"\n"].concat(), b"", APP),
                ("login", &[&login[..], b"\n"].concat(), b"", APP),
                ("half a line", subscribe, b"", "more"),
                ("another call", b"{\"id\":1,\"method\":\"ping\"}\n", b"", "no"),
                ("a template", b"{{ mining. }}\n", b"", "no"),
            ],
        );
    }
}
