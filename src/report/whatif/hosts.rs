//! Sessions by host.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::opening::{NamedBy, Opening};
use super::reason::{Reason, Verdict};
use crate::flow::Addr;
use crate::report::style::count;

/// A session that interception is about.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) name: Option<(String, NamedBy)>,
    pub(super) server: Addr,
    /// On the wire, both ways.
    pub(super) bytes: u64,
    /// Its application.
    pub(super) app: &'a str,
    /// Why it would not be fine.
    pub(super) reasons: Vec<Reason>,
}

/// What a host is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HostName {
    /// Clients ask for it.
    Asked(String),
    /// Only its certificate tells.
    Certified(String),
    /// It has only an address.
    Address(Addr),
}

impl HostName {
    /// As it is shown.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Asked(name) | Self::Certified(name) => name.clone(),
            Self::Address(addr) => addr.to_string(),
        }
    }

    /// Its kind in JSON.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Asked(_) => "server-name",
            Self::Certified(_) => "certificate",
            Self::Address(_) => "address",
        }
    }
}

/// A host and its sessions.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: HostName,
    pub(super) sessions: u64,
    /// On the wire, both ways.
    pub(super) bytes: u64,
    pub(super) applications: BTreeSet<String>,
    /// Sessions by what becomes of them.
    pub(super) verdicts: BTreeMap<Verdict, u64>,
    /// Reasons, each with its sessions, the worst first.
    pub(super) reasons: Vec<(Reason, u64)>,
}

impl Host {
    fn new(name: HostName) -> Self {
        Self {
            name,
            sessions: 0,
            bytes: 0,
            applications: BTreeSet::new(),
            verdicts: BTreeMap::new(),
            reasons: Vec::new(),
        }
    }

    /// Of its worst session.
    pub(super) fn verdict(&self) -> Verdict {
        self.verdicts.last_key_value().map_or(Verdict::Fine, |(verdict, _)| *verdict)
    }

    fn add(&mut self, session: Session<'_>) {
        self.sessions += 1;
        self.bytes += session.bytes;
        if !self.applications.contains(session.app) {
            self.applications.insert(session.app.to_owned());
        }
        let verdict = session.reasons.iter().map(|reason| reason.verdict()).max().unwrap_or(Verdict::Fine);
        *self.verdicts.entry(verdict).or_default() += 1;
        for reason in session.reasons {
            match self.reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, sessions)) => *sessions += 1,
                None => self.reasons.push((reason, 1)),
            }
        }
    }
}

/// So many hosts are told apart; sessions to others are counted alone.
const HOSTS_MAX: usize = 100_000;

/// All hosts of a capture: what interception would do to each.
#[derive(Debug)]
pub struct Hosts {
    /// What the profile is called.
    pub(super) profile: String,
    by_name: BTreeMap<HostName, Host>,
    /// Sessions that are no matter of interception.
    pub(super) others: u64,
    /// Sessions that the security policy denies in any case.
    pub(super) denied: u64,
    /// Sessions of TLS 1.3.
    tls13: u64,
    /// Sessions of older versions without a certificate: they go on with an earlier one's keys.
    resumed: u64,
    /// Sessions whose beginning is not there.
    headless: u64,
    /// Sessions that may hide the name they ask for.
    hidden: u64,
    /// Whether not all was read.
    pub(super) is_cut: bool,
}

impl Hosts {
    pub(super) fn new(profile: &str) -> Self {
        Self {
            profile: profile.to_owned(),
            by_name: BTreeMap::new(),
            others: 0,
            denied: 0,
            tls13: 0,
            resumed: 0,
            headless: 0,
            hidden: 0,
            is_cut: false,
        }
    }

    /// Notes what the handshake of a session of TLS does not show.
    pub(super) fn note(&mut self, opening: &Opening, tls13: u16) {
        match opening.version {
            None => self.headless += u64::from(opening.alert.is_none()),
            Some(version) if version >= tls13 => self.tls13 += 1,
            Some(_) => self.resumed += u64::from(opening.certificate.is_none() && opening.alert.is_none()),
        }
        self.hidden += u64::from(opening.hides_name);
    }

    pub(super) fn add(&mut self, session: Session<'_>) {
        let name = match &session.name {
            Some((name, NamedBy::ServerName)) => HostName::Asked(name.clone()),
            Some((name, NamedBy::Certificate)) => HostName::Certified(name.clone()),
            None => HostName::Address(session.server),
        };
        if self.by_name.len() >= HOSTS_MAX && !self.by_name.contains_key(&name) {
            self.is_cut = true;
            return;
        }
        self.by_name.entry(name.clone()).or_insert_with(|| Host::new(name)).add(session);
    }

    /// All hosts: the worst first, of those alike the one with most sessions.
    pub(super) fn sorted(&self) -> Vec<&Host> {
        let mut hosts: Vec<&Host> = self.by_name.values().collect();
        hosts.sort_by_key(|host| (Reverse(host.verdict()), Reverse(host.sessions)));
        hosts
    }

    /// Sessions with that verdict, and hosts whose worst it is.
    pub(super) fn totals(&self, verdict: Verdict) -> (u64, u64) {
        let hosts = self.by_name.values();
        let sessions = hosts.clone().filter_map(|host| host.verdicts.get(&verdict)).sum();
        (sessions, hosts.filter(|host| host.verdict() == verdict).count() as u64)
    }

    /// Sessions that interception is about.
    pub(super) fn sessions(&self) -> u64 {
        self.by_name.values().map(|host| host.sessions).sum()
    }

    /// How many hosts there are.
    pub(super) fn len(&self) -> u64 {
        self.by_name.len() as u64
    }

    /// Sessions of QUIC.
    pub(super) fn quic(&self) -> u64 {
        let reasons = self.by_name.values().flat_map(|host| &host.reasons);
        reasons.filter(|(reason, _)| *reason == Reason::Quic).map(|(_, sessions)| sessions).sum()
    }

    /// Whether some session would be blocked.
    pub fn breaks(&self) -> bool {
        self.totals(Verdict::Breaks).0 > 0
    }

    /// What the capture does not tell, in sentences.
    pub(super) fn cannot_tell(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.sessions() > 0 {
            sentences.push(
                "Whether a client pins: it shows only when it refuses the firewall's certificate, and this capture was not \
                 intercepted. `known to pin` is what is said of a host, not what was seen; other clients may pin as well."
                    .to_owned(),
            );
            sentences.push(
                "Whether clients trust the firewall's own authority, whether it trusts the servers' issuers, and whether a \
                 certificate is revoked."
                    .to_owned(),
            );
        }
        if self.tls13 > 0 {
            sentences.push(format!(
                "Certificates, and whether the server asks for the client's, in {} of TLS 1.3: all of that is encrypted; \
                 nor whether such a server takes an older version, if the profile stops at one.",
                count(self.tls13, "session")
            ));
        }
        if self.resumed > 0 {
            sentences.push(format!(
                "The certificate in {}: no certificate is shown where an earlier session is resumed.",
                count(self.resumed, "session")
            ));
        }
        if self.headless > 0 {
            sentences.push(format!(
                "What becomes of {} whose handshake is not whole in it.",
                count(self.headless, "session")
            ));
        }
        if self.hidden > 0 {
            sentences.push(format!(
                "Whether the name is really encrypted (ECH) in {}, or only an empty shell is sent, as browsers do to \
                 everyone.",
                count(self.hidden, "session")
            ));
        }
        if self.is_cut {
            sentences.push("The rest: there were too many connections or hosts to tell each.".to_owned());
        }
        sentences
    }
}
