//! `icmp-broader-than-ping`: `icmp` or `ipv6-icmp` where `ping` was meant.

use super::context::Context;
use super::words::list;
use super::{Finding, Kind, Severity};

pub(super) const KIND: Kind = Kind {
    name: "icmp-broader-than-ping",
    severity: Severity::Note,
    what: "An allow rule that names `icmp` or `ipv6-icmp`.",
    why: "`ping` is echo request and reply only; `icmp` is every other ICMP type as well: redirects, timestamp and \
          address mask requests, router advertisements. Errors that belong to a session pass without a rule. It is a \
          warning where the rule is about ping by its name, or names `ping` or `traceroute` beside it.",
    example: "[[security]]\nname = \"Ping from Untrust to DMZ\"\nfrom = \"untrust\"\nto = \"dmz\"\napplication = [\"ping\", \
              \"icmp\"]\naction = \"allow\"",
    cure: "Keep `ping`, and `traceroute` where it is wanted. For echo over IPv6 make a custom application with \
           `ident-by-icmp6-type` 128, for other types one with `ident-by-icmp-type`.",
    run,
};

const BROAD: [&str; 2] = ["icmp", "ipv6-icmp"];

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (_, rule) in context.rules().filter(|(_, rule)| rule.action.is_allow()) {
        let names = Context::names(rule);
        let named = |name: &str| names.iter().any(|other| other == name);
        let broad: Vec<&str> = BROAD.into_iter().filter(|name| named(name)).collect();
        if broad.is_empty() {
            continue;
        }
        let meant = named("ping") || named("traceroute") || rule.name.to_lowercase().contains("ping");
        let message = format!("names {}: every type of ICMP, not only echo", list(broad.iter().copied()));
        let cure = match broad.as_slice() {
            ["ipv6-icmp"] => "use a custom application with `ident-by-icmp6-type` 128 for echo".to_owned(),
            broad if named("ping") => {
                format!("leave out {}: `ping` is there already", list(broad.iter().copied()))
            }
            _ => "use `ping` instead".to_owned(),
        };
        let finding = context.about(kind, rule, "application", message, cure);
        let severity = if meant { Severity::Warning } else { kind.severity };
        out.push(Finding { severity, ..finding });
    }
}
