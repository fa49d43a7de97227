//! How applications come to be known here: what `firstpass apps` says, read from a list that a test holds against the
//! decoders.

use super::Application;

/// Decoders and the applications they tell, a line each. `FIRSTPASS_UPDATE=1 cargo test --lib app::told` writes it.
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
        ways.extend(decoders(name).map(Self::Payload));
        if ways.is_empty() && application.custom {
            ways.push(Self::Rulebase);
        }
        ways
    }

    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Payload(_) => "payload",
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
    use std::path::Path;

    use super::*;
    use crate::app::Catalog;

    /// The list as the decoders' code has it: every application that a literal in it names.
    fn list(catalog: &Catalog) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app/decoder");
        let mut lines: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if ["mod", "properties", "testing"].contains(&name.as_str()) || !path.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let mut apps: Vec<&str> = code
                .flat_map(|line| line.split('"').skip(1).step_by(2))
                .filter(|literal| catalog.find(literal).is_some())
                .collect();
            apps.sort_unstable();
            apps.dedup();
            if !apps.is_empty() {
                lines.push(format!("{name} {}\n", apps.join(" ")));
            }
        }
        lines.sort();
        lines.concat()
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
        assert_eq!(ways("unknown-tcp"), [Told::Rest]);
        assert_eq!(ways("adobe-update"), []);
        let custom = Application { name: "own".to_owned(), custom: true, ..Application::default() };
        assert_eq!(Told::of(&custom), [Told::Rulebase]);
    }
}
