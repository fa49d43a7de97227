//! `unused-object`: an object that no rule uses.

use super::context::Context;
use super::words::quote;
use super::{Finding, Kind, Severity};

pub(super) const KIND: Kind = Kind {
    name: "unused-object",
    severity: Severity::Note,
    what: "An address, service, application, application group, application filter or schedule that no security, NAT, \
           application override or decryption rule uses, not even through a group.",
    why: "It does no harm, but whoever reads the rulebase must find that out. Rules of other kinds (policy based \
          forwarding, quality of service and the like) and interfaces are not looked at.",
    example: "[address]\nold-server = \"192.0.2.9\"",
    cure: "Delete it, unless something that is not looked at uses it.",
    run,
};

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    let places = &context.world.places;
    let (read, unless) = if places.is_part() {
        (" that was read", ", unless another device group or virtual system uses it")
    } else {
        ("", "")
    };
    for object in places.objects().iter().filter(|object| !object.used) {
        out.push(Finding {
            kind,
            severity: kind.severity,
            subject: format!("{} {}", object.kind, object.name),
            message: format!("{} {} is used by no rule{read}", object.kind, quote(&object.name)),
            cure: format!("delete {}{unless}", quote(&object.name)),
            example: None,
            place: Some(places.object(object)),
            related: Vec::new(),
        });
    }
}
