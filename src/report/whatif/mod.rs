//! What if every TLS session were decrypted: which of those in a capture that was not intercepted would break, and why,
//! by host (PANOS.md 8).
//!
//! The engine replays under a decryption policy of one rule and tells what its profile makes of each handshake. What it
//! does not tell, names and what a stricter profile would refuse, is read here from the same bytes. What neither can
//! know is said so.

mod connections;
mod exclusions;
mod hosts;
mod json;
mod opening;
mod pins;
mod reason;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use self::connections::Connections;
use self::hosts::Session;
use self::opening::{Opening, Speaks};
use self::reason::Reason;
use super::Sink;
use super::row::label_name;
use crate::app::AppId;
use crate::app::tls::Handshake;
use crate::config::World;
use crate::engine::{DecryptionStep, EventKind, Events, Record};
use crate::feature::decryption::{
    Check, DecryptionAction, DecryptionPolicy, DecryptionProfile, DecryptionRule, DecryptionType, Note,
    Refusal, Section,
};
use crate::flow::Protocol;
use crate::packet::Packet;
use crate::policy::{Rule, ServiceMatch};
use crate::session::SessionId;
use crate::time::Timestamp;

pub use hosts::Hosts;
pub use json::{write_json, write_lines};
pub use text::write_text;

/// A decryption policy of one rule, which decrypts everything with that profile.
pub fn decrypt_all(profile: DecryptionProfile) -> DecryptionPolicy {
    let matches = Rule { name: "decrypt all".to_owned(), service: ServiceMatch::Any, ..Rule::default() };
    DecryptionPolicy::new(vec![DecryptionRule {
        matches,
        action: DecryptionAction::Decrypt,
        kind: DecryptionType::SslForwardProxy,
        profile: Some(profile),
    }])
}

/// Watches a replay under [`decrypt_all`].
#[derive(Debug)]
pub struct WhatIf {
    /// The profile, if it blocked all that it can.
    strict: DecryptionProfile,
    connections: Connections,
    /// What the decryption policy has said last of a session.
    steps: BTreeMap<SessionId, DecryptionStep>,
    /// Sessions that the security policy has denied.
    denied: BTreeSet<SessionId>,
    /// Sessions that have been QUIC.
    quic: BTreeSet<SessionId>,
    hosts: Hosts,
}

/// HTTPS.
const HTTPS: u16 = 443;

/// The number of TLS 1.3.
const TLS_1_3: u16 = 0x0304;

/// The profile, and it blocks everything that it can.
fn strict(profile: &DecryptionProfile) -> DecryptionProfile {
    let mut strict = profile.clone();
    for check in Check::ALL {
        // Those of SSH have nothing to do with it.
        let _ = strict.set(Section::ForwardProxy, check.key(), "yes");
    }
    strict
}

impl WhatIf {
    /// Nothing seen yet; `name` is what the profile is called.
    pub fn new(world: &World, profile: &DecryptionProfile, name: &str) -> Self {
        Self {
            strict: strict(profile),
            connections: Connections::new(world.identifier.start(Protocol::TCP)),
            steps: BTreeMap::new(),
            denied: BTreeSet::new(),
            quic: BTreeSet::new(),
            hosts: Hosts::new(name),
        }
    }

    /// What was seen, by host.
    pub fn into_hosts(mut self) -> Hosts {
        self.hosts.is_cut = self.connections.is_cut();
        self.hosts
    }

    /// What a stricter profile would refuse the certificate for.
    fn doubt(&self, opening: &Opening, at: Timestamp, reasons: &mut Vec<Reason>) {
        let Some(standing) = opening.certificate else { return };
        let shown = Handshake::Certificate(standing);
        if let Some(Refusal::Block(check)) = self.strict.check(Section::ForwardProxy, shown, None, at)
            && !reasons.contains(&Reason::Blocked(check))
        {
            reasons.push(Reason::Doubtful(check));
        }
    }

