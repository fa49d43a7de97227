//! What hellos say that keys depend on.

use crate::app::decoder::Reader;
use crate::app::tls::hello::{SUPPORTED_VERSIONS, VERSION_1_3, extensions};

/// Extensions: RFC 7366, 2; RFC 8446, 4.2.10.
const ENCRYPT_THEN_MAC: u16 = 22;
const EARLY_DATA: u16 = 42;

/// The random bytes of a ServerHello that asks for another ClientHello (RFC 8446, 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a ClientHello says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) random: [u8; 32],
    pub(super) has_early_data: bool,
}

impl Offer {
    /// From the body of the message; `None` where its lengths lie.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        let mut read = Reader(body);
        read.u16()?;
        let random = read.array()?;
        let session = read.u8()?;
        read.take(session.into())?;
        let ciphers = read.u16()?;
        read.take(ciphers.into())?;
        let compressions = read.u8()?;
        read.take(compressions.into())?;
        let mut has_early_data = false;
        extensions(body.len(), read, |kind, _| {
            has_early_data |= kind == EARLY_DATA;
            Some(())
        })?;
        Some(Self { random, has_early_data })
    }
}

/// What a ServerHello says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreement {
    /// As on the wire.
    pub(super) version: u16,
    pub(super) cipher: u16,
    pub(super) random: [u8; 32],
    pub(super) encrypt_then_mac: bool,
    /// It asks for another ClientHello.
    pub(super) is_retry: bool,
    is_compressed: bool,
}

impl Agreement {
    /// From the body of the message; `None` where its lengths lie.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        let mut read = Reader(body);
        let mut version = read.u16()?;
        let random = read.array()?;
        let session = read.u8()?;
        read.take(session.into())?;
        let cipher = read.u16()?;
        let is_compressed = read.u8()? != 0;
        let mut encrypt_then_mac = false;
        extensions(body.len(), read, |kind, data| {
            match kind {
                SUPPORTED_VERSIONS => version = u16::from_be_bytes(body.get(data)?.try_into().ok()?),
                ENCRYPT_THEN_MAC => encrypt_then_mac = true,
                _ => {}
            }
            Some(())
        })?;
        Some(Self { version, cipher, random, encrypt_then_mac, is_retry: random == RETRY, is_compressed })
    }

    pub(super) const fn is_1_3(&self) -> bool {
        self.version == VERSION_1_3
    }

    /// Whether connections of that version are opened: TLS 1.0 to 1.3, without compression.
    pub(super) const fn is_supported(&self) -> bool {
        self.version >= 0x0301 && self.version <= VERSION_1_3 && !self.is_compressed
    }
}
