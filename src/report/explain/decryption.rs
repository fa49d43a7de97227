//! What a decryption rule and its profile do, in sentences.

use super::walk::Line;
use crate::app::tls::decrypt::Stop;
use crate::config::World;
use crate::engine::DecryptionStep;
use crate::flow::Direction;
use crate::report::escape;
use crate::report::row::decryption_rule_name;
use crate::report::style::Role;

/// The packet for which decryption of a session fails.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) packet: u64,
    /// Known once the packet is judged.
    pub(super) by: Option<Direction>,
    step: DecryptionStep,
    /// The profile that was in force, in backticks: after a commit the number of its rule may be that of another one.
    profile: String,
}

/// The packet, where the step is a failure.
pub(super) fn failed(world: &World, packet: u64, rule: u32, step: DecryptionStep) -> Option<Failed> {
    step.fails().then(|| Failed { packet, by: None, step, profile: profile(world, rule) })
}

/// One step.
pub(super) fn line(world: &World, rule: u32, step: DecryptionStep) -> Line {
    let role = if step.fails() { Role::Deny } else { Role::Plain };
    Line::new(role, 0, sentence(world, rule, step))
}

fn sentence(world: &World, rule: u32, step: DecryptionStep) -> String {
    let name = escape::name(decryption_rule_name(world, rule)).into_owned();
    let detail = step.detail();
    match step {
        DecryptionStep::Begins => format!("decryption rule `{name}`: decrypt"),
        DecryptionStep::NoDecrypt => format!("decryption rule `{name}`: no-decrypt"),
        DecryptionStep::Excluded(_) => {
            format!("{detail}, and the profile does not block that: it passes undecrypted from here on")
        }
        DecryptionStep::Cached | DecryptionStep::Listed | DecryptionStep::Noted(_) => detail,
        DecryptionStep::Blocked(check) => {
            format!("decryption profile {}, {}: {detail}", profile(world, rule), check.key())
        }
        DecryptionStep::Sealed { .. } => {
            format!("sealed from here on ({detail}); the key log has its secrets")
        }
        DecryptionStep::Opened(_) => format!("decrypted with the key log: {detail}"),
        DecryptionStep::Shut(Stop::NoSecrets) => format!(
            "sealed from here on, and {detail}: what is inside is not in the capture, and the session stays what it is"
        ),
        DecryptionStep::Shut(_) => format!("nothing more is decrypted: {detail}"),
        DecryptionStep::Alert(_) => format!("a fatal alert ends the decrypted connection: {detail}"),
    }
}

/// In backticks.
fn profile(world: &World, rule: u32) -> String {
    let rule = world.decryption.rules().get(rule as usize);
    let name = rule.and_then(|rule| rule.profile.as_ref()).map_or("", |profile| &profile.name);
    format!("`{}`", escape::name(name))
}

/// What happened, for the closing paragraph.
pub(super) fn closing(failed: &Failed) -> String {
    let Failed { packet, by, step, profile } = failed;
    let detail = step.detail();
    match step {
        DecryptionStep::Blocked(check) => {
            format!("At packet {packet} profile {profile} blocked it ({}), as {detail}", check.key())
        }
        _ => {
            let who = match by {
                Some(Direction::ClientToServer) => "the client",
                Some(Direction::ServerToClient) => "the server",
                None => "a side",
            };
            format!("At packet {packet} {who} ended the decrypted connection with the fatal alert {detail}")
        }
    }
}
