//! Sealed records, opened: AEAD ciphers of TLS 1.2 and 1.3, and AES in CBC mode with HMAC (RFC 5246, 6.2.3; RFC 7366;
//! RFC 7905; RFC 8446, 5.2).

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::cipher::BlockModeDecrypt;
use aes_gcm::aes::{Aes128, Aes256};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use cbc::cipher::KeyIvInit;
use chacha20poly1305::ChaCha20Poly1305;

use super::keys::{Keys, hmac};
use super::suite::{Bulk, Hash, Suite};

/// Bytes of an AEAD's tag.
const TAG: usize = 16;
/// Bytes of a block of AES.
const BLOCK: usize = 16;
/// Content type of sealed records of TLS 1.3.
const APPLICATION_DATA: u8 = 23;

/// A record as it travels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sealed<'a> {
    pub(super) kind: u8,
    pub(super) version: [u8; 2],
    pub(super) body: &'a [u8],
}

/// Opens the records of one side, in order.
pub(super) struct Opener {
    cipher: Cipher,
    is_1_3: bool,
    /// Records opened so far.
    number: u64,
}

enum Cipher {
    Aes128Gcm(Box<Aes128Gcm>, Vec<u8>),
    Aes256Gcm(Box<Aes256Gcm>, Vec<u8>),
    ChaCha20Poly1305(Box<ChaCha20Poly1305>, Vec<u8>),
    Cbc(Box<Cbc>),
}

struct Cbc {
    key: Vec<u8>,
    mac: Vec<u8>,
    hash: Hash,
    /// Encrypt, then MAC (RFC 7366).
    mac_last: bool,
    /// TLS 1.0: the last block before, which is the next record's initialisation vector (RFC 2246, 6.2.3.2).
    chain: Option<[u8; BLOCK]>,
}

/// Without keys.
impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Opener {
    /// One for that suite and version; `None` where a key is not as long as it must be.
    pub(super) fn new(suite: Suite, version: u16, mac_last: bool, keys: Keys) -> Option<Self> {
        let Keys { mac, key, iv } = keys;
        let cipher = match suite.bulk {
            Bulk::Aes128Gcm => Cipher::Aes128Gcm(Box::new(Aes128Gcm::new_from_slice(&key).ok()?), iv),
            Bulk::Aes256Gcm => Cipher::Aes256Gcm(Box::new(Aes256Gcm::new_from_slice(&key).ok()?), iv),
            Bulk::ChaCha20Poly1305 => {
                Cipher::ChaCha20Poly1305(Box::new(ChaCha20Poly1305::new_from_slice(&key).ok()?), iv)
            }
            Bulk::Aes128Cbc(hash) | Bulk::Aes256Cbc(hash) => {
                let chain = (version <= 0x0301).then(|| iv.try_into()).transpose().ok()?;
                Cipher::Cbc(Box::new(Cbc { key, mac, hash, mac_last, chain }))
            }
        };
        Some(Self { cipher, is_1_3: suite.is_1_3, number: 0 })
    }

    /// Whether no record has been opened yet.
    pub(super) const fn is_unused(&self) -> bool {
        self.number == 0
    }

    /// The content of the next record and its type; `None` where the record is not authentic with these keys. The
    /// record counts only where it is.
    pub(super) fn open<'a>(&mut self, record: Sealed<'_>, text: &'a mut Vec<u8>) -> Option<(u8, &'a [u8])> {
        let number = self.number.to_be_bytes();
        text.clear();
        match &mut self.cipher {
            Cipher::Aes128Gcm(cipher, iv) => open_aead(&**cipher, iv, number, self.is_1_3, record, text),
            Cipher::Aes256Gcm(cipher, iv) => open_aead(&**cipher, iv, number, self.is_1_3, record, text),
            Cipher::ChaCha20Poly1305(cipher, iv) => {
                open_aead(&**cipher, iv, number, self.is_1_3, record, text)
            }
            Cipher::Cbc(cipher) => cipher.open(number, record, text),
        }?;
        self.number = self.number.checked_add(1)?;
        if !self.is_1_3 {
            return Some((record.kind, text));
        }
        // The type is the last byte that is not zero (RFC 8446, 5.4).
        let end = text.iter().rposition(|byte| *byte != 0)?;
        Some((*text.get(end)?, text.get(..end)?))
    }
}

