//! From logged secrets to keys: HKDF of TLS 1.3 (RFC 8446, 7), the pseudorandom functions of TLS 1.0 to 1.2 (RFC 2246
//! and RFC 5246, 5 and 6.3).

use hkdf::Hkdf;
use hkdf::hmac::{EagerHash, Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384};

use super::suite::{Hash, Suite};
use crate::app::tls::expand_label;

/// What one side seals with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Keys {
    /// Empty where sealing authenticates.
    pub(super) mac: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) iv: Vec<u8>,
}

/// Keys of TLS 1.3 from a traffic secret; `None` where that is not as long as it must be.
pub(super) fn of_traffic_secret(suite: Suite, secret: &[u8]) -> Option<Keys> {
    let mut keys = Keys { mac: Vec::new(), key: vec![0; suite.bulk.key_len()], iv: vec![0; 12] };
    expand(suite.hash, secret, b"key", &mut keys.key)?;
    expand(suite.hash, secret, b"iv", &mut keys.iv)?;
    Some(keys)
}

/// The traffic secret behind a KeyUpdate (RFC 8446, 7.2).
pub(super) fn next_secret(suite: Suite, secret: &[u8]) -> Option<Vec<u8>> {
    let mut next = vec![0; suite.hash.len()];
    expand(suite.hash, secret, b"traffic upd", &mut next)?;
    Some(next)
}

fn expand(hash: Hash, secret: &[u8], label: &[u8], key: &mut [u8]) -> Option<()> {
    if secret.len() != hash.len() {
        return None;
    }
    match hash {
        Hash::Sha1 => None,
        Hash::Sha256 => expand_label(&Hkdf::<Sha256>::from_prk(secret).ok()?, label, key),
        Hash::Sha384 => expand_label(&Hkdf::<Sha384>::from_prk(secret).ok()?, label, key),
    }
}

/// Keys of both sides, the client's first, up to TLS 1.2 (RFC 5246, 6.3).
pub(super) fn of_master_secret(
    suite: Suite,
    version: u16,
    master: &[u8],
    [client, server]: [&[u8; 32]; 2],
) -> Option<[Keys; 2]> {
    let (mac, key, iv) = (suite.bulk.mac_len(), suite.bulk.key_len(), suite.bulk.iv_len());
    let mut block = vec![0; 2 * (mac + key + iv)];
    let seed = [&b"key expansion"[..], server, client].concat();
    prf(suite.hash, version, master, &seed, &mut block)?;
    let mut rest = &block[..];
    let mut take = |len| {
        let (part, behind) = rest.split_at_checked(len)?;
        rest = behind;
        Some(part.to_vec())
    };
    let macs = [take(mac)?, take(mac)?];
    let keys = [take(key)?, take(key)?];
    let ivs = [take(iv)?, take(iv)?];
    let ([mac_0, mac_1], [key_0, key_1], [iv_0, iv_1]) = (macs, keys, ivs);
    Some([Keys { mac: mac_0, key: key_0, iv: iv_0 }, Keys { mac: mac_1, key: key_1, iv: iv_1 }])
}

/// The pseudorandom function; `seed` begins with the label.
fn prf(hash: Hash, version: u16, secret: &[u8], seed: &[u8], out: &mut [u8]) -> Option<()> {
    if version >= 0x0303 {
        return match hash {
            Hash::Sha384 => p_hash::<Sha384>(secret, seed, out),
            _ => p_hash::<Sha256>(secret, seed, out),
        };
    }
    // Both halves of the secret, which share the middle byte where there is one (RFC 2246, 5).
    let half = secret.len().div_ceil(2);
    p_hash::<Md5>(secret.get(..half)?, seed, out)?;
    p_hash::<Sha1>(secret.get(secret.len() - half..)?, seed, out)
}

/// P_hash (RFC 5246, 5), added to `out` bit by bit.
fn p_hash<H: EagerHash>(secret: &[u8], seed: &[u8], out: &mut [u8]) -> Option<()> {
    let mut a = mac_of::<H>(secret, &[seed])?;
    let len = a.len().max(1);
    for piece in out.chunks_mut(len) {
        let block = mac_of::<H>(secret, &[&a, seed])?;
        piece.iter_mut().zip(&block).for_each(|(byte, with)| *byte ^= with);
        a = mac_of::<H>(secret, &[&a])?;
    }
    Some(())
}

/// HMAC (RFC 2104) over the parts.
pub(super) fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    match hash {
        Hash::Sha1 => mac_of::<Sha1>(key, parts),
        Hash::Sha256 => mac_of::<Sha256>(key, parts),
        Hash::Sha384 => mac_of::<Sha384>(key, parts),
    }
}

fn mac_of<H: EagerHash>(key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    let mut mac = <Hmac<H> as KeyInit>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac.finalize().into_bytes().to_vec())
}
