//! Sealed records for tests and fuzz targets.

use aes_gcm::Aes128Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit};

use super::keys::of_traffic_secret;
use super::suite::Suite;

/// A record of TLS 1.3 with AES-128-GCM, sealed with a traffic secret of 32 bytes: its number, the type and content
/// inside, and how many zeros pad it.
pub fn sealed(secret: &[u8], number: u64, kind: u8, content: &[u8], padding: usize) -> Option<Vec<u8>> {
    let keys = of_traffic_secret(Suite::of(0x1301)?, secret)?;
    let mut nonce: [u8; 12] = keys.iv.try_into().ok()?;
    nonce.iter_mut().rev().zip(number.to_le_bytes()).for_each(|(byte, part)| *byte ^= part);
    let mut text = [content, &[kind], &vec![0; padding]].concat();
    let [high, low] = u16::try_from(text.len() + 16).ok()?.to_be_bytes();
    let header = [23, 3, 3, high, low];
    let cipher = Aes128Gcm::new_from_slice(&keys.key).ok()?;
    let tag = cipher.encrypt_inout_detached(&nonce.into(), &header, text.as_mut_slice().into()).ok()?;
    Some([&header[..], &text, &tag].concat())
}
