//! From the tree of a PAN-OS configuration to a candidate (PANOS.md 12).
//!
//! A vsys or device group is chosen, with what it inherits; then objects, rules, network and settings are read. What PAN-OS refuses is an error; what is read and not
//! acted on is said once, by name.

mod application;
mod decryption;
mod names;
mod nat;
mod network;
mod objects;
mod reader;
mod schedule;
mod scope;
mod security;
mod settings;
mod template;
mod threat;
mod zone_protection;

use hashbrown::HashSet;

use self::reader::{Reader, entries};
use self::scope::{Rulebase, Selection};
use super::tree::Node;
use crate::config::Overrides;
use crate::config::candidate::{At, Candidate, Name, Profiles, Zone, ZoneMode};
use crate::config::diagnostic::{Diagnostics, quote};

/// Reads what stands below `<config>`; `text` is the file it comes from.
pub(in crate::config) fn read(
    config: &Node<'_>,
    text: &str,
    overrides: &Overrides,
    out: &mut Diagnostics,
) -> Candidate {
    let mut reader = Reader::new(text, out);
    let mut candidate =
        Candidate { is_panos: true, is_part: scope::has_several(config), ..Candidate::default() };
    let mut group = None;
    let mut template = None;
    if scope::is_panorama(config) {
        group = scope::device_group(config, overrides, &mut reader);
        template = template::merged(config, group, overrides, &mut reader);
    }
    let selection = scope::select(config, group, template.as_ref(), overrides, &mut reader);
    for container in entries(config, "devices").iter().flat_map(|device| entries(device, "container")) {
        reader.note(
            "containers of a configuration that is managed in the cloud: left out, with the rules in them",
            &container.name,
        );
    }
    reader.addresses(&selection.scopes, &mut candidate);
    reader.services(&selection.scopes, &mut candidate);
    reader.applications(&selection.scopes, &mut candidate);
    reader.url_categories(&selection.scopes, &mut candidate);
    for scope in &selection.scopes {
        reader.security_profiles(scope.node, &mut candidate.profiles);
    }
    reader.decryption_profiles(&selection, &mut candidate);
    reader.ssl_exclusions(&selection, template.as_ref(), &mut candidate);
    candidate.schedules = reader.schedules(&selection.scopes);
    for (index, rulebase) in selection.rulebases.iter().enumerate() {
        reader.rulebase(rulebase, index, &mut candidate);
    }
    reader.default_rules(&selection.rulebases, &mut candidate);
    let variables = template.as_ref().map_or(&[][..], |template| entries(template, "variable"));
    reader.network(&selection, variables, &mut candidate);
    reader.missing_zones(&selection, &mut candidate);
    reader.settings(&selection, &mut candidate);
    reader.unmodelled_rulebases(&selection, &mut candidate);
    reader.finish();
    candidate
}

/// Security profiles of a rulebase that is in another format and says the same tree.
pub(in crate::config) fn security_profiles(place: &Node<'_>, profiles: &mut Profiles, out: &mut Diagnostics) {
    let mut reader = Reader::new("", out);
    reader.security_profiles(place, profiles);
    reader.finish();
}

/// Every rulebase of a configuration that holds rules, with whose it is and which one of those.
pub(in crate::config) fn outline(
    config: &Node<'_>,
    text: &str,
    out: &mut Diagnostics,
) -> Vec<(String, &'static str, Candidate)> {
    let mut reader = Reader::new(text, out);
    let mut outline = Vec::new();
    for (index, rulebase) in scope::every_rulebase(config).into_iter().enumerate() {
        let mut candidate = Candidate::default();
        reader.rulebase(&rulebase, index, &mut candidate);
        let Candidate { rules, nat, overrides, decryption, .. } = &candidate;
        if !(rules.is_empty() && nat.is_empty() && overrides.is_empty() && decryption.is_empty()) {
            outline.push((rulebase.scope, rulebase.kind, candidate));
        }
    }
    outline
}

impl Reader<'_> {
    /// The rules of one rulebase.
    fn rulebase(&mut self, rulebase: &Rulebase<'_>, index: usize, candidate: &mut Candidate) {
        let rules = |kind| rulebase.node.at(&[kind, "rules"]).map_or(&[][..], |rules| &rules.children);
        for rule in rules("security") {
            candidate.rules.push(self.security_rule(rule, index));
        }
        for rule in rules("nat") {
            candidate.nat.push(self.nat_rule(rule));
        }
        for rule in rules("application-override") {
            candidate.overrides.extend(self.override_rule(rule));
        }
        for rule in rules("decryption") {
            candidate.decryption.push(self.decryption_rule(rule, index));
        }
    }

    /// Overrides of the default rules: rulebases come inner before outer, and the innermost one counts.
    fn default_rules(&mut self, rulebases: &[Rulebase<'_>], candidate: &mut Candidate) {
        for rulebase in rulebases.iter().filter(|rulebase| rulebase.kind != "pre-rulebase").rev() {
            let Some(rules) = rulebase.node.at(&["default-security-rules", "rules"]) else { continue };
            for rule in &rules.children {
                match &*rule.name {
                    "intrazone-default" => candidate.intrazone = self.default_rule(rule),
                    "interzone-default" => candidate.interzone = self.default_rule(rule),
                    other => {
                        let message = format!("there is no default rule {}", quote(other));
                        self.out
                            .error(&rule.span, message)
                            .help("they are called `intrazone-default` and `interzone-default`");
                    }
                }
            }
        }
    }

    /// Zones that rules name and nothing defines. Panorama's rules are for firewalls whose zones may stand elsewhere,
    /// and so are rules that were cut out; in a whole configuration of a firewall it is an error, which commit reports.
    fn missing_zones(&mut self, selection: &Selection<'_>, candidate: &mut Candidate) {
        let cut_out = candidate.zones.is_empty();
        let mut known: HashSet<String, foldhash::fast::RandomState> =
            candidate.zones.iter().map(|zone| zone.name.value.clone()).collect();
        known.insert("any".to_owned());
        let security = candidate.rules.iter().flat_map(|rule| rule.from.iter().chain(&rule.to));
        let nat = candidate.nat.iter().flat_map(|rule| rule.from.iter().chain(&rule.to));
        let overrides = candidate.overrides.iter().flat_map(|rule| rule.from.iter().chain(&rule.to));
        let decryption = candidate.decryption.iter().map(|rule| &rule.matches);
        let decryption = decryption.flat_map(|rule| rule.from.iter().chain(&rule.to));
        let named = security.chain(nat).chain(overrides).chain(decryption);
        let missing: Vec<Name> = named.filter(|name| known.insert(name.value.clone())).cloned().collect();
        for name in missing {
            let multicast = name.value == "multicast";
            if !multicast && !cut_out && !selection.is_panorama {
                continue;
            }
            if !multicast {
                self.note(
                    "zones that rules name and nothing defines: `--zone` says what is behind them",
                    &name.value,
                );
            }
            candidate.zones.push(zone(name, multicast));
        }
    }
}

/// A zone without interfaces; `multicast` is PAN-OS's own, for what is sent to groups.
fn zone(name: Name, multicast: bool) -> Zone {
    let groups = if multicast { &["224.0.0.0/4", "ff00::/8"][..] } else { &[] };
    let prefixes = groups.iter().filter_map(|group| group.parse().ok());
    let prefixes = prefixes.map(|prefix| At::new(prefix, name.span.clone())).collect();
    Zone { name, mode: ZoneMode::default(), prefixes, interfaces: Vec::new(), zone_protection: None }
}

#[cfg(test)]
mod tests;
