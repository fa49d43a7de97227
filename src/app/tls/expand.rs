//! HKDF-Expand-Label (RFC 8446, 7.1), which TLS 1.3 and QUIC make their keys with.

use hkdf::Hkdf;
use hkdf::hmac::EagerHash;

/// Fills `key` from a secret, with an empty context. `None` where label or key are longer than can be.
pub(in crate::app) fn expand_label<H: EagerHash>(
    secret: &Hkdf<H>,
    label: &[u8],
    key: &mut [u8],
) -> Option<()> {
    let label_len = u8::try_from(label.len() + 6).ok()?;
    let [high, low] = u16::try_from(key.len()).ok()?.to_be_bytes();
    let info = [&[high, low, label_len], &b"tls13 "[..], label, &[0]].concat();
    secret.expand(&info, key).ok()
}
