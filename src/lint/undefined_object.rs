//! `undefined-object`: a name in a rule of which nothing is known.

use super::context::Context;
use super::words::quote;
use super::{Finding, Kind, Related, Severity};
use crate::config::{Missing, MissingKind, MissingUse, Place, Rulebase};

pub(super) const KIND: Kind = Kind {
    name: "undefined-object",
    severity: Severity::Note,
    what: "An application, host name, region, external dynamic list, URL category or user that rules name and that \
           neither the rulebase nor its tables nor the catalog know.",
    why: "The firewall may know it, from its content or from the network; here the rule means less than it says, and so \
          does every finding about it. A name that nobody knows is a warning: an application that is in no catalog is \
          most often misspelt, or of newer content.",
    example: "[zones]\ntrust = \"10.0.0.0/8\"\n\n[[security]]\nname = \"Bob\"\nfrom = \"trust\"\nsource-user = \
              \"bob\"\napplication = \"ssh\"\naction = \"allow\"",
    cure: "Check the name. Give what the firewall knows with `--tables FILE` or under `[fqdn]`, `[region]`, \
           `[external-list]`, `[url-category]`, `[user]` and `[user-group]`, and its applications with `--app-catalog \
           FILE`.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for missing in &context.world.missing {
        let Some((first, others)) = missing.uses.split_first() else { continue };
        let words = words(missing.kind);
        let through =
            first.through.as_ref().map_or(String::new(), |group| format!(" through {}", quote(group)));
        let more = match others.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "{} {}, which {} {}{more} {}{through}, {}",
            words.what,
            quote(&missing.name),
            rule_of(first.rulebase),
            quote(&first.rule),
            if others.is_empty() { "names" } else { "name" },
            words.effect
        );
        let related = |other: &MissingUse| Related {
            rule: other.rule.clone(),
            place: place(context, other),
            what: "names it as well",
        };
        out.push(Finding {
            kind,
            severity: words.severity,
            subject: subject(missing),
            message,
            cure: words.cure.to_owned(),
            example: None,
            place: place(context, first),
            related: others.iter().map(related).collect(),
        });
    }
}

fn subject(missing: &Missing) -> String {
    format!("{} {}", words(missing.kind).what, missing.name)
}

const fn rule_of(rulebase: Rulebase) -> &'static str {
    match rulebase {
        Rulebase::Security => "rule",
        Rulebase::Nat => "NAT rule",
        Rulebase::ApplicationOverride => "application override rule",
        Rulebase::Decryption => "decryption rule",
    }
}

fn place(context: &Context<'_>, of: &MissingUse) -> Option<Place> {
    let places = &context.world.places;
    match of.rulebase {
        Rulebase::Security => places.rule(&of.rule, of.column),
        Rulebase::Nat => places.nat_rule(&of.rule, of.column),
        Rulebase::ApplicationOverride => places.override_rule(&of.rule, of.column),
        Rulebase::Decryption => places.decryption_rule(&of.rule, of.column),
    }
}

/// What is said of a kind of name.
struct Words {
    what: &'static str,
    severity: Severity,
    effect: &'static str,
    cure: &'static str,
}

const fn words(kind: MissingKind) -> Words {
    let (what, effect, cure) = match kind {
        MissingKind::Application => (
            "application",
            "is in no catalog here: it has no default ports, and nothing is identified as it",
            "check the name; if the firewall knows it, give its applications with `--app-catalog FILE`",
        ),
        MissingKind::Host => (
            "host name",
            "has no known address, so that it matches nothing here",
            "give its addresses under `[fqdn]`, in the rulebase or with `--tables FILE`",
        ),
        MissingKind::Region => (
            "region",
            "has no known address, so that it matches nothing here",
            "give its addresses under `[region]`, in the rulebase or with `--tables FILE`",
        ),
        MissingKind::ExternalList => (
            "external dynamic list",
            "has no known entry, so that it matches nothing here",
            "give its entries under `[external-list]`, in the rulebase or with `--tables FILE`",
        ),
        MissingKind::UrlCategory => (
            "URL category",
            "has no known host: allow rules let pass as if it matched, block rules are passed over",
            "give its hosts under `[url-category]`, in the rulebase or with `--tables FILE`",
        ),
        MissingKind::User => (
            "user",
            "is at no known address, so that it matches nobody here",
            "give a user's addresses under `[user]` or a group's users under `[user-group]`, in the rulebase or with \
             `--tables FILE`",
        ),
    };
    let severity = match kind {
        MissingKind::Application => Severity::Warning,
        _ => Severity::Note,
    };
    Words { what, severity, effect, cure }
}
