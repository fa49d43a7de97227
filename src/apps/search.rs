//! `--search`: which applications a text finds.

use crate::app::Application;
use crate::flow::Protocol;

/// Words that must all be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Search(Vec<Word>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// `tcp/443`.
    Port(Protocol, u16),
    /// A part of a name, in lower case.
    Text(String),
}

impl Search {
    pub(super) fn new(text: &str) -> Self {
        Self(text.split_whitespace().map(Word::new).collect())
    }

    /// Whether every word is found.
    pub(super) fn finds(&self, application: &Application) -> bool {
        self.0.iter().all(|word| word.finds(application))
    }

    /// Whether it would be found if its dynamic ports were all ports: nobody who asks for a port wants them all.
    pub(super) fn finds_dynamic(&self, application: &Application) -> bool {
        self.0.iter().all(|word| match *word {
            Word::Port(protocol, port) => application.ports.contain(protocol, port),
            Word::Text(_) => word.finds(application),
        })
    }
}

impl Word {
    fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let port = text.split_once('/').and_then(|(protocol, number)| {
            Some(match protocol {
                "tcp" => Self::Port(Protocol::TCP, number.parse().ok()?),
                "udp" => Self::Port(Protocol::UDP, number.parse().ok()?),
                "ip" => Self::Port(Protocol(number.parse().ok()?), 0),
                _ => return None,
            })
        });
        port.unwrap_or(Self::Text(text))
    }

    fn finds(&self, application: &Application) -> bool {
        let text = match self {
            Self::Port(protocol, port) => {
                return application.ports.without_dynamic().contain(*protocol, *port);
            }
            Self::Text(text) => text.as_str(),
        };
        let class = &application.class;
        let names = [&application.name, &class.category, &class.subcategory, &class.technology];
        let part = |name: &str| name.to_lowercase().contains(text);
        names.into_iter().chain(&class.container).chain(&class.tags).any(|name| part(name))
            || class.characteristics.names().any(part)
            || application.ports.members().iter().any(|member| member == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Catalog;

    fn found(catalog: &Catalog, text: &str) -> Vec<String> {
        let search = Search::new(text);
        catalog.iter().filter(|(_, app)| search.finds(app)).map(|(_, app)| app.name.clone()).collect()
    }

    #[test]
    fn words_find_names_ports_and_classes() {
        let catalog = Catalog::builtin().unwrap();
        let found = |text| found(&catalog, text);
        assert_eq!(found("FTP tcp/21"), ["ftp"]);
        assert!(found("tcp/443").contains(&"ssl".to_owned()));
        assert!(!found("tcp/443").contains(&"adobe-flash-socketpolicy-server".to_owned()));
        assert_eq!(found("ip/47"), ["gre"]);
        assert_eq!(found("icmp6"), ["ipv6-icmp", "traceroute"]);
        assert!(found("udp/dynamic").contains(&"rtp-base".to_owned()));
        assert!(found("auth-service").contains(&"kerberos".to_owned()));
        assert!(found("tunnels-other-apps").contains(&"ssh".to_owned()));
        assert!(found("facebook").len() > 5);
        assert!(found("tcp/70000").is_empty() && found("facebook ip/47").is_empty());
        let flash = catalog.get(catalog.find("adobe-flash-socketpolicy-server").unwrap()).unwrap();
        assert!(Search::new("tcp/443").finds_dynamic(flash) && !Search::new("udp/443").finds_dynamic(flash));
    }
}