/// Opens a record of an AEAD cipher into `text`.
fn open_aead<C>(
    cipher: &C,
    iv: &[u8],
    number: [u8; 8],
    is_1_3: bool,
    record: Sealed<'_>,
    text: &mut Vec<u8>,
) -> Option<()>
where
    C: AeadInOut<NonceSize = aes_gcm::aead::consts::U12, TagSize = aes_gcm::aead::consts::U16>,
{
    let mut nonce = [0; 12];
    let mut body = record.body;
    if let Ok(salt) = <[u8; 4]>::try_from(iv) {
        // The rest of it is in the record (RFC 5288, 3).
        let (explicit, rest) = body.split_first_chunk::<8>()?;
        let (low, high) = nonce.split_first_chunk_mut::<4>()?;
        *low = salt;
        high.copy_from_slice(explicit);
        body = rest;
    } else {
        nonce = iv.try_into().ok()?;
        for (byte, part) in nonce.iter_mut().rev().zip(number.iter().rev()) {
            *byte ^= part;
        }
    }
    let (sealed, tag) = body.split_last_chunk::<TAG>()?;
    text.extend_from_slice(sealed);
    let [major, minor] = record.version;
    if is_1_3 {
        let [high, low] = u16::try_from(record.body.len()).ok()?.to_be_bytes();
        let header = [APPLICATION_DATA, major, minor, high, low];
        cipher.decrypt_inout_detached(&nonce.into(), &header, text.as_mut_slice().into(), tag.into()).ok()
    } else {
        let header = header(number, record, sealed.len())?;
        cipher.decrypt_inout_detached(&nonce.into(), &header, text.as_mut_slice().into(), tag.into()).ok()
    }
}

/// What is authenticated besides the content, up to TLS 1.2: number, type, version, length (RFC 5246, 6.2.3.1, 6.2.3.3).
fn header(number: [u8; 8], record: Sealed<'_>, len: usize) -> Option<[u8; 13]> {
    let [high, low] = u16::try_from(len).ok()?.to_be_bytes();
    let [a, b, c, d, e, f, g, h] = number;
    let [major, minor] = record.version;
    Some([a, b, c, d, e, f, g, h, record.kind, major, minor, high, low])
}

impl Cbc {
    fn open(&mut self, number: [u8; 8], record: Sealed<'_>, text: &mut Vec<u8>) -> Option<()> {
        let mut body = record.body;
        if self.mac_last {
            let (rest, tag) = body.split_at_checked(body.len().checked_sub(self.hash.len())?)?;
            let header = header(number, record, rest.len())?;
            if hmac(self.hash, &self.mac, &[&header, rest])? != tag {
                return None;
            }
            body = rest;
        }
        let iv = match self.chain {
            Some(last) => last,
            None => {
                let (iv, rest) = body.split_first_chunk::<BLOCK>()?;
                body = rest;
                *iv
            }
        };
        if body.is_empty() || !body.len().is_multiple_of(BLOCK) {
            return None;
        }
        text.extend_from_slice(body);
        self.decrypt(&iv, text)?;
        let padding = usize::from(*text.last()?);
        let end = text.len().checked_sub(padding + 1)?;
        if text.get(end..)?.iter().any(|byte| usize::from(*byte) != padding) {
            return None;
        }
        text.truncate(end);
        if !self.mac_last {
            let len = text.len().checked_sub(self.hash.len())?;
            let (content, tag) = text.split_at_checked(len)?;
            let header = header(number, record, len)?;
            if hmac(self.hash, &self.mac, &[&header, content])? != tag {
                return None;
            }
            text.truncate(len);
        }
        if let Some(chain) = &mut self.chain {
            *chain = *body.last_chunk()?;
        }
        Some(())
    }

    fn decrypt(&self, iv: &[u8; BLOCK], text: &mut [u8]) -> Option<()> {
        let (blocks, _) = text.as_chunks_mut::<BLOCK>();
        let blocks = blocks.iter_mut().map(|block| block.into());
        if self.key.len() == 16 {
            let mut cipher = cbc::Decryptor::<Aes128>::new_from_slices(&self.key, iv).ok()?;
            blocks.for_each(|block| cipher.decrypt_block(block));
        } else {
            let mut cipher = cbc::Decryptor::<Aes256>::new_from_slices(&self.key, iv).ok()?;
            blocks.for_each(|block| cipher.decrypt_block(block));
        }
        Some(())
    }
}
