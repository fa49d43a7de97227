//! What begins with words of its own, and nothing else does: appleJuice, MUTE, Soribada, PPStream, Pando, JXTA,
//! PeerCast, Freenet, I2P, Hotline and UltraSurf (as publicly described).
//!
//! They are in one file, and one decoder, because each is nothing but its word: a session has one candidate for all.

use super::sign::{Sign, begins};
use super::{Decoder, FirstBytes, Transport, at_opening, finding};
use crate::app::{Heads, Match};

pub(super) const DECODER: Decoder = Decoder {
    name: "words",
    transport: Transport::Tcp,
    first: FirstBytes { client: b"aPAGJpTCH\x0e\xcc", server: b"aPAGJpTCH\x0e\xcc" },
    inspect,
};

/// The word and whose it is.
const WORDS: &[(&[u8], &str, &str)] = &[
    (b"ajprot\r\n", "applejuice", "appleJuice greeting"),
    (b"PublicKey: ", "mute", "MUTE key"),
    (b"AESKey: ", "mute", "MUTE key"),
    (b"GETMP3\r\nFilename", "soribada", "Soribada request"),
    (b"PSProtocol\0", "ppstream", "PPStream greeting"),
    (b"\x0ePando protocol", "pando", "Pando handshake"),
    // JXTA v2.0 protocols specification, 6.5.1.
    (b"JXTAHELLO tcp://", "jxta", "JXTA welcome"),
    (b"JXTAHELLO http://", "jxta", "JXTA welcome"),
    (b"pcp\n\x04\0\0\0\x01\0\0\0", "peercast", "PeerCast greeting"),
    // Freenet Client Protocol 2.0, ClientHello; I2P, SAM 3.0, handshake.
    (b"ClientHello\nName=", "freenet", "Freenet client's hello"),
    (b"ClientHello\nExpectedVersion=", "freenet", "Freenet client's hello"),
    (b"HELLO VERSION MIN=", "i2p", "SAM hello"),
    // The mark of its obfuscated connection.
    (b"\xcc\x1c\x30\x41\x5b\xa4\x38\x66", "ultrasurf", "UltraSurf mark"),
    // Hotline network protocol 1.9, "Session initialization".
    (b"TRTPHOTL\0\x01\0\x02", "hotline", "Hotline greeting"),
];

fn inspect<'a>(heads: &Heads<'a>) -> Match<'a> {
    at_opening(heads, |opening| {
        let mut left = Match::No;
        for (word, app, what) in WORDS {
            match begins(opening, word) {
                Sign::Yes => return Match::Yes(finding(app, what)),
                Sign::More => left = Match::More,
                Sign::No => {}
            }
        }
        left
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::decoder::testing::tcp_table;

    #[test]
    fn each_word_is_its_own() {
        for (word, app, _) in WORDS {
            tcp_table(
                DECODER,
                &[
                    ("the word", word, b"", app),
                    ("a byte less", &word[..word.len() - 1], b"", "more"),
                    ("another end", &[&word[..word.len() - 1], b"~"].concat(), b"", "no"),
                ],
            );
        }
    }

    #[test]
    fn table() {
        tcp_table(
            DECODER,
            &[
                ("MUTE", b"PublicKey: 6a77bc\nEndPublicKey\n", b"", "mute"),
                ("BitTorrent", b"\x13BitTorrent protocol", b"", "no"),
                ("web", b"GET / HTTP/1.1\r\n", b"", "no"),
            ],
        );
    }
}
