//! Address objects to ranges.

use crate::config::candidate::{AddressObject, Body, Definition};
use crate::config::diagnostic::{Diagnostics, quote};
use crate::flow::Addr;

/// What an address object stands for.
pub(super) fn ranges(
    address: &Definition<AddressObject>,
    out: &mut Diagnostics,
) -> Definition<Vec<(Addr, Addr)>> {
    let body = match &address.body {
        Body::Object(AddressObject::Ranges(ranges)) => Body::Object(ranges.clone()),
        Body::Object(_) => {
            out.error(&address.name.span, format!("{} is not modelled yet", quote(&address.name.value)));
            Body::Object(Vec::new())
        }
        Body::Group(members) => Body::Group(members.clone()),
        Body::Dynamic(filter) => Body::Dynamic(filter.clone()),
    };
    Definition { name: address.name.clone(), body, tags: Vec::new() }
}