    fn end(&mut self, world: &World, record: &Record) {
        let Some(id) = record.id else { return };
        let step = self.steps.remove(&id);
        let (was_denied, was_quic) = (self.denied.remove(&id), self.quic.remove(&id));
        let (opening, bytes) = self.connections.take(record).unwrap_or_default();
        // What decryption blocks has a `deny` row as well.
        if was_denied && !step.is_some_and(DecryptionStep::fails) {
            self.hosts.denied += 1;
            return;
        }
        let speaks = if was_quic { Speaks::Quic } else { opening.speaks };
        let is_https = record.c2s.protocol == Protocol::TCP && record.c2s.dport == HTTPS;
        let mut reasons = Vec::new();
        match speaks {
            Speaks::Tls if step == Some(DecryptionStep::Listed) => reasons.push(Reason::Listed),
            Speaks::Tls => {
                tls(&opening, step, &mut reasons);
                self.doubt(&opening, record.started, &mut reasons);
            }
            Speaks::StartTls => reasons.push(Reason::StartTls),
            Speaks::Quic => reasons.push(Reason::Quic),
            Speaks::Other if is_https => reasons.push(Reason::NotTls),
            Speaks::Other | Speaks::Nothing => {
                self.hosts.others += 1;
                return;
            }
        }
        if speaks == Speaks::Tls {
            self.hosts.note(&opening, TLS_1_3);
        }
        let app = label_name(world, record.label);
        let session = Session { name: opening.name, server: record.c2s.dst, bytes, app, reasons };
        self.hosts.add(session);
    }
}

/// Whether a step says more than the ones before it: most notes do not, nor do those of key logs, which have nothing to
/// do with it.
const fn counts(step: DecryptionStep) -> bool {
    match step {
        DecryptionStep::Noted(note) => matches!(note, Note::OtherCipher(_)),
        DecryptionStep::Sealed { .. } | DecryptionStep::Opened(_) | DecryptionStep::Shut(_) => false,
        _ => true,
    }
}

/// Reasons about a session of TLS.
fn tls(opening: &Opening, step: Option<DecryptionStep>, reasons: &mut Vec<Reason>) {
    match step {
        Some(DecryptionStep::Blocked(check)) => reasons.push(Reason::Blocked(check)),
        Some(DecryptionStep::Excluded(check)) => {
            reasons.push(Reason::Unsupported { check, has_alternative: false });
        }
        Some(DecryptionStep::Noted(Note::OtherCipher(_))) => {
            reasons.push(Reason::Unsupported { check: Check::UnsupportedCipher, has_alternative: true });
        }
        Some(DecryptionStep::Alert(code)) => {
            let by_client = opening.alert.is_none_or(|(side, _)| side == 0);
            reasons.push(Reason::Fails { by_client, code });
        }
        Some(DecryptionStep::Begins | DecryptionStep::NoDecrypt) if opening.version.is_some() => {}
        None if opening.version.is_some() => reasons.push(Reason::NotIdentified),
        _ => reasons.push(Reason::NoHandshake),
    }
    let pin = opening.name.as_ref().and_then(|(name, _)| pins::find(name));
    reasons.extend(pin.map(Reason::KnownToPin));
    if !matches!(opening.name, Some((_, opening::NamedBy::ServerName))) {
        reasons.push(Reason::NoServerName);
    }
    if opening.hides_name {
        reasons.push(Reason::HidesName);
    }
}

impl Sink for WhatIf {
    fn packet(&mut self, packet: &Packet<'_>) {
        self.connections.packet(packet);
    }

    fn read(&mut self, world: &World, events: &Events) -> io::Result<()> {
        let quic: Option<AppId> = world.catalog.find("quic");
        for event in events.list() {
            match (event.kind, event.session) {
                (EventKind::Decryption { step, .. }, Some(id)) if counts(step) => {
                    self.steps.insert(id, step);
                }
                (EventKind::Denied { .. }, Some(id)) => {
                    self.denied.insert(id);
                }
                (EventKind::Identified { app, .. }, Some(id)) if Some(app) == quic => {
                    self.quic.insert(id);
                }
                (EventKind::Ended { record }, _) => self.end(world, events.record(record)),
                _ => {}
            }
        }
        Ok(())
    }
}
