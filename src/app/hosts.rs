//! Which application a host's service is, by its name: what a server name or a `Host` header tells.

use hashbrown::HashMap;

use super::AppId;

/// The longest domain name, as people write it (RFC 1035, 2.3.4: 255 bytes of labels and their lengths).
const NAME_MAX: usize = 253;

/// Domains, each standing for itself and everything below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts {
    /// In lower case, without a trailing dot.
    domains: HashMap<Box<[u8]>, AppId, foldhash::fast::FixedState>,
}

impl Hosts {
    /// Adds a domain; `None` where it is not one in lower case, has one label alone or is there already.
    #[must_use]
    pub(super) fn add(&mut self, domain: &str, app: AppId) -> Option<()> {
        let domain = domain.as_bytes();
        let name = Name::read(domain).filter(|name| name.bytes() == domain && domain.contains(&b'.'))?;
        self.domains.insert(name.bytes().into(), app).is_none().then_some(())
    }

    /// The application with the longest domain that `host` is, or is below.
    pub(super) fn find(&self, host: &[u8]) -> Option<AppId> {
        let name = Name::read(host)?;
        name.domains().find_map(|domain| self.domains.get(domain).copied())
    }

    /// The applications of all domains that `host` is, or is below: the shortest domain's first.
    pub(super) fn all(&self, host: &[u8]) -> Vec<AppId> {
        let Some(name) = Name::read(host) else { return Vec::new() };
        let mut found: Vec<_> =
            name.domains().filter_map(|domain| self.domains.get(domain).copied()).collect();
        found.reverse();
        found
    }
}

/// A domain name in lower case.
struct Name {
    buffer: [u8; NAME_MAX],
    len: usize,
}

