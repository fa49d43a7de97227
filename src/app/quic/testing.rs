//! Builds a client's Initial packets for tests.

use aes_gcm::AeadInOut;

use super::keys::{Keys, Version};

/// An Initial packet before it is protected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'a> {
    pub(super) version: u32,
    /// The destination connection id in the header.
    pub(super) destination: &'a [u8],
    /// The connection id that the keys follow from.
    pub(super) secret: &'a [u8],
    pub(super) number: u32,
}

impl Plain<'_> {
    /// The packet with these frames, padded to a payload of `len` bytes.
    pub(super) fn seal(self, frames: &[u8], len: usize) -> Vec<u8> {
        let version = Version::of(self.version).unwrap();
        let keys = Keys::derive(version, self.secret).unwrap();
        let mut payload = frames.to_vec();
        payload.resize(len.max(frames.len()), 0);
        let rest = u16::try_from(4 + payload.len() + 16).unwrap() | 0x4000;
        let mut header = vec![if version.is_2 { 0xd3 } else { 0xc3 }];
        header.extend(self.version.to_be_bytes());
        header.push(u8::try_from(self.destination.len()).unwrap());
        header.extend(self.destination);
        header.extend([0, 0]);
        header.extend(rest.to_be_bytes());
        let number_at = header.len();
        header.extend(self.number.to_be_bytes());
        let nonce = keys.nonce(self.number.into()).into();
        let tag = keys.packet.encrypt_inout_detached(&nonce, &header, payload.as_mut_slice().into()).unwrap();
        let mask = keys.mask(*payload.first_chunk().unwrap());
        header[0] ^= mask[0] & 0x0f;
        for (byte, mask) in header[number_at..].iter_mut().zip(&mask[1..]) {
            *byte ^= mask;
        }
        [&header[..], &payload, &tag[..]].concat()
    }
}

/// A client's Initial packet of QUIC version 1, or of version 2, with these frames; `id` of at most 20 bytes.
#[cfg(fuzzing)]
pub fn sealed(is_2: bool, id: &[u8], number: u32, frames: &[u8]) -> Vec<u8> {
    let version = if is_2 { 0x6b33_43cf } else { 1 };
    Plain { version, destination: id, secret: id, number }.seal(frames, 32)
}

/// A CRYPTO frame with that part of the stream.
#[cfg(test)]
pub(super) fn crypto(stream: &[u8], from: usize, to: usize) -> Vec<u8> {
    let long = |value: usize| (u32::try_from(value).unwrap() | 0x8000_0000).to_be_bytes();
    [&[6], &long(from)[..], &long(to - from), &stream[from..to]].concat()
}

#[cfg(test)]
pub(super) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
