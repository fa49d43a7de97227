//! `decryption-without-profile`: a decryption rule that checks nothing.

use super::context::Context;
use super::{Finding, Kind, Severity};
use crate::feature::decryption::DecryptionAction;

pub(super) const KIND: Kind = Kind {
    name: "decryption-without-profile",
    severity: Severity::Warning,
    what: "A decryption rule without a decryption profile; of a rule that decrypts nothing it is a note.",
    why: "Only a profile blocks certificates that are expired or signed by nobody who is trusted, and versions and ciphers \
          that the firewall does not support: without one such sessions pass, the latter undecrypted from then on \
          (PANOS.md 8). A `no-decrypt` rule can have a profile as well: certificates are in the clear up to TLS 1.2.",
    example: "[[decryption]]\nname = \"Web\"\naction = \"decrypt\"",
    cure: "Give the rule a profile that blocks what should not pass.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for rule in context.world.decryption.rules().iter().filter(|rule| rule.profile.is_none()) {
        let (severity, message, cure) = match rule.action {
            DecryptionAction::Decrypt => (
                kind.severity,
                "decrypts without a profile: bad certificates pass, and what the firewall cannot decrypt passes undecrypted",
                "name one in `profile` that blocks expired certificates, untrusted issuers, and unsupported versions and \
                 ciphers",
            ),
            DecryptionAction::NoDecrypt => (
                Severity::Note,
                "leaves sessions undecrypted without a profile: bad certificates pass",
                "name one in `profile` that blocks expired certificates and untrusted issuers",
            ),
        };
        let finding =
            context.about_decryption(kind, &rule.matches, "action", message.to_owned(), cure.to_owned());
        out.push(Finding { severity, ..finding });
    }
}
