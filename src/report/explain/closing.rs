//! The closing paragraph: why the row reads as it does.

use super::walk::{Facts, Found};
use super::{decryption, predict};
use crate::config::World;
use crate::engine::{Label, Outcome, Record};
use crate::policy::{RuleId, Ternary};
use crate::report::escape;
use crate::report::row::{Subtype, end_reason, is_logged, label_name, rule_name};
use crate::report::style::{count, grouped};
use crate::session::{EndReason, TcpStage};
use crate::time::Span;

/// The row in one line.
pub(super) fn row(world: &World, subtype: Subtype, record: &Record) -> String {
    let [sent, received] = record.counts.packets;
    let history = record.history.to_string();
    let mut items = vec![
        subtype.name().to_owned(),
        label_name(world, record.label).to_owned(),
        format!("rule {}", named(world, record)),
        format!("{} ({})", record.action, record.action_source.name()),
        end_reason(subtype, record).to_owned(),
        format!("packets {}/{}", grouped(sent), grouped(received)),
        format!("{} bytes", grouped(record.counts.bytes.iter().sum())),
    ];
    items.extend((!history.is_empty()).then(|| format!("history {history}")));
    items.join(" · ")
}

fn named(world: &World, record: &Record) -> String {
    quote(rule_name(world, record.rule))
}

fn quote(name: &str) -> String {
    format!("`{}`", escape::name(name))
}

