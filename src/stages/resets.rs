//! "Who sent the RST?", the question that stage captures are taken for.

use super::compare::{Compared, Kind, Row, stage};
use super::device::StageFile;
use crate::flow::Direction;
use crate::report::escape;
use crate::report::stages::Stage;

/// One sentence for each RST that is the first of its kind in its session, by who sent it.
pub(super) fn tell(sessions: &[Compared], stages: &[StageFile]) -> Vec<String> {
    let mut told = Vec::new();
    let shown = [Stage::Transmit, Stage::Firewall].into_iter().any(|wanted| stage(stages, wanted).is_some());
    for session in sessions {
        let mut before: Vec<(Kind, Option<Direction>)> = Vec::new();
        for row in &session.rows {
            let new = !before.contains(&(row.kind, row.direction));
            if new && let Some(sentence) = sentence(session, row) {
                before.push((row.kind, row.direction));
                told.push(sentence);
            }
        }
    }
    if !shown {
        told.push(
            "There is neither a transmit nor a firewall stage: a RST that the firewall sent itself cannot be seen."
                .to_owned(),
        );
    }
    told
}

fn sentence(session: &Compared, row: &Row) -> Option<String> {
    let name = match (session.session, session.ends) {
        (Some(id), Some(ends)) => format!("Session {} ({ends})", id.0),
        _ => "No session".to_owned(),
    };
    let (from, to) = match row.direction {
        Some(Direction::ClientToServer) => ("the client", "to the server"),
        Some(Direction::ServerToClient) => ("the server", "to the client"),
        None => ("its sender", "to its receiver"),
    };
    let at = row.at;
    let under = || format!("(rule `{}`, {})", escape::name(&session.rule), escape::name(&session.app));
    Some(match row.kind {
        Kind::Came { rst: true, forwarded } => {
            let fate = match forwarded {
                Some(true) => "and the firewall passed it on",
                Some(false) => "and the firewall dropped it",
                None => "and it is in no other stage",
            };
            let number = row.number.unwrap_or(0);
            format!(
                "{name}: {from} sent the RST {to} at {at}: it came in as packet {number} of receive, {fate}."
            )
        }
        Kind::Sent { rst: true, device: true, model } => {
            let model = match model {
                true => format!("The model sends it as well {}.", under()),
                false => format!("The model sends none {}.", under()),
            };
            format!(
                "{name}: the firewall sent the RST {to} at {at}: it left with the address of {from}, and never came in. \
                 {model}"
            )
        }
        Kind::Sent { rst: true, device: false, model: true } => {
            format!(
                "{name}: the model sends a RST {to} at {at} {}; the device's captures show none.",
                under()
            )
        }
        _ => return None,
    })
}
