//! The handshake of TLS, message by message, as long as it is in the clear.

use super::Said;
use crate::app::tls::{Messages, Stop, client_hello_message};
use crate::app::{Context, Fact};
use crate::flow::Direction;

/// What is told of.
pub(super) const CONTEXTS: &[Context] = &[
    Context::SslReqChelloSni,
    Context::SslReqClientHello,
    Context::SslRspCertificate,
    Context::SslRspServerHello,
];

/// Bytes of each side that are kept for a message to become whole: the longest message, and the records around it.
const KEPT_MAX: usize = 80 * 1_024;

/// The handshake of one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tls {
    sides: [Side; 2],
}

/// What one side has sent.
#[derive(Debug, Clone, Default)]
struct Side {
    bytes: Vec<u8>,
    /// How many messages of it were told.
    told: usize,
    /// Whether no more will be.
    is_over: bool,
}

impl Tls {
    /// Takes the next bytes of one side, in order.
    pub(crate) fn feed(&mut self, direction: Direction, bytes: &[u8], out: &mut dyn FnMut(Said<'_>)) {
        let Some(side) = self.sides.get_mut(direction.index()).filter(|side| !side.is_over) else { return };
        side.bytes.extend_from_slice(bytes);
        let mut messages = Messages::new(&side.bytes);
        let mut count = 0;
        let stop = loop {
            match messages.next() {
                Ok(message) if !message.is_complete() => break message.stop,
                Ok(message) => {
                    count += 1;
                    if count > side.told {
                        tell(message.kind, &message.body, out);
                    }
                }
                Err(stop) => break stop,
            }
        };
        side.told = count;
        if stop != Stop::More || side.bytes.len() > KEPT_MAX {
            *side = Side { is_over: true, ..Side::default() };
        }
    }
}

/// A whole message, by its type (RFC 8446, 4; RFC 5246, 7.4).
fn tell(kind: u8, body: &[u8], out: &mut dyn FnMut(Said<'_>)) {
    let mut value = |context, bytes: &[u8]| {
        out(Said::Fact(Fact::Bytes(context, bytes)));
        out(Said::Fact(Fact::End(context)));
    };
    match kind {
        1 => {
            value(Context::SslReqClientHello, body);
            if let Some(name) = client_hello_message_body(body) {
                value(Context::SslReqChelloSni, &name);
            }
        }
        2 => value(Context::SslRspServerHello, body),
        11 => value(Context::SslRspCertificate, body),
        _ => {}
    }
}

/// The server name that the body of a ClientHello asks for.
fn client_hello_message_body(body: &[u8]) -> Option<Vec<u8>> {
    let len = u32::try_from(body.len()).ok()?.to_be_bytes();
    let message = [&[1], len.get(1..)?, body].concat();
    client_hello_message(&message).complete()?.server_name().map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::tls::testing::{certificates, hello, records, server_hello};

    /// Context and length of every value that is told.
    fn told(client: &[u8], server: &[u8], mut cut: impl FnMut() -> usize) -> Vec<(&'static str, usize)> {
        let mut tls = Tls::default();
        let mut told = Vec::new();
        for (direction, mut bytes) in Direction::BOTH.into_iter().zip([client, server]) {
            while !bytes.is_empty() {
                let (piece, rest) = bytes.split_at(cut().clamp(1, bytes.len()));
                bytes = rest;
                tls.feed(direction, piece, &mut |said| {
                    if let Said::Fact(Fact::Bytes(context, bytes)) = said {
                        told.push((context.name(), bytes.len()));
                    }
                });
            }
        }
        told
    }

    fn handshake() -> (Vec<u8>, Vec<u8>) {
        let client = records(&hello("www.example.org", &["h2"], 1_216), 512);
        let server = [server_hello(false), certificates("example.org", &["www.example.org"])].concat();
        (client, records(&server, 300))
    }

    #[test]
    fn messages_of_both_sides() {
        let (client, server) = handshake();
        let told = told(&client, &server, || usize::MAX);
        let names: Vec<&str> = told.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            ["ssl-req-client-hello", "ssl-req-chello-sni", "ssl-rsp-server-hello", "ssl-rsp-certificate"]
        );
        assert_eq!(told[1].1, "www.example.org".len());
    }

    #[test]
    fn nothing_behind_what_is_encrypted() {
        let (client, _) = handshake();
        let hidden = [b"\x17\x03\x03\x00\x20".to_vec(), vec![7; 32], client].concat();
        assert_eq!(told(&hidden, b"HTTP/1.1 400 Bad Request\r\n", || usize::MAX), []);
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(cuts in prop::collection::vec(1_usize..200, 1..20)) {
            let (client, server) = handshake();
            let mut next = 0;
            let pieces = told(&client, &server, || {
                next += 1;
                cuts[next % cuts.len()]
            });
            prop_assert_eq!(pieces, told(&client, &server, || usize::MAX));
        }

        #[test]
        fn any_bytes(client: Vec<u8>, server: Vec<u8>) {
            told(&client, &server, || 7);
        }
    }
}
