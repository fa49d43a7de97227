//! TLS that begins in the middle of another protocol, where the client has asked for it.
//!
//! RFC 3207 (SMTP), RFC 2595 (IMAP, POP3), RFC 4217 (FTP), RFC 4511 4.14 (LDAP), RFC 4642 (NNTP), RFC 6120 5 (XMPP).
//! The ClientHello decides, not the request: a server may refuse.

use memchr::memchr_iter;

use super::sign::{Sign, contains};
use super::{Finding, tls};
use crate::app::{Heads, Match};

/// How clients ask, in any case of letters; of LDAP the object identifier of the request.
const REQUESTS: [&[u8]; 4] = [b"STARTTLS", b"STLS", b"AUTH ", b"1.3.6.1.4.1.1466.20037"];

/// A request is no longer than this, with what stands around it: `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`.
const REQUEST_MAX: usize = 64;

/// A client asks before it does anything else: after so many bytes of it nothing is waited for.
const OPENING_MAX: usize = 4_096;

/// Whether the client's bytes go over to TLS after a request for it.
pub(in crate::app) fn lines_end_in_tls<'a>(heads: &Heads<'a>) -> Match<'a> {
    let opening = heads.client.get(..OPENING_MAX).unwrap_or(heads.client);
    for at in memchr_iter(0x16, opening) {
        let (before, hello) = heads.client.split_at_checked(at).unwrap_or_default();
        if !is_asked(before) {
            continue;
        }
        match tls::client_hello(hello) {
            Sign::No => {}
            Sign::More => return Match::More,
            Sign::Yes => {
                let finding = Finding {
                    app: tls::SSL,
                    what: "TLS ClientHello after STARTTLS",
                    detail: &[],
                    names_host: false,
                };
                return Match::Yes(finding);
            }
        }
    }
    if heads.client.len() < OPENING_MAX { Match::More } else { Match::No }
}

/// Whether the last thing said is a request for TLS.
fn is_asked(before: &[u8]) -> bool {
    let request = before.get(before.len().saturating_sub(REQUEST_MAX)..).unwrap_or_default();
    let line = request.strip_suffix(b"\n").unwrap_or(request);
    let line = line.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    REQUESTS.iter().any(|asked| contains(line, asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Protocol;

    const HELLO: &[u8] = b"\x16\x03\x01\x00\x3c\x01\x00\x00\x38\x03\x03";

    fn answer(client: &[u8]) -> &'static str {
        let heads = Heads { protocol: Protocol::TCP, client, ..Heads::default() };
        match lines_end_in_tls(&heads) {
            Match::No => "no",
            Match::More => "more",
            Match::Yes(finding) => finding.app,
        }
    }

    #[test]
    fn table() {
        let long = [b"X".repeat(OPENING_MAX), HELLO.to_vec()].concat();
        for (what, before, after, expected) in [
            ("SMTP", &b"EHLO me\r\nSTARTTLS\r\n"[..], HELLO, "ssl"),
            ("IMAP, a tag before it", b"a1 CAPABILITY\r\na2 starttls\r\n", HELLO, "ssl"),
            ("POP3", b"STLS\r\n", HELLO, "ssl"),
            ("FTP", b"AUTH TLS\r\n", HELLO, "ssl"),
            ("XMPP", b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", HELLO, "ssl"),
            (
                "LDAP, another extended request",
                b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.4203.1.11.3",
                HELLO,
                "more",
            ),
            ("LDAP", b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037", HELLO, "ssl"),
            ("half a hello", b"STARTTLS\r\n", &HELLO[..5], "more"),
            ("asked and refused", b"STARTTLS\r\n", b"MAIL FROM:<a@example.org>\r\n", "more"),
            ("not asked", b"EHLO me\r\n", HELLO, "more"),
            ("asked before something else", b"STARTTLS\r\nEHLO me\r\n", HELLO, "more"),
            ("too late", &long, b"", "no"),
        ] {
            assert_eq!(answer(&[before, after].concat()), expected, "{what}");
        }
    }
}