/// Why a session's row reads as it does.
pub(super) fn session(world: &World, record: &Record, facts: &Facts) -> String {
    let subtype = if facts.denied.is_some() { Subtype::Deny } else { Subtype::End };
    let sentences = [
        facts.around.map(|id| format!("It is a connection inside that of session {}.", id.0)),
        admission(world, record, facts),
        identification(world, record, facts),
        first_packets(world, record, facts),
        label(world, record, facts),
        ending(record, facts),
        logging(world, subtype, record),
    ];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Why a refused packet's row reads as it does.
pub(super) fn refusal(world: &World, record: &Record) -> String {
    let rule = named(world, record);
    let why = match record.label {
        Label::App(app) => format!(
            "The IP header tells the application, {}, so the first lookup is the full one, and {rule} blocks it.",
            world.catalog.name(app)
        ),
        _ => format!(
            "The port-only lookup comes to {rule}, which blocks whatever the application. App-ID never ran: \
             `not-applicable`."
        ),
    };
    let rest = "No session is set up (session id 0), so the next packet like it is looked up again, and its row is \
                another one.";
    let logged =
        logging(world, Subtype::Drop, record).map_or_else(String::new, |logged| format!(" {logged}"));
    format!("{why} {rest}{logged}")
}

fn admission(world: &World, record: &Record, facts: &Facts) -> Option<String> {
    let rule = quote(rule_name(world, record.tentative));
    if let Some(prediction) = &facts.announced {
        return Some(format!(
            "No rule let the session begin: session {}, under {rule}, has announced it ({}).",
            prediction.parent.0,
            predict::named(prediction.what)
        ));
    }
    let told = facts.found.first().filter(|_| !record.c2s.protocol.has_ports());
    Some(match (facts.tentative?.certainty, told) {
        (Ternary::Unknown, _) => {
            format!(
                "{rule} let the session begin on its ports alone: nothing was known of the application yet."
            )
        }
        (_, Some(found)) => {
            let app = world.catalog.name(found.app);
            format!("The IP header tells the application, {app}, and {rule} allows it.")
        }
        (_, None) => format!("{rule} lets the session begin whatever the application."),
    })
}

/// What App-ID came to, and which rule held then; nothing for what the header told.
fn identification(world: &World, record: &Record, facts: &Facts) -> Option<String> {
    if !record.c2s.protocol.has_ports() {
        return None;
    }
    let (mut rule, mut packet) = (record.tentative, None);
    let mut sentences: Vec<String> = Vec::new();
    // What a session has announced is told its application with it.
    let told = |found: &&Found| facts.announced.is_none() || found.lookup.is_some();
    for found in facts.found.iter().filter(told) {
        sentences.push(found_sentence(world, found, rule, packet));
        rule = found.lookup.map_or(rule, |lookup| lookup.rule);
        packet = Some(found.packet);
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// The first application, or what it turned into: `previous` is the packet of the one before.
fn found_sentence(world: &World, found: &Found, before: RuleId, previous: Option<u64>) -> String {
    let (app, packet, evidence) = (world.catalog.name(found.app), found.packet, &found.evidence);
    let what = match previous {
        None => format!("At packet {packet} App-ID came to {app} ({evidence})"),
        Some(previous) if previous == packet => format!("The same packet made it {app} ({evidence})"),
        Some(_) => format!("Packet {packet} made it {app} ({evidence})"),
    };
    let Some(lookup) = found.lookup else {
        return format!("At packet {packet} {app} was a candidate ({evidence}).");
    };
    let rule = quote(rule_name(world, lookup.rule));
    match (lookup.action.is_allow(), lookup.rule == before) {
        (true, true) => format!("{what}; {rule} allows that, too."),
        (true, false) => format!("{what}; from then on {rule} holds, which allows that."),
        (false, _) => {
            format!("{what}; the full lookup then came to {rule}, whose action is {}.", lookup.action)
        }
    }
}

fn first_packets(world: &World, record: &Record, facts: &Facts) -> Option<String> {
    let first = record.first_packets?;
    let [to_server, to_client] = first.passed.packets;
    let [payload_to_server, payload_to_client] = first.passed.payload.map(grouped);
    let payload = match first.passed.payload {
        [0, 0] => "without payload".to_owned(),
        _ => format!("with {payload_to_server} and {payload_to_client} bytes of payload"),
    };
    let passed = format!(
        "{} to the server and {} to the client, {payload}",
        count(to_server, "packet"),
        grouped(to_client)
    );
    let was_allowed = || facts.found.iter().any(|found| found.lookup.is_some_and(|it| it.action.is_allow()));
    Some(match first.outcome {
        Outcome::Denied if was_allowed() => {
            format!("By then {passed}, had passed: what the session was before is allowed.")
        }
        Outcome::Denied => format!("By then {passed}, had passed: first packets that no rule allows."),
        Outcome::NeverIdentified => format!("All that passed, {passed}, passed unidentified."),
        Outcome::Reclassified => {
            format!("Before {} held, {passed}, had passed under another rule.", named(world, record))
        }
    })
}

fn label(world: &World, record: &Record, facts: &Facts) -> Option<String> {
    let cut = if record.cut { " (the capture holds only the beginning of some packets)" } else { "" };
    Some(match record.label {
        Label::Incomplete if facts.established => {
            "The handshake was completed, but no payload followed: `incomplete`.".to_owned()
        }
        Label::Incomplete => {
            "The handshake was never completed, so App-ID had nothing to look at: `incomplete`.".to_owned()
        }
        Label::InsufficientData => {
            format!("There was payload, but not enough for App-ID to decide{cut}: `insufficient-data`.")
        }
        Label::App(app) => match world.catalog.name(app) {
            "non-syn-tcp" => "Its beginning is not in the capture, and nobody recognises the rest: \
                              `non-syn-tcp`."
                .to_owned(),
            name @ ("unknown-tcp" | "unknown-udp" | "unknown-p2p") => {
                format!("No decoder recognises the payload{cut}: `{name}`.")
            }
            _ => return None,
        },
        Label::NotApplicable => return None,
    })
}

fn ending(record: &Record, facts: &Facts) -> Option<String> {
    if record.open && facts.denied.is_none() {
        return Some(
            "The capture ends before the session does, so there is no end reason yet: `n/a`.".to_owned(),
        );
    }
    let outranks = |what: &str| format!("PAN-OS logs one reason only, and this one outranks {what}.");
    let reason = record.reason?;
    if let Some(failed) = facts.failed.as_ref().filter(|_| facts.denied.is_some()) {
        let what = decryption::closing(failed);
        return Some(format!(
            "{what}: `{reason}`. The row is a `deny`, and its action is still that of the rule, {}.",
            record.action
        ));
    }
    Some(match reason {
        EndReason::PolicyDeny => {
            "A rule blocked it: `policy-deny`, which only `threat` outranks. The row was \
                                  written at once; later packets die in DISCARD."
                .to_owned()
        }
        EndReason::Threat => {
            let what = facts.threat.as_ref().map_or_else(
                || "A threat was blocked".to_owned(),
                |(packet, threat)| {
                    let action = threat.action.name(threat.kind);
                    format!("At packet {packet} a security profile found {}, whose action is {action}", quote(&threat.name))
                },
            );
            format!("{what}: `threat`, which outranks every other reason. The action of the row stays that of the rule.")
        }
        reason @ (EndReason::TcpRstFromClient | EndReason::TcpRstFromServer) => {
            let side = if reason == EndReason::TcpRstFromClient { "client" } else { "server" };
            let also = if facts.fin { format!(" {}", outranks("the FIN before it")) } else { String::new() };
            format!("The {side} reset the connection: `{reason}`.{also}")
        }
        EndReason::ResourcesUnavailable => {
            "A limit of the firewall was reached: `resources-unavailable`.".to_owned()
        }
        EndReason::TcpFin => {
            let both = facts.stage == Some(TcpStage::TimeWait);
            let sides = if both { "Both sides closed" } else { "One side closed" };
            format!(
                "{sides} the connection: `tcp-fin`. {}",
                outranks("the timer that then removed the session")
            )
        }
        EndReason::TcpReuse => {
            "A new SYN took over its ports before the time-wait timer ran out: `tcp-reuse`.".to_owned()
        }
        EndReason::AgedOut => match facts.timer {
            Some((timer, span)) => {
                format!("Then nothing came for {} ({}): `aged-out`.", seconds(span), timer.name())
            }
            None => "Its timer ran out: `aged-out`.".to_owned(),
        },
        EndReason::Decoder => {
            "Then its protocol began another connection inside this one, which is a session of its own: `decoder`."
                .to_owned()
        }
        reason => format!("It ended with `{reason}`."),
    })
}

fn seconds(span: Span) -> String {
    count(span.secs(), "second")
}

fn logging(world: &World, subtype: Subtype, record: &Record) -> Option<String> {
    (!is_logged(subtype, record, world))
        .then(|| format!("{} does not log, so a firewall would not write this row.", named(world, record)))
}
