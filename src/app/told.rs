//! How applications come to be known here: what `firstpass apps` says, read from a list that a test holds against the
//! decoders.

use super::Application;

/// Decoders and the applications they tell, a line each; behind a `+` those who read on when the application is known,
/// and what it turns into; behind a `@` gateways, and what is announced to them.
/// `FIRSTPASS_UPDATE=1 cargo test --lib app::told` writes it.
const LIST: &str = include_str!("told.txt");

/// What is no protocol of its own but what is left when nobody recognises a session (PANOS.md 2.9).
const LABELS: [&str; 4] = ["non-syn-tcp", "unknown-p2p", "unknown-tcp", "unknown-udp"];

/// Predefined applications of a header that are not IP protocols of their own
/// ([`super::Identifier::by_header`]).
const BY_ICMP: [&str; 4] = ["icmp", "ipv6-icmp", "ping", "traceroute"];

/// One way in which an application comes to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Told {
    /// By the header of the first packet.
    Header,
    /// By payload: the decoder that recognises it.
    Payload(&'static str),
    /// By payload of a session that is known already: whose protocol is read on, as [`super::Watch`] and the followers
    /// do it.
    Later(&'static str),
    /// By another session that announces it: the application of that session, which has a gateway.
    Announced(&'static str),
    /// By the host that the client asks for ([`Application::hosts`]).
    Host,
    /// By what the rulebase that defines it says: its signatures, or an application-override rule.
    Rulebase,
    /// By nothing: it is what an unrecognised session is called.
    Rest,
}

impl Told {
    /// All ways of one application; none where no session is ever known as it.
    pub fn of(application: &Application) -> Vec<Self> {
        let name = application.name.as_str();
        if LABELS.contains(&name) {
            return vec![Self::Rest];
        }
        let mut ways = Vec::new();
        if !application.ports.ip_protocols.is_empty()
            || !application.icmp_types.is_empty()
            || BY_ICMP.contains(&name)
        {
            ways.push(Self::Header);
        }
        ways.extend(decoders(name).map(|decoder| {
            match (decoder.strip_prefix('+'), decoder.strip_prefix('@')) {
                (Some(reader), _) => Self::Later(reader),
                (_, Some(parent)) => Self::Announced(parent),
                _ => Self::Payload(decoder),
            }
        }));
        if !application.hosts.is_empty() {
            ways.push(Self::Host);
        }
        if ways.is_empty() && application.custom {
            ways.push(Self::Rulebase);
        }
        ways
    }

    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Payload(_) | Self::Later(_) => "payload",
            Self::Announced(_) => "announced",
            Self::Host => "host",
            Self::Rulebase => "rulebase",
            Self::Rest => "rest",
        }
    }
}

/// The decoders that tell the application of that name.
fn decoders(name: &str) -> impl Iterator<Item = &'static str> {
    LIST.lines().filter_map(move |line| {
        let mut words = line.split(' ');
        let decoder = words.next()?;
        words.any(|word| word == name).then_some(decoder)
    })
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::app::Catalog;

    /// Where applications are named by those who read on, and whose protocol they read; and by gateways.
    const READERS: [(&str, &str); 12] = [
        ("@ftp", "src/feature/alg/ftp.rs"),
        ("@h.225", "src/feature/alg/h323/mod.rs src/feature/alg/h323/h225.rs src/feature/alg/h323/h245.rs"),
        ("@irc-base", "src/feature/alg/irc.rs"),
        ("@mgcp", "src/feature/alg/mgcp.rs src/feature/alg/sdp.rs"),
        ("@msrpc", "src/feature/alg/msrpc.rs"),
        ("@oracle", "src/feature/alg/tns.rs"),
        ("@rtsp", "src/feature/alg/rtsp.rs"),
        ("@sccp", "src/feature/alg/sccp.rs"),
        ("@sip", "src/feature/alg/sip.rs src/feature/alg/sdp.rs"),
        ("@tftp", "src/feature/alg/tftp.rs"),
        ("+http", "src/app/watch/http_message.rs src/app/watch/http.rs"),
        ("+tls", "src/app/tls/service.rs"),
    ];

    /// The list as the code has it: every application that a literal in it names.
    fn list(catalog: &Catalog) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut lines: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(root.join("src/app/decoder")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if !["mod", "properties", "testing"].contains(&name.as_str()) && path.is_file() {
                lines.extend(line(catalog, &name, &[path]));
            }
        }
        for (name, paths) in READERS {
            let paths: Vec<_> = paths.split(' ').map(|path| root.join(path)).collect();
            lines.extend(line(catalog, name, &paths));
        }
        lines.sort();
        lines.concat()
    }

    fn line(catalog: &Catalog, name: &str, paths: &[PathBuf]) -> Option<String> {
        let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        let code = texts.iter().filter_map(|text| text.split("#[cfg(test)]\nmod tests {").next());
        let code = code.flat_map(str::lines).filter(|line| !line.trim_start().starts_with("//"));
        // Literals of bytes are of protocols.
        let mut apps: Vec<&str> = code
            .flat_map(|line| line.split('"').zip(line.split('"').skip(1)).step_by(2))
            .filter(|(before, _)| !before.ends_with('b'))
            .map(|(_, literal)| literal)
            .filter(|literal| catalog.find(literal).is_some())
            .collect();
        apps.sort_unstable();
        apps.dedup();
        (!apps.is_empty()).then(|| format!("{name} {}\n", apps.join(" ")))
    }

    #[test]
    fn the_list_is_that_of_the_decoders() {
        let list = list(&Catalog::builtin().unwrap());
        if std::env::var_os("FIRSTPASS_UPDATE").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app/told.txt");
            std::fs::write(path, list).unwrap();
            return;
        }
        assert_eq!(LIST, list, "FIRSTPASS_UPDATE=1 cargo test --lib app::told writes src/app/told.txt anew");
    }

    #[test]
    fn ways() {
        let catalog = Catalog::builtin().unwrap();
        let ways = |name| Told::of(catalog.get(catalog.find(name).unwrap()).unwrap());
        assert_eq!(ways("ping"), [Told::Header]);
        assert_eq!(ways("traceroute"), [Told::Header, Told::Payload("traceroute")]);
        assert_eq!(ways("gre"), [Told::Header]);
        assert_eq!(ways("ssl"), [Told::Payload("tls")]);
        assert_eq!(ways("ms-rdp"), [Told::Payload("rdp_udp"), Told::Payload("tpkt")]);
        assert_eq!(ways("ms-ds-smbv3"), [Told::Payload("smb")]);
        assert_eq!(ways("websocket"), [Told::Later("http")]);
        assert_eq!(ways("dns-over-https"), [Told::Later("http"), Told::Later("tls"), Told::Host]);
        assert_eq!(ways("gmail-base"), [Told::Host]);
        assert_eq!(ways("unknown-tcp"), [Told::Rest]);
        assert_eq!(ways("ftp-data"), [Told::Announced("ftp")]);
        assert_eq!(ways("adobe-update"), []);
        let mut own_firewall = catalog.clone();
        let app =
            own_firewall.insert(Application { name: "gmail-base".to_owned(), ..Application::default() });
        assert_eq!(Told::of(own_firewall.get(app).unwrap()), [Told::Host], "its hosts are kept");
        let custom = Application { name: "own".to_owned(), custom: true, ..Application::default() };
        assert_eq!(Told::of(&custom), [Told::Rulebase]);
    }
}
