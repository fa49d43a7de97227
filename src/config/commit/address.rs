//! Address objects to ranges.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use super::cure::Cures;
use super::tags::Expression;
use crate::config::candidate::{AddressObject, Body, Candidate, Definition, Name};
use crate::config::diagnostic::{Diagnostics, quote, quote_some};
use crate::config::literal;
use crate::config::tables::{Lookups, Ranges};
use crate::flow::Addr;

/// So many address ranges a wildcard may stand for.
const WILDCARD_RANGES: u32 = 1 << 16;

/// What address objects stand for: dynamic groups are groups from here on.
pub(super) fn definitions(
    addresses: &[Definition<AddressObject>],
    lookups: &Lookups,
    out: &mut Diagnostics,
) -> Vec<Definition<Ranges>> {
    let body = |address: &Definition<AddressObject>, out: &mut Diagnostics| match &address.body {
        Body::Object(object) => Body::Object(ranges(&address.name, object, lookups, out)),
        Body::Group(members) => Body::Group(members.clone()),
        Body::Dynamic(filter) => Body::Group(tagged(&address.name, filter, addresses, out)),
    };
    let definition = |address: &Definition<AddressObject>| Definition {
        name: address.name.clone(),
        body: body(address, out),
        tags: Vec::new(),
    };
    let definitions: Vec<_> = addresses.iter().map(definition).collect();
    warn_of_empty(addresses, &definitions, out);
    definitions
}

/// Says once which dynamic groups fit nothing.
fn warn_of_empty(
    addresses: &[Definition<AddressObject>],
    definitions: &[Definition<Ranges>],
    out: &mut Diagnostics,
) {
    let dynamic = addresses.iter().zip(definitions);
    let dynamic = dynamic.filter(|(address, _)| matches!(address.body, Body::Dynamic(_)));
    let empty = dynamic.filter(|(_, made)| matches!(&made.body, Body::Group(members) if members.is_empty()));
    let names: Vec<&str> = empty.map(|(address, _)| address.name.value.as_str()).collect();
    if let [_, rest @ ..] = &names[..] {
        let (group, fits) = if rest.is_empty() { ("group", "fits") } else { ("groups", "fit") };
        out.warn(format!(
            "dynamic address {group} {} {fits} no address object, and what is registered at run time is not known",
            quote_some(&names)
        ));
    }
}

fn ranges(name: &Name, object: &AddressObject, lookups: &Lookups, out: &mut Diagnostics) -> Ranges {
    match object {
        AddressObject::Ranges(ranges) => ranges.clone(),
        AddressObject::Fqdn(host) => {
            lookups.fqdn.get(&host.value.to_lowercase()).cloned().unwrap_or_default()
        }
        &AddressObject::Wildcard { addr, mask } => wildcard(addr, mask).unwrap_or_else(|| {
            let message = format!(
                "address {} has a wildcard mask that stands for more than {WILDCARD_RANGES} separate ranges",
                quote(&name.value)
            );
            out.error(&name.span, message).help("use prefixes or ranges, or a mask with fewer bits set");
            Ranges::new()
        }),
    }
}

/// The ranges of an address where the bits set in `mask` may be anything; `None` where they are too many. The lowest
/// bits, as far as all of them are set, make a range; each other bit doubles the number of ranges.
fn wildcard(addr: u32, mask: u32) -> Option<Ranges> {
    let low = !(u32::MAX.checked_shl(mask.trailing_ones()).unwrap_or(0));
    let high = mask & !low;
    if high.count_ones() > WILDCARD_RANGES.ilog2() {
        return None;
    }
    let base = addr & !mask;
    let mut ranges = Ranges::with_capacity(1 << high.count_ones());
    let mut bits = 0_u32;
    loop {
        let start = base | bits;
        ranges.push((Addr::v4(start.to_be_bytes()), Addr::v4((start | low).to_be_bytes())));
        // The next larger number within the mask, or back to 0.
        bits = (bits | !high).wrapping_add(1) & high;
        if bits == 0 {
            return Some(ranges);
        }
    }
}

/// The objects and static groups that a dynamic group's filter fits.
fn tagged(
    group: &Name,
    filter: &Name,
    addresses: &[Definition<AddressObject>],
    out: &mut Diagnostics,
) -> Vec<Name> {
    let expression = match Expression::parse(&filter.value) {
        Ok(expression) => expression,
        Err(wrong) => {
            let message =
                format!("the filter of address group {} cannot be read: {wrong}", quote(&group.value));
            out.error(&filter.span, message).help("write it as `'web' and ('dmz' or not 'old')`");
            return Vec::new();
        }
    };
    let members: Vec<Name> = addresses
        .iter()
        .filter(|address| !matches!(address.body, Body::Dynamic(_)))
        .filter(|address| expression.fits(|tag| address.tags.iter().any(|own| own.value == tag)))
        .map(|address| address.name.clone())
        .collect();
    members
}

/// What a name means that the rulebase does not define: an address, a region, an external list.
pub(super) fn literal(name: &str, lookups: &Lookups) -> Option<Result<Ranges, String>> {
    literal::addresses(name).or_else(|| {
        let region = lookups.regions.get(name);
        let ranges = region.or_else(|| lookups.external_lists.get(name).map(|list| &list.ranges));
        ranges.cloned().or_else(|| elsewhere(name).map(|_| Ranges::new())).map(Ok)
    })
}

/// What a firewall looks up elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Elsewhere {
    Host,
    Region,
    List,
}

