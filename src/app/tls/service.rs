//! Which application a handshake shows to be behind TLS.

use std::borrow::Cow;

use super::hello::ClientHello;
use super::{Certificate, Read, certificate, client_hello};
use crate::app::{AppId, Catalog};

/// Protocols by ALPN (IANA, "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs").
const DOT: &[u8] = b"dot";
const HTTP: [&[u8]; 3] = [b"h2", b"http/1.1", b"h3"];

/// The applications of DNS resolvers, whose hosts serve both; the catalog has the hosts with the second.
const DNS_OVER_TLS: &str = "dns-over-tls";
const DNS_OVER_HTTPS: &str = "dns-over-https";

/// Told by the certificate of its relays.
const TOR: &str = "tor";

/// The port of DNS over TLS (RFC 7858, 3.1).
const DOT_PORT: u16 = 853;

/// An application behind TLS, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service<'a> {
    /// The application.
    pub app: AppId,
    /// What was seen.
    pub source: Source,
    /// Its bytes, raw: whoever prints them escapes them.
    pub detail: Cow<'a, [u8]>,
}

/// What shows an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The server name in the ClientHello.
    ServerName,
    /// A protocol in the ClientHello.
    Protocol,
    /// The server name in the CHLO of Google's QUIC.
    GoogleHello,
    /// A name in the server's certificate.
    Certificate,
}

impl Service<'_> {
    /// The same with bytes of its own.
    pub fn into_owned(self) -> Service<'static> {
        Service { app: self.app, source: self.source, detail: Cow::Owned(self.detail.into_owned()) }
    }
}

impl Source {
    /// The same for people.
    pub const fn what(self) -> &'static str {
        match self {
            Self::ServerName => "TLS ClientHello, SNI",
            Self::Protocol => "TLS ClientHello, ALPN",
            Self::GoogleHello => "QUIC CHLO, SNI",
            Self::Certificate => "TLS certificate",
        }
    }
}

/// What the bytes so far show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'a> {
    /// Nothing yet; more bytes may.
    More,
    /// Nothing, and what follows is encrypted or not needed.
    Nothing,
    /// An application.
    Service(Service<'a>),
}

/// Which application the streams of both sides show to be behind TLS: by the server name, once the ClientHello is
/// complete, or else by the server's certificate, where it is in the clear. Either stream begins with its TLS; the
/// sides may be turned round, as in a session whose first packet the capture lacks. Where the client's hello is lost,
/// the certificate alone decides. The port tells nothing but what a client that names no protocol wants of a resolver.
pub fn service_of<'a>(catalog: &Catalog, dport: u16, client: &'a [u8], server: &'a [u8]) -> Shown<'a> {
    let is_hello = |bytes: &[u8]| matches!(bytes, [0x16, 3, _, _, _, 1, ..]);
    let (client, server) =
        if is_hello(server) && !is_hello(client) { (server, client) } else { (client, server) };
    let mut resolvers = Resolvers { speaks_http: false, is_dot_port: dport == DOT_PORT };
    match client_hello(client) {
        Read::More if !client.is_empty() || server.is_empty() => return Shown::More,
        Read::Complete(hello) => {
            resolvers.speaks_http = speaks_http(&hello);
            if let Some(service) = by_hello(catalog, resolvers, hello) {
                return Shown::Service(service);
            }
        }
        Read::More | Read::Malformed => {}
    }
    match certificate(server) {
        Read::More => Shown::More,
        Read::Malformed | Read::Complete(None) => Shown::Nothing,
        Read::Complete(Some(certificate)) => {
            by_certificate(catalog, resolvers, &certificate).map_or(Shown::Nothing, Shown::Service)
        }
    }
}

/// The application that the ClientHello of DTLS or QUIC names.
pub fn service_by_name<'a>(catalog: &Catalog, hello: ClientHello<'a>) -> Option<Service<'a>> {
    let resolvers = Resolvers { speaks_http: speaks_http(&hello), is_dot_port: false };
    by_hello(catalog, resolvers, hello)
}