impl Name {
    /// Reads a host as it stands in a server name or a `Host` header (RFC 9110, 7.2): in any case, with a trailing dot,
    /// with a port. `None` where it is an address or no domain name.
    fn read(host: &[u8]) -> Option<Self> {
        let host = host.get(..NAME_MAX + 8).unwrap_or(host);
        let host = match memchr::memrchr(b':', host) {
            Some(colon) => {
                let (name, port) = host.split_at_checked(colon)?;
                if !port.get(1..)?.iter().all(u8::is_ascii_digit) {
                    return None;
                }
                name
            }
            None => host,
        };
        let host = host.strip_suffix(b".").unwrap_or(host);
        let mut name = Self { buffer: [0; NAME_MAX], len: host.len() };
        let buffer = name.buffer.get_mut(..host.len())?;
        buffer.copy_from_slice(host);
        buffer.make_ascii_lowercase();
        // A last label of digits makes it an IPv4 address, or nothing (RFC 3696, 2).
        let last = name.bytes().rsplit(|byte| *byte == b'.').next()?;
        let sound = name.bytes().split(|byte| *byte == b'.').all(is_label);
        (sound && !last.iter().all(u8::is_ascii_digit)).then_some(name)
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// The name itself and all domains it is below, the longest first.
    fn domains(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::successors(Some(self.bytes()), |&domain| {
            memchr::memchr(b'.', domain).and_then(|dot| domain.get(dot + 1..))
        })
    }
}

/// Letters, digits, hyphens within (RFC 952), and the underscores that hosts have in practice.
fn is_label(label: &[u8]) -> bool {
    let has_hyphens_within = label.first() != Some(&b'-') && label.last() != Some(&b'-');
    (1..64).contains(&label.len())
        && has_hyphens_within
        && label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::Catalog;

    fn found<'a>(catalog: &'a Catalog, host: &[u8]) -> Option<&'a str> {
        catalog.by_host(host).map(|id| catalog.name(id))
    }

    #[test]
    fn services() {
        let catalog = Catalog::builtin().unwrap();
        for (host, app) in [
            ("google.com", "google-base"),
            ("www.google.com", "google-base"),
            ("WWW.Google.COM", "google-base"),
            ("www.google.com.", "google-base"),
            ("www.google.com:443", "google-base"),
            ("www.google.com.:8443", "google-base"),
            ("fonts.gstatic.com", "google-base"),
            ("mail.google.com", "gmail-base"),
            ("imap.gmail.com", "gmail-base"),
            ("docs.google.com", "google-docs-base"),
            ("translate.googleapis.com", "google-translate-base"),
            ("rr4---sn-4g5ednsl.googlevideo.com", "youtube-base"),
            ("i.ytimg.com", "youtube-base"),
            ("star-mini.c10r.facebook.com", "facebook-base"),
            ("scontent.xx.fbcdn.net", "facebook-base"),
            ("scontent.cdninstagram.com", "instagram-base"),
            ("e7.whatsapp.net", "whatsapp-base"),
            ("outlook.office365.com", "outlook-web-online"),
            ("login.microsoftonline.com", "ms-office365-base"),
            ("contoso-my.sharepoint.com", "sharepoint-online"),
            ("ctldl.windowsupdate.com", "ms-update"),
            ("ipv4-c001-fra001-ix.1.oca.nflxvideo.net", "netflix-streaming"),
            ("api-global.netflix.com", "netflix-base"),
            ("itunes.apple.com", "itunes-base"),
            ("17-courier.push.apple.com", "apple-push-notifications"),
            ("updates.paloaltonetworks.com", "paloalto-updates"),
            ("ocsp.digicert.com", "ocsp"),
            ("cloudflare-dns.com", "dns-over-https"),
        ] {
            assert_eq!(found(&catalog, host.as_bytes()), Some(app), "{host}");
        }
    }

    #[test]
    fn a_service_within_another() {
        let catalog = Catalog::builtin().unwrap();
        let names = |host: &[u8]| -> Vec<_> {
            catalog.services(host).into_iter().map(|app| catalog.name(app).to_owned()).collect()
        };
        assert_eq!(names(b"mail.google.com"), ["google-base", "gmail-base"]);
        assert_eq!(names(b"www.google.com"), ["google-base"]);
        assert_eq!(names(b"example.org"), Vec::<String>::new());
    }

    #[test]
    fn none_of_them() {
        let catalog = Catalog::builtin().unwrap();
        let long = format!("{}google.com", "a.".repeat(122));
        assert_eq!(found(&catalog, &long.as_bytes()[2..]), Some("google-base"), "252 bytes");
        let label = format!("{}.google.com", "a".repeat(64));
        for host in [
            &b""[..],
            b".",
            b":",
            b":443",
            b"com",
            b"example.org",
            b"notgoogle.com",
            b"google.com.example.org",
            b"google.com.evil",
            b"www.apple.com",
            b"d111111abcdef8.cloudfront.net",
            b"s3.amazonaws.com",
            b"e1.a.akamaiedge.net",
            b"www.torproject.org",
            b"8.8.8.8",
            b"8.8.8.8:443",
            b"[2001:db8::1]:443",
            b"2001:db8::1",
            b"www..google.com",
            b".google.com",
            b"-.google.com",
            b"google.com..",
            b"google.com:https",
            b"google.com:443:443",
            b"www google.com",
            b"www/.google.com",
            b"w\xffw.google.com",
            b"w\0w.google.com",
            label.as_bytes(),
            long.as_bytes(),
        ] {
            assert_eq!(found(&catalog, host), None, "{}", host.escape_ascii());
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, host) in [
            ("[a]\nhosts = ['Example.org']", "Example.org"),
            ("[a]\nhosts = ['example.org.']", "example.org."),
            ("[a]\nhosts = ['org']", "org"),
            ("[a]\nhosts = ['*.example.org']", "*.example.org"),
            ("[a]\nhosts = ['192.0.2.1']", "192.0.2.1"),
            ("[a]\nhosts = ['example.org']\n[b]\nhosts = ['example.org']", "example.org"),
        ] {
            let error = Catalog::parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{host}`")), "{error}");
        }
    }

    proptest! {
        /// No bytes make it fail, and whatever is put below a service is the service's.
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400), label in "[a-zA-Z0-9_]{1,63}") {
            let mut hosts = Hosts::default();
            hosts.add("example.org", AppId(7)).unwrap();
            hosts.add("sub.example.org", AppId(8)).unwrap();
            hosts.find(&bytes);
            let other = !label.eq_ignore_ascii_case("sub");
            let host = format!("{label}.Example.Org");
            prop_assert_eq!(hosts.find(host.as_bytes()), Some(AppId(if other { 7 } else { 8 })));
            prop_assert_eq!(hosts.find(format!("x.sub.{host}").as_bytes()).is_some(), true);
        }
    }
}
