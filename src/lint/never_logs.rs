//! `never-logs`: a rule whose traffic leaves no trace.

use super::context::Context;
use super::{Finding, Kind, Severity};

pub(super) const KIND: Kind = Kind {
    name: "never-logs",
    severity: Severity::Warning,
    what: "A rule with both `log-start` and `log-end` off.",
    why: "What it lets pass or blocks is in no traffic log, so that neither first packets nor denials can be looked up \
          afterwards. For a block rule this is a note: silence about noise may be meant.",
    example: "[[security]]\nname = \"Web\"\napplication = \"web-browsing\"\nlog-end = false\naction = \"allow\"",
    cure: "Set `log-end = true`, which is PAN-OS's default; `log-start` is needed for long sessions only.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (_, rule) in context.rules().filter(|(_, rule)| !rule.log_start && !rule.log_end) {
        let message = format!(
            "writes no traffic log for what it {}",
            if rule.action.is_allow() { "allows" } else { "blocks" }
        );
        let finding = context.about(kind, rule, "name", message, "set `log-end` to yes".to_owned());
        let severity = if rule.action.is_allow() { kind.severity } else { Severity::Note };
        out.push(Finding { severity, ..finding });
    }
}