fn speaks_http(hello: &ClientHello<'_>) -> bool {
    hello.protocols().any(|protocol| HTTP.contains(&protocol))
}

/// What a client wants of a resolver.
#[derive(Debug, Clone, Copy)]
struct Resolvers {
    speaks_http: bool,
    is_dot_port: bool,
}

impl Resolvers {
    /// The application of a host: as the catalog has it, but a resolver's is DNS over HTTPS only for a client that would
    /// speak HTTP, and DNS over TLS for one that would not, on its port.
    fn application(self, catalog: &Catalog, host: &[u8]) -> Option<AppId> {
        let app = catalog.by_host(host)?;
        match self {
            _ if catalog.find(DNS_OVER_HTTPS) != Some(app) => Some(app),
            Self { speaks_http: true, .. } => Some(app),
            Self { is_dot_port: true, .. } => catalog.find(DNS_OVER_TLS),
            _ => None,
        }
    }
}

/// The application that a ClientHello names. One that offers `dot` speaks DNS over TLS, whatever the host.
fn by_hello<'a>(catalog: &Catalog, resolvers: Resolvers, hello: ClientHello<'a>) -> Option<Service<'a>> {
    if hello.protocols().any(|protocol| protocol == DOT) {
        let app = catalog.find(DNS_OVER_TLS)?;
        return Some(Service { app, source: Source::Protocol, detail: DOT.into() });
    }
    let app = resolvers.application(catalog, hello.server_name()?)?;
    Some(Service { app, source: Source::ServerName, detail: hello.into_server_name()? })
}

/// The certificate that a relay of Tor makes for itself when it speaks TLS 1.2 or less: two names of its own invention,
/// `www.`, 8 to 20 letters and digits of base 32, and `.net` for the subject, `.com` for the issuer (Tor's source,
/// `tortls.c`; tor-spec, 2.1).
fn is_of_tor(certificate: &Certificate<'_>) -> bool {
    let invented = |name: Option<&[u8]>, end: &[u8]| {
        let middle = name.and_then(|name| name.strip_prefix(b"www.")?.strip_suffix(end));
        let is_digit = |byte: &u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
        middle.is_some_and(|middle| (8..=20).contains(&middle.len()) && middle.iter().all(is_digit))
    };
    invented(certificate.common_name(), b".net")
        && invented(certificate.issuer_common_name(), b".com")
        && certificate.issuer_common_name() != certificate.common_name()
        && certificate.dns_names().next().is_none()
}