/// Names that mean something without being defined: region codes (ISO 3166-1 alpha-2 and those like them), Palo Alto
/// Networks' own external lists.
fn elsewhere(name: &str) -> Option<Elsewhere> {
    match name.as_bytes() {
        [b'A'..=b'Z', b'A'..=b'Z' | b'0'..=b'9'] => Some(Elsewhere::Region),
        [b'p', b'a', b'n', b'w', b'-', _, ..] => Some(Elsewhere::List),
        _ => None,
    }
}

/// Says once what rules name and no table holds. `definitions` are those of the candidate's addresses.
pub(super) fn warn_of_missing(
    candidate: &Candidate,
    definitions: &[Definition<Ranges>],
    lookups: &Lookups,
    out: &mut Diagnostics,
) {
    let by_name: HashMap<&str, usize, foldhash::fast::FixedState> =
        (0..).zip(definitions).map(|(index, definition)| (definition.name.value.as_str(), index)).collect();
    let mut missing: BTreeSet<(Elsewhere, &str)> = BTreeSet::new();
    let mut seen: HashSet<&str, foldhash::fast::FixedState> = HashSet::default();
    let mut next = named(candidate);
    while let Some(name) = next.pop() {
        if !seen.insert(&name.value) {
            continue;
        }
        let Some(&index) = by_name.get(name.value.as_str()) else {
            missing.extend(missing_of(&name.value, None, candidate, lookups));
            continue;
        };
        if let Some(Body::Group(members)) = definitions.get(index).map(|definition| &definition.body) {
            next.extend(members);
        }
        missing.extend(missing_of(&name.value, Some(index), candidate, lookups));
    }
    for (kind, what, table) in [
        (Elsewhere::Host, "host names", "fqdn"),
        (Elsewhere::Region, "regions", "region"),
        (Elsewhere::List, "external dynamic lists", "external-list"),
    ] {
        let names: Vec<&str> =
            missing.iter().filter(|(other, _)| *other == kind).map(|&(_, name)| name).collect();
        if !names.is_empty() {
            out.warn(format!(
                "no addresses are known of the {what} {}, which therefore match nothing: give them under `[{table}]`, {}",
                quote_some(&names),
                Cures::of(candidate.is_panos).tables()
            ));
        }
    }
}

/// What is missing of a name in an address column, and what it is called; `object` is its place among the candidate's
/// addresses, if it is one of them.
pub(super) fn missing_of<'n>(
    name: &'n str,
    object: Option<usize>,
    candidate: &'n Candidate,
    lookups: &Lookups,
) -> Option<(Elsewhere, &'n str)> {
    let Some(index) = object else { return missing_literal(name, lookups).map(|kind| (kind, name)) };
    match &candidate.addresses.get(index)?.body {
        Body::Object(AddressObject::Fqdn(host)) => {
            is_empty(lookups.fqdn.get(&host.value.to_lowercase())).then_some((Elsewhere::Host, &*host.value))
        }
        _ => None,
    }
}

/// What is missing of a name that the rulebase does not define.
fn missing_literal(name: &str, lookups: &Lookups) -> Option<Elsewhere> {
    let (region, list) = (lookups.regions.get(name), lookups.external_lists.get(name));
    let kind = match (region, list) {
        (Some(_), _) => Some(Elsewhere::Region),
        (None, Some(_)) => Some(Elsewhere::List),
        (None, None) => elsewhere(name),
    };
    kind.filter(|_| is_empty(region.or(list.map(|list| &list.ranges))))
}

fn is_empty(ranges: Option<&Ranges>) -> bool {
    ranges.is_none_or(Vec::is_empty)
}

/// Every name in the address columns of rules.
fn named(candidate: &Candidate) -> Vec<&Name> {
    let decryption = candidate.decryption.iter().map(|rule| &rule.matches);
    let security = candidate.rules.iter().chain(decryption).filter(|rule| !rule.disabled);
    let security = security.flat_map(|rule| rule.source.iter().chain(&rule.destination));
    let nat = candidate.nat.iter().filter(|rule| !rule.disabled);
    let nat = nat.flat_map(|rule| rule.source.iter().chain(&rule.destination));
    let overrides = candidate.overrides.iter().filter(|rule| !rule.disabled);
    let overrides = overrides.flat_map(|rule| rule.source.iter().chain(&rule.destination));
    security.chain(nat).chain(overrides).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_ranges() {
        let shown = |addr: [u8; 4], mask: [u8; 4]| -> Option<Vec<String>> {
            let ranges = wildcard(u32::from_be_bytes(addr), u32::from_be_bytes(mask))?;
            Some(ranges.iter().map(|(low, high)| format!("{low}-{high}")).collect())
        };
        assert_eq!(shown([10, 0, 0, 7], [0, 0, 0, 0]).unwrap(), ["10.0.0.7-10.0.0.7"]);
        assert_eq!(shown([10, 0, 0, 7], [0, 0, 0, 255]).unwrap(), ["10.0.0.0-10.0.0.255"]);
        assert_eq!(shown([1, 2, 3, 4], [255; 4]).unwrap(), ["0.0.0.0-255.255.255.255"]);
        assert_eq!(
            shown([10, 0, 0, 7], [0, 0, 3, 0]).unwrap(),
            ["10.0.0.7-10.0.0.7", "10.0.1.7-10.0.1.7", "10.0.2.7-10.0.2.7", "10.0.3.7-10.0.3.7"]
        );
        assert_eq!(
            shown([10, 132, 1, 0], [0, 2, 0, 255]).unwrap(),
            ["10.132.1.0-10.132.1.255", "10.134.1.0-10.134.1.255"]
        );
        assert_eq!(shown([10, 0, 0, 1], [0, 255, 255, 0]).map(|ranges| ranges.len()), Some(65_536));
        assert_eq!(shown([10, 0, 0, 1], [1, 255, 255, 0]), None);
    }
}
