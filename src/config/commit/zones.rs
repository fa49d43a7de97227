//! The zone map: the rulebase's zones, and those of the command line over them.

use hashbrown::HashMap;
use ipnet::IpNet;

use crate::config::candidate::{At, Candidate, Zone};
use crate::config::diagnostic::{Diagnostics, Span, quote};
use crate::config::{Overrides, Zones};
use crate::flow::ZoneId;

/// Prefixes, whose they are, and where the rulebase says so.
type Owners = HashMap<IpNet, (ZoneId, Option<Span>), foldhash::fast::FixedState>;

/// Every zone, with its prefixes.
pub(super) fn zones(candidate: &Candidate, overrides: &Overrides, out: &mut Diagnostics) -> Zones {
    let mut zones = Zones::default();
    let mut owners = Owners::default();
    if let Some(zone) = candidate.zones.get(usize::from(u16::MAX) - overrides.zones.len().min(1_000)) {
        out.error(&zone.name.span, "more zones than the model holds");
        return zones;
    }
    for Zone { name, prefixes, .. } in &candidate.zones {
        let zone = zones.intern(&name.value);
        if overrides.zones.iter().any(|(other, _)| *other == name.value) {
            continue;
        }
        for prefix in prefixes {
            claim(&mut owners, zone, prefix, &zones, out);
        }
    }
    for (name, prefixes) in &overrides.zones {
        let zone = zones.intern(name);
        for prefix in prefixes {
            // The command line has the last word, and must not contradict itself.
            let earlier = owners.insert(prefix.trunc(), (zone, None));
            if let Some((other, None)) = earlier
                && other != zone
            {
                let (prefix, other) = (quote(&prefix.to_string()), quote(zones.name(other)));
                out.general(format!("--zone {name}: {prefix} is behind {other} as well"));
            }
        }
    }
    if zones.names().is_empty() && (candidate.is_panos || candidate.may_lack_zones) {
        out.warn("the configuration has no zones: `--zone NAME=CIDR` says what is behind one");
    } else if zones.names().is_empty() {
        out.general("the rulebase has no zones").help(
            "name the networks behind each zone under `[zones]`, e.g. `untrust = [\"0.0.0.0/0\", \"::/0\"]`, \
             or with `--zone NAME=CIDR`",
        );
    }
    let mut prefixes: Vec<(IpNet, ZoneId)> = owners.into_iter().map(|(net, (zone, _))| (net, zone)).collect();
    prefixes.sort_unstable_by_key(|&(net, zone)| (zone, net));
    zones.assign(prefixes);
    zones
}

fn claim(owners: &mut Owners, zone: ZoneId, prefix: &At<IpNet>, zones: &Zones, out: &mut Diagnostics) {
    let earlier = owners.insert(prefix.value, (zone, Some(prefix.span.clone())));
    if let Some((other, Some(span))) = earlier
        && other != zone
    {
        let (one, two) = (quote(zones.name(other)), quote(zones.name(zone)));
        out.error(
            &prefix.span,
            format!("{} is behind two zones, {one} and {two}", quote(&prefix.value.to_string())),
        )
        .help("a prefix belongs to one zone; a longer one within it may belong to another")
        .related(&span, "the other one");
    }
}