/// The application whose host the certificate is for: by its common name, or else where all its other names are of
/// the same application. Certificates of shared servers name many, and so tell nothing.
fn by_certificate(
    catalog: &Catalog,
    resolvers: Resolvers,
    certificate: &Certificate<'_>,
) -> Option<Service<'static>> {
    let find = |name: &[u8]| resolvers.application(catalog, name.strip_prefix(b"*.").unwrap_or(name));
    let service =
        |app, name: &[u8]| Service { app, source: Source::Certificate, detail: Cow::Owned(name.to_vec()) };
    if let Some(name) = certificate.common_name().filter(|_| is_of_tor(certificate)) {
        return Some(service(catalog.find(TOR)?, name));
    }
    if let Some(name) = certificate.common_name()
        && let Some(app) = find(name)
    {
        return Some(service(app, name));
    }
    let first = certificate.dns_names().next()?;
    let app = find(first)?;
    certificate.dns_names().all(|name| find(name) == Some(app)).then(|| service(app, first))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::app::tls::testing::{certificates, hello, records, server_hello};

    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().unwrap());

    const HTTPS: &[&str] = &["h2", "http/1.1"];

    /// The application with what shows it, or a word.
    fn shown(client: &[u8], server: &[u8]) -> String {
        shown_at(443, client, server)
    }

    fn shown_at(dport: u16, client: &[u8], server: &[u8]) -> String {
        match service_of(&CATALOG, dport, client, server) {
            Shown::More => "more".to_owned(),
            Shown::Nothing => "nothing".to_owned(),
            Shown::Service(service) => {
                let source = match service.source {
                    Source::ServerName => "SNI",
                    Source::Protocol => "ALPN",
                    Source::GoogleHello => "CHLO",
                    Source::Certificate => "certificate",
                };
                let detail = String::from_utf8_lossy(&service.detail).into_owned();
                format!("{} by {source} {detail}", CATALOG.name(service.app))
            }
        }
    }

    fn client(name: &str, protocols: &[&str]) -> Vec<u8> {
        records(&hello(name, protocols, 1_216), 16_384)
    }

    fn server(common: &str, names: &[&str]) -> Vec<u8> {
        records(&[server_hello(false), certificates(common, names)].concat(), 16_384)
    }

    #[test]
    fn relays_of_tor() {
        use crate::app::tls::testing::{certificate_by, message};
        let list = |certificate: &[u8]| {
            let len = |len: usize| u32::try_from(len).unwrap().to_be_bytes()[1..].to_vec();
            let one = [len(certificate.len()), certificate.to_vec()].concat();
            let certificates = message(11, &[len(one.len()), one].concat());
            records(&[server_hello(false), certificates].concat(), 16_384)
        };
        for (issuer, subject, names, want) in [
            (
                "www.q2w5hnp7ai.com",
                "www.zkx4ouvbd2e3.net",
                &[][..],
                "tor by certificate www.zkx4ouvbd2e3.net",
            ),
            ("www.q2w5hnp7ai.com", "www.zkx4ouvbd2e3.org", &[], "nothing"),
            ("www.q2w5hnp7ai.com", "www.zkx4ouvbd2e3.net", &["a.example"], "nothing"),
            ("www.short2.com", "www.zkx4ouvbd2e3.net", &[], "nothing"),
            ("www.has-hyphen2.com", "www.zkx4ouvbd2e3.net", &[], "nothing"),
            ("Example Trust", "www.zkx4ouvbd2e3.net", &[], "nothing"),
        ] {
            let server = list(&certificate_by(issuer, subject, names));
            assert_eq!(shown(&client("www.example.org", &[]), &server), want, "{issuer} {subject}");
        }
    }

    #[test]
    fn by_what_is_seen() {
        let hidden = records(&server_hello(true), 16_384);
        let google = server("*.google.com", &["*.google.com", "*.youtube.com", "youtu.be"]);
        for (what, client, server, want) in [
            ("server name", client("Mail.Google.com", HTTPS), vec![], "gmail-base by SNI Mail.Google.com"),
            (
                "it comes before the certificate",
                client("youtu.be", HTTPS),
                google.clone(),
                "youtube-base by SNI youtu.be",
            ),
            ("unknown name", client("www.example.org", HTTPS), vec![], "more"),
            ("unknown name, TLS 1.3", client("www.example.org", HTTPS), hidden.clone(), "nothing"),
            ("no name, TLS 1.3", client("", HTTPS), hidden, "nothing"),
            ("an address for a name", client("142.250.1.1", HTTPS), vec![], "more"),
            ("common name", client("", &[]), google.clone(), "google-base by certificate *.google.com"),
            (
                "common name, unknown server name",
                client("a.example", &[]),
                google.clone(),
                "google-base by certificate *.google.com",
            ),
            (
                "names of one service",
                client("", &[]),
                server("", &["dropbox.com", "*.dropbox.com"]),
                "dropbox-base by certificate dropbox.com",
            ),
            ("names of several", client("", &[]), server("", &["dropbox.com", "www.example.org"]), "nothing"),
            (
                "shared server",
                client("", &[]),
                server("sni.cdn.example", &["sni.cdn.example", "www.netflix.com"]),
                "nothing",
            ),
            ("unknown certificate", client("", &[]), server("www.example.org", &[]), "nothing"),
            ("not all of the hello", client("mail.google.com", HTTPS)[..1_200].to_vec(), vec![], "more"),
            ("the hello is lost", vec![], google.clone(), "google-base by certificate *.google.com"),
            ("turned round", google, client("mail.google.com", HTTPS), "gmail-base by SNI mail.google.com"),
            ("no TLS", b"SSH-2.0-x\r\n".to_vec(), b"SSH-2.0-y\r\n".to_vec(), "nothing"),
            ("nothing", vec![], vec![], "more"),
        ] {
            assert_eq!(shown(&client, &server), want, "{what}");
        }
    }

    /// A resolver's host tells DNS over HTTPS from DNS over TLS only with the protocol, or with none on its port.
    #[test]
    fn resolvers() {
        for (name, protocols, dport, want) in [
            ("dns.google", HTTPS, 443, "dns-over-https by SNI dns.google"),
            (
                "mozilla.cloudflare-dns.com",
                &["h3"][..],
                443,
                "dns-over-https by SNI mozilla.cloudflare-dns.com",
            ),
            ("dns.google", HTTPS, 853, "dns-over-https by SNI dns.google"),
            ("dns.google", &["dot"], 443, "dns-over-tls by ALPN dot"),
            ("resolver.example.org", &["dot"], 443, "dns-over-tls by ALPN dot"),
            ("dns.google", &[], 853, "dns-over-tls by SNI dns.google"),
            ("", &[], 853, "dns-over-tls by certificate dns.google"),
            ("", HTTPS, 443, "dns-over-https by certificate dns.google"),
            ("", &[], 443, "nothing"),
            ("dns.google", &[], 443, "nothing"),
            ("dns.google", &["doq"], 443, "nothing"),
        ] {
            let resolver = server("dns.google", &["dns.google", "8.8.8.8"]);
            assert_eq!(
                shown_at(dport, &client(name, protocols), &resolver),
                want,
                "{name} {protocols:?} {dport}"
            );
        }
        let other = server("resolver.example.org", &["resolver.example.org"]);
        assert_eq!(shown_at(853, &client("resolver.example.org", &[]), &other), "nothing", "the port alone");
    }

    proptest! {
        /// Once something is shown, more bytes show the same, however they are cut.
        #[test]
        fn answers_are_final(
            name in prop::sample::select(vec!["", "mail.google.com", "www.example.org"]),
            common in prop::sample::select(vec!["", "*.dropbox.com", "www.example.org"]),
            is_1_3 in any::<bool>(),
            lens in (1_usize..2_000, 1_usize..2_000),
            steps in prop::collection::vec((any::<bool>(), 1_usize..700), 1..60),
        ) {
            let client = records(&hello(name, HTTPS, 1_216), lens.0);
            let answer = [server_hello(is_1_3), certificates(common, &["dropbox.com"])].concat();
            let server = records(&answer, lens.1);
            // A server speaks once it has the hello.
            let (mut sent, mut answered, mut first) = (0, 0, None);
            for (is_client, step) in steps.into_iter().chain([(true, 1 << 20), (false, 1 << 20)]) {
                if is_client {
                    sent = (sent + step).min(client.len());
                } else if sent == client.len() {
                    answered = (answered + step).min(server.len());
                }
                let now = shown(&client[..sent], &server[..answered]);
                if let Some(first) = &first {
                    prop_assert_eq!(&now, first);
                } else if now != "more" {
                    first = Some(now);
                }
            }
            prop_assert_eq!(first, Some(shown(&client, &server)));
        }

        /// No bytes make it fail, be they nonsense or nearly sound.
        #[test]
        fn no_bytes_fail(
            noise in prop::collection::vec(any::<u8>(), 0..300),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut client = client("mail.google.com", HTTPS);
            let mut server = server("*.google.com", &["youtu.be"]);
            for (at, byte) in changes {
                let (a, b) = (at.index(client.len()), at.index(server.len()));
                client[a] = byte;
                server[b] = byte;
            }
            shown(&client, &server);
            shown(&noise, &server);
            shown(&client, &noise);
            shown(&[&b"\x16\x03\x01\x01\x2c\x01\0\x01\x28"[..], &noise].concat(), &noise);
        }
    }
}
