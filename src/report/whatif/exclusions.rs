//! The exclusion list: hosts that interception would break for technical reasons, ready to paste.

use std::collections::BTreeMap;

use super::hosts::{Host, HostName, Hosts};
use super::reason::Reason;
use crate::flow::Addr;

/// What to leave undecrypted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Exclusions {
    /// Names, each with why.
    pub(super) names: BTreeMap<String, &'static str>,
    /// Servers that have no name: a decryption rule has to leave them out.
    pub(super) addresses: Vec<Addr>,
    /// Hosts whose certificate is doubtful: they are not listed.
    pub(super) doubtful: u64,
    /// Hosts whose name is none that could be listed.
    pub(super) odd: u64,
}

/// The name of the rule for servers without a name.
const RULE: &str = "Not decrypted by address";

impl Exclusions {
    pub(super) fn of(hosts: &Hosts) -> Self {
        let mut exclusions = Self::default();
        for host in hosts.sorted() {
            exclusions.add(host);
        }
        exclusions.addresses.sort_unstable();
        exclusions
    }

    fn add(&mut self, host: &Host) {
        let is_doubtful = |(reason, _): &(Reason, u64)| {
            matches!(reason, Reason::Doubtful(_))
                || matches!(reason, Reason::Blocked(_)) && reason.exclusion().is_none()
        };
        let why = host.reasons.iter().find_map(|(reason, _)| reason.exclusion());
        let Some(why) = why else {
            self.doubtful += u64::from(host.reasons.iter().any(is_doubtful));
            return;
        };
        match &host.name {
            HostName::Asked(name) | HostName::Certified(name) if is_listable(name) => {
                self.names.insert(name.clone(), why);
            }
            HostName::Asked(_) | HostName::Certified(_) => self.odd += 1,
            HostName::Address(addr) => self.addresses.push(*addr),
        }
    }

    /// Commands in PAN-OS's configuration mode.
    pub(super) fn commands(&self) -> Vec<String> {
        let name = |(name, why): (&String, &&str)| {
            format!("set shared ssl-decrypt ssl-exclude-cert {name} description \"{why}\" exclude yes")
        };
        let mut commands: Vec<String> = self.names.iter().map(name).collect();
        if !self.addresses.is_empty() {
            let addresses: Vec<String> = self.addresses.iter().map(Addr::to_string).collect();
            commands.push(format!(
                "set rulebase decryption rules \"{RULE}\" from any to any source any destination [ {} ] source-user any \
                 category any service any action no-decrypt type ssl-forward-proxy",
                addresses.join(" ")
            ));
            commands.push(format!("move rulebase decryption rules \"{RULE}\" top"));
        }
        commands
    }

    /// The rule for servers without a name, in TOML.
    pub(super) fn toml(&self) -> Option<String> {
        let addresses: Vec<String> = self.addresses.iter().map(|addr| format!("\"{addr}\"")).collect();
        (!addresses.is_empty()).then(|| {
            format!(
                "[[decryption]] # above the others\nname = \"{RULE}\"\ndestination = [{}]\naction = \"no-decrypt\"\n",
                addresses.join(", ")
            )
        })
    }
}

/// Whether it is a name that a list of hosts can hold: letters, digits, hyphens, dots, and a certificate's `*`.
fn is_listable(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte);
    (1..=253).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::decryption::Check;
    use crate::report::whatif::hosts::Session;
    use crate::report::whatif::opening::NamedBy;
    use crate::report::whatif::pins;

    fn session(name: Option<&str>, reason: Reason) -> Session<'static> {
        let name = name.map(|name| (name.to_owned(), NamedBy::ServerName));
        Session { name, server: Addr::v4([192, 0, 2, 1]), bytes: 1, app: "ssl", reasons: vec![reason] }
    }

    #[test]
    fn what_is_listed() {
        let mut hosts = Hosts::new("default");
        let client = Reason::Blocked(Check::ClientCertificate);
        for (name, reason) in [
            (Some("b.example.org"), client),
            (Some("a.push.apple.com"), Reason::KnownToPin(pins::find("push.apple.com").unwrap())),
            (Some("old.example.org"), Reason::Blocked(Check::ExpiredCertificate)),
            (Some("odd\\n name"), client),
            (Some("fine.example.org"), Reason::NoServerName),
            (Some("quic.example.org"), Reason::Quic),
            (None, client),
        ] {
            hosts.add(session(name, reason));
        }
        let exclusions = Exclusions::of(&hosts);
        assert_eq!(
            exclusions.names,
            [
                ("a.push.apple.com".to_owned(), "known to pin"),
                ("b.example.org".to_owned(), "client certificate")
            ]
            .into()
        );
        assert_eq!((exclusions.addresses.len(), exclusions.doubtful, exclusions.odd), (1, 1, 1));
        let commands = exclusions.commands();
        assert_eq!(
            commands[1],
            "set shared ssl-decrypt ssl-exclude-cert b.example.org description \"client certificate\" exclude yes"
        );
        assert!(commands[2].contains("destination [ 192.0.2.1 ]") && commands[3].ends_with("top"));
        assert!(exclusions.toml().unwrap().contains("destination = [\"192.0.2.1\"]"));
    }
}
