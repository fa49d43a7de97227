//! Keys of a client's Initial packets, and the packets opened with them (RFC 9001, 5; RFC 9369, 3.3).

use aes_gcm::aead::KeyInit;
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{AeadInOut, Aes128Gcm};
use hkdf::Hkdf;
use sha2::Sha256;

use super::packet::Initial;
use crate::app::tls::expand_label;

/// The tag of AES-128-GCM.
const TAG: usize = 16;

/// What differs between versions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    salt: [u8; 20],
    /// Whether it is version 2, with labels and packet types of its own.
    pub(super) is_2: bool,
}

const fn version(salt: u128, low: u32) -> Version {
    let ([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p], [q, r, s, t]) =
        (salt.to_be_bytes(), low.to_be_bytes());
    Version { salt: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t], is_2: false }
}

/// RFC 9001, 5.2; the drafts 33 and 34 have the same.
static VERSION_1: Version = version(0x3876_2cf7_f559_34b3_4d17_9ae6_a4c8_0cad, 0xccbb_7f0a);
/// RFC 9369, 3.3.1.
static VERSION_2: Version =
    Version { is_2: true, ..version(0x0ded_e3de_f700_a6db_8193_81be_6e26_9dcb, 0xf9bd_2ed9) };
/// draft-ietf-quic-tls-22 to -32, 5.2.
static DRAFT_22: Version = version(0x7fbc_db0e_7c66_bbe9_193a_96cd_2151_9ebd, 0x7a02_644a);
static DRAFT_23: Version = version(0xc3ee_f712_c72e_bb5a_11a7_d243_2bb4_6365, 0xbef9_f502);
static DRAFT_29: Version = version(0xafbf_ec28_9993_d24c_9e97_86f1_9c61_11e0, 0x4390_a899);
/// Google's Q050, T050 and T051 (Chromium).
static Q050: Version = version(0x5045_74ef_d066_fe2f_9d94_5cfc_dbd3_a7f0, 0xd3b5_6b45);
static T050: Version = version(0x7ff5_79e5_acd0_7291_5580_304c_43a2_367c, 0x6048_8310);
static T051: Version = version(0x7a4e_def4_e7cc_ee5f_a450_6c19_124f_c8cc, 0xda6e_033d);

impl Version {
    /// The version of that number; `None` where its keys are not known.
    pub(super) const fn of(number: u32) -> Option<&'static Self> {
        Some(match number {
            1 | 0xff00_0021..=0xff00_0022 => &VERSION_1,
            0x6b33_43cf => &VERSION_2,
            0xff00_001d..=0xff00_0020 => &DRAFT_29,
            // Facebook's mvfst, too.
            0xff00_0017..=0xff00_001c | 0xface_b002..=0xface_b00f => &DRAFT_23,
            0xff00_0016 | 0xface_b001 => &DRAFT_22,
            0x5130_3530 => &Q050,
            0x5430_3530 => &T050,
            0x5430_3531 => &T051,
            _ => return None,
        })
    }

    /// The labels of secrets that keys, initialisation vectors and header protection keys are made with.
    const fn labels(&self) -> [&'static [u8]; 3] {
        if self.is_2 {
            [b"quicv2 key", b"quicv2 iv", b"quicv2 hp"]
        } else {
            [b"quic key", b"quic iv", b"quic hp"]
        }
    }
}

/// The keys of one client's Initial packets.
pub(super) struct Keys {
    pub(super) packet: Aes128Gcm,
    pub(super) iv: [u8; 12],
    pub(super) header: Aes128,
}

impl Keys {
    /// Those that the packet's destination connection id makes.
    pub(super) fn of(initial: &Initial<'_>) -> Option<Self> {
        Self::derive(initial.version, initial.destination)
    }

    pub(super) fn derive(version: &Version, destination: &[u8]) -> Option<Self> {
        let initial = Hkdf::<Sha256>::new(Some(&version.salt), destination);
        let mut client = [0; 32];
        expand_label(&initial, b"client in", &mut client)?;
        let client = Hkdf::<Sha256>::from_prk(&client).ok()?;
        let (mut key, mut iv, mut header) = ([0; 16], [0; 12], [0; 16]);
        let [of_key, of_iv, of_header] = version.labels();
        expand_label(&client, of_key, &mut key)?;
        expand_label(&client, of_iv, &mut iv)?;
        expand_label(&client, of_header, &mut header)?;
        Some(Self { packet: Aes128Gcm::new(&key.into()), iv, header: Aes128::new(&header.into()) })
    }

    /// The payload of the packet; `None` where it is not authentic with these keys.
    pub(super) fn open(&self, initial: &Initial<'_>) -> Option<Vec<u8>> {
        // The sample is taken as though the packet number had four bytes (RFC 9001, 5.4.2).
        let sample = initial.bytes.get(initial.number_at + 4..)?.first_chunk()?;
        let mask = self.mask(*sample);
        let mut bytes = initial.bytes.to_vec();
        let first = bytes.first_mut()?;
        *first ^= mask[0] & 0x0f;
        let number_len = usize::from(*first & 3) + 1;
        let payload_at = initial.number_at + number_len;
        let (header, payload) = bytes.split_at_mut_checked(payload_at)?;
        let mut number = 0_u64;
        for (byte, mask) in header.get_mut(initial.number_at..)?.iter_mut().zip(&mask[1..]) {
            *byte ^= mask;
            number = number << 8 | u64::from(*byte);
        }
        let (text, tag) = payload.split_at_mut_checked(payload.len().checked_sub(TAG)?)?;
        let tag: [u8; TAG] = (&*tag).try_into().ok()?;
        let nonce = self.nonce(number);
        self.packet.decrypt_inout_detached(&nonce.into(), header, text.into(), &tag.into()).ok()?;
        let end = payload_at + text.len();
        bytes.truncate(end);
        bytes.drain(..payload_at);
        Some(bytes)
    }

    /// Header protection (RFC 9001, 5.4.3): what the first byte and the packet number are covered with.
    pub(super) fn mask(&self, sample: [u8; 16]) -> [u8; 16] {
        let mut block = sample.into();
        self.header.encrypt_block(&mut block);
        block.into()
    }

    /// RFC 9001, 5.3. An Initial packet's number is small: all of it is in the packet.
    pub(super) fn nonce(&self, number: u64) -> [u8; 12] {
        let mut nonce = self.iv;
        for (byte, part) in nonce.iter_mut().rev().zip(number.to_be_bytes().iter().rev()) {
            *byte ^= part;
        }
        nonce
    }
}
