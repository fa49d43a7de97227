//! What a client offers to negotiate (RFC 5246, 7.4.1.2; RFC 8446, 4.1.2 and 4.2.1).

use super::hello::{SERVER_NAME, SUPPORTED_VERSIONS, VERSION_1_3, extensions, host_name, suites};
use super::record::Messages;
use crate::app::decoder::Reader;

/// The handshake message type.
const CLIENT_HELLO: u8 = 1;

/// TLS 1.2: the highest version that the field for it can name (RFC 8446, 4.1.2).
const VERSION_1_2: u16 = 0x0303;

/// What a ClientHello offers. Reserved numbers (RFC 8701) do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOffer {
    /// The random bytes that tell this connection from others.
    pub random: [u8; 32],
    /// The host that it asks for: raw bytes.
    pub server_name: Option<Vec<u8>>,
    /// The version in the field for it.
    version: u16,
    /// The versions that it lists instead; empty where it does not.
    listed: Vec<u16>,
    suites: Vec<u16>,
}

impl ClientOffer {
    /// From what a client has sent, which begins with a complete ClientHello; `None` where it does not.
    pub fn read(client: &[u8]) -> Option<Self> {
        let message = Messages::new(client).next().ok()?;
        if message.kind != CLIENT_HELLO || !message.is_complete() {
            return None;
        }
        Self::parse(&message.body)
    }

    /// From the body of the message; `None` where its lengths lie.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut read = Reader(body);
        let version = read.u16()?;
        let random = read.array()?;
        let mut read = Reader(body);
        let suites = numbers(suites(&mut read, false)?);
        let mut offer = Self { random, server_name: None, version, listed: Vec::new(), suites };
        extensions(body.len(), read, |kind, data| {
            match kind {
                SUPPORTED_VERSIONS => offer.listed = numbers(body.get(data)?.get(1..)?),
                SERVER_NAME => {
                    offer.server_name = host_name(body, data)?.and_then(|name| Some(body.get(name)?.to_vec()))
                }
                _ => {}
            }
            Some(())
        })?;
        Some(offer)
    }

    /// The highest version that it offers, as on the wire.
    pub fn highest(&self) -> u16 {
        self.listed.iter().copied().max().unwrap_or(self.version)
    }

    /// The highest version from `lowest` to `highest` that it offers. Who lists none is content with any that is older
    /// than the one it names. Drafts of TLS 1.3 (0x7fxx) count as it.
    pub fn best_within(&self, lowest: u16, highest: u16) -> Option<u16> {
        if self.listed.is_empty() {
            let best = self.version.min(VERSION_1_2).min(highest);
            return (best >= lowest).then_some(best);
        }
        let listed = self.listed.iter().map(|&version| released(version));
        listed.filter(|version| (lowest..=highest).contains(version)).max()
    }

    /// The cipher suites, in its order.
    pub fn suites(&self) -> &[u16] {
        &self.suites
    }
}

/// A version as on the wire, drafts of TLS 1.3 (0x7fxx) being that.
pub const fn released(version: u16) -> u16 {
    if version >> 8 == 0x7f { VERSION_1_3 } else { version }
}

/// Name of a version as on the wire.
pub const fn version_name(version: u16) -> &'static str {
    match released(version) {
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        _ => "another version of TLS",
    }
}

/// A list of numbers, without those that stand for nothing.
fn numbers(list: &[u8]) -> Vec<u16> {
    let pairs = list.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    pairs.filter(|number| number & 0x0f0f != 0x0a0a).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::tls::testing::{hello, records};

    fn offer(version: u16, listed: &[u16]) -> ClientOffer {
        ClientOffer {
            random: [0; 32],
            server_name: None,
            version,
            listed: listed.to_vec(),
            suites: Vec::new(),
        }
    }

    #[test]
    fn what_a_hello_offers() {
        let bytes = records(&hello("www.example.org", &["h2"], 600), 100);
        let offer = ClientOffer::read(&bytes).unwrap();
        assert_eq!(offer.server_name.as_deref(), Some(&b"www.example.org"[..]));
        assert_eq!((offer.random, offer.highest()), ([7; 32], 0x0303));
        assert_eq!(offer.suites(), [0x1301, 0x1302, 0xc02f]);
        assert_eq!(ClientOffer::read(&bytes[..bytes.len() - 1]), None);
        assert_eq!(numbers(b"\x0a\x0a\x13\x01\xfa\xfa\xc0\x2f\x01"), [0x1301, 0xc02f]);
    }

    #[test]
    fn versions_within_a_range() {
        for (version, listed, lowest, highest, best) in [
            (0x0303, &[][..], 0x0301, 0x0303, Some(0x0303)),
            (0x0303, &[], 0x0301, 0x0302, Some(0x0302)),
            (0x0301, &[], 0x0303, 0x0304, None),
            (0x0304, &[], 0x0304, 0x0304, None),
            (0x0303, &[0x0304, 0x0303], 0x0301, 0x0303, Some(0x0303)),
            (0x0303, &[0x0304], 0x0301, 0x0303, None),
            (0x0303, &[0x7f17, 0x0303], 0x0301, 0x0304, Some(0x0304)),
            (0x0303, &[0x0304, 0x0301], 0x0302, 0x0303, None),
        ] {
            assert_eq!(offer(version, listed).best_within(lowest, highest), best, "{version:x} {listed:x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            ClientOffer::parse(&bytes);
            ClientOffer::read(&bytes);
        }
    }
}
