//! `unsupported-passes-undecrypted`: a decryption profile that lets pass what the firewall cannot decrypt.

use super::context::Context;
use super::words::{list, quote};
use super::{Finding, Kind, Severity};
use crate::feature::decryption::Check;

pub(super) const KIND: Kind = Kind {
    name: "unsupported-passes-undecrypted",
    severity: Severity::Note,
    what: "A decryption profile in use that does not block versions or ciphers that are not supported.",
    why: "Such a session passes undecrypted, and the server goes to the local exclusion cache, so that later sessions to it \
          are not decrypted either (PANOS.md 8). A client that wants to pass unseen only has to offer such parameters.",
    example: "[[decryption]]\nname = \"Web\"\naction = \"decrypt\"\nprofile = \
              \"lax\"\n\n[decryption-profile.lax.ssl-protocol-settings]\nmin-version = \"tls1-2\"",
    cure: "Block unsupported versions and ciphers, and list the servers that need them as exclusions.",
    run,
};

/// What is asked for.
const WANTED: [Check; 2] = [Check::UnsupportedVersion, Check::UnsupportedCipher];

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (rule, name, profile) in context.decryption_profiles() {
        let lacks = |check: &&Check| !profile.is_on(rule.section(), check.key());
        let keys: Vec<&str> = WANTED.iter().filter(lacks).map(|check| check.key()).collect();
        if keys.is_empty() {
            continue;
        }
        let message = format!(
            "uses profile {}, which does not set {}: such sessions pass undecrypted",
            quote(name),
            list(keys.iter().copied())
        );
        // The predefined one cannot be changed.
        let own = if profile.name.is_empty() { "give the rule a profile of its own, and there " } else { "" };
        let cure = format!("{own}set {} to `yes`", list(keys.iter().copied()));
        let finding = context.about_decryption(kind, &rule.matches, "profile", message, cure);
        out.push(Finding { subject: format!("decryption-profile {name}"), ..finding });
    }
}
