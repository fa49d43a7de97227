//! `old-tls-version`: a decryption profile that goes on with versions of TLS that nobody should speak any more.

use super::context::Context;
use super::words::quote;
use super::{Finding, Kind, Severity};
use crate::feature::decryption::Version;

pub(super) const KIND: Kind = Kind {
    name: "old-tls-version",
    severity: Severity::Warning,
    what: "A decryption profile in use whose `min-version` is below `tls1-2`, if only because it does not say.",
    why: "TLS 1.0 and 1.1 must not be used (RFC 8996), nor SSL 3.0 (RFC 7568). PAN-OS's own default for `min-version` is \
          `tls1-0` (PANOS.md 8), so that a profile that leaves it out accepts them.",
    example: "[[decryption]]\nname = \"Web\"\naction = \"decrypt\"\nprofile = \
              \"old\"\n\n[decryption-profile.old.ssl-protocol-settings]\nmin-version = \"tls1-1\"",
    cure: "Set `min-version` to `tls1-2`.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (rule, name, profile) in context.decryption_profiles() {
        if profile.min_version() >= Version::Tls12 {
            continue;
        }
        let version = Version::ALL.iter().find(|(_, version)| *version == profile.min_version());
        let version = version.map_or("", |(name, _)| name);
        let message = format!("uses profile {}, which accepts TLS from `{version}` on", quote(name));
        // The predefined one cannot be changed.
        let cure = if profile.name.is_empty() {
            "give the rule a profile of its own, with the `min-version` `tls1-2`"
        } else {
            "set `min-version` of its `ssl-protocol-settings` to `tls1-2`"
        };
        let finding = context.about_decryption(kind, &rule.matches, "profile", message, cure.to_owned());
        out.push(Finding { subject: format!("decryption-profile {name}"), ..finding });
    }
}
