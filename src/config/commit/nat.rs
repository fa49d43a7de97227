//! NAT rules with their names resolved (PANOS.md 9).

use hashbrown::HashMap;

use super::Names;
use super::objects::By;
use crate::config::candidate::{
    Candidate, DestinationTranslation, Interface, Name, NatRule, Pool, SourceTranslation,
};
use crate::config::diagnostic::{Diagnostics, did_you_mean, quote, quote_some};
use crate::config::literal;
use crate::feature::nat::{self, AddressPool, DestinationAddress, Distribution, NatPolicy, OneToOne};
use crate::flow::{Addr, ZoneId};
use crate::policy::{AddressMatch, ServiceMatch};

/// More NAT rules than any PAN-OS platform takes.
const RULES: usize = 30_000;

/// More ranges of addresses than a translation can use: PAN-OS has at most 256 addresses to a rule's pool.
const RANGES: usize = 1_000;

/// The NAT rulebase.
pub(super) fn policy<'c>(
    candidate: &'c Candidate,
    names: &mut Names<'c>,
    out: &mut Diagnostics,
) -> NatPolicy {
    if let Some(rule) = candidate.nat.get(RULES) {
        out.error(&rule.span, format!("more than {RULES} NAT rules"));
        return NatPolicy::default();
    }
    super::check_rule_names("NAT", candidate.nat.iter().map(|rule| &rule.name), names.cures, out);
    let interfaces = candidate.interfaces.iter().map(|interface| (interface.name.value.as_str(), interface));
    let notes = Vec::new();
    let mut compiler = Compiler { names, interfaces: interfaces.collect(), notes, out };
    let rules: Vec<nat::NatRule> = candidate.nat.iter().filter_map(|rule| compiler.rule(rule)).collect();
    compiler.finish();
    warn_of_ipv6(&candidate.nat, out);
    NatPolicy::new(rules)
}

/// Rules that never match, since only the translation of IPv4 to IPv4 is modelled.
fn warn_of_ipv6(rules: &[NatRule], out: &mut Diagnostics) {
    for kind in ["nat64", "nptv6"] {
        let of_kind =
            |rule: &&NatRule| !rule.disabled && rule.nat_type.as_ref().is_some_and(|name| name.value == kind);
        let mut names: Vec<String> =
            rules.iter().filter(of_kind).map(|rule| quote(&rule.name.value)).collect();
        if names.is_empty() {
            continue;
        }
        let more = names.len().saturating_sub(5);
        names.truncate(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = names.join(", ");
        out.warn(format!("{kind} is not modelled, so that these NAT rules never match: {names}{more}"));
    }
}

const fn by(rule: &NatRule) -> By<'_> {
    By { what: "NAT rule", name: rule.name.value.as_str() }
}

/// Resolves rules one by one.
struct Compiler<'n, 'c, 'd> {
    names: &'n mut Names<'c>,
    interfaces: HashMap<&'c str, &'c Interface, foldhash::fast::FixedState>,
    /// What there is to say of rules, in the order it was found.
    notes: Vec<RuleNote<'c>>,
    out: &'d mut Diagnostics,
}

/// A sentence about some of the rules: their names, then the verb for one or several of them, then the rest.
struct RuleNote<'c> {
    rules: Vec<&'c str>,
    verb: [&'static str; 2],
    what: String,
}

impl<'c> Compiler<'_, 'c, '_> {
    /// `None` for a rule that can never match, and for one with an error, which is reported.
    fn rule(&mut self, rule: &'c NatRule) -> Option<nat::NatRule> {
        let by = by(rule);
        let from = self.names.zone_column(&rule.from, by, self.out);
        let to = self.egress_zone(rule);
        let source = self.names.address_column(&rule.source, false, by, self.out);
        let destination = self.names.address_column(&rule.destination, false, by, self.out);
        let is_reachable = self.egress_interface(rule);
        let service = match &rule.service {
            None => ServiceMatch::Any,
            Some(name) => {
                ServiceMatch::Services(self.names.services.resolve(std::slice::from_ref(name), by, self.out))
            }
        };
        if rule.disabled || rule.nat_type.is_some() || !is_reachable {
            return None;
        }
        let source_translation = match &rule.source_translation {
            None => None,
            Some(translation) => Some(self.source(rule, translation, &source)?),
        };
        let destination_translation = match &rule.destination_translation {
            None => None,
            Some(translation) => {
                self.check_port(rule, translation, &service);
                let address = self.destination(rule, translation, &destination)?;
                let port = translation.port.as_ref().map(|port| port.value);
                Some(nat::DestinationTranslation { address, port })
            }
        };
        Some(nat::NatRule {
            name: rule.name.value.clone(),
            from,
            to: to?,
            to_interface: rule.to_interface.as_ref().map(|name| name.value.clone()),
            source,
            destination,
            service,
            source_translation,
            destination_translation,
            is_bound: rule.is_bound,
            line: rule.line,
            ..nat::NatRule::default()
        })
    }

    /// `to` is the one zone that the original destination is behind.
    fn egress_zone(&mut self, rule: &'c NatRule) -> Option<ZoneId> {
        match rule.to.as_slice() {
            [zone] if zone.value != super::ANY => match self.names.zones.find(&zone.value) {
                Some(zone) => Some(zone),
                None => {
                    // Says that there is no such zone.
                    self.names.zone_column(&rule.to, by(rule), self.out);
                    None
                }
            },
            zones => {
                let span = zones.first().map_or(&rule.name.span, |zone| &zone.span);
                let message =
                    format!("NAT rule {} needs exactly one zone under `to`", quote(&rule.name.value));
                self.out.error(span, message).help("the zone that the original destination is behind");
                None
            }
        }
    }

    /// Whether anything can leave by the rule's `to-interface`.
    fn egress_interface(&mut self, rule: &'c NatRule) -> bool {
        let Some(name) = &rule.to_interface else { return true };
        let is_known = self.interface(name).is_some();
        if !is_known && !rule.disabled {
            self.leave_out(rule, &format!("there is no interface {}", quote(&name.value)));
        }
        is_known
    }

    fn source(
        &mut self,
        rule: &'c NatRule,
        translation: &'c SourceTranslation,
        source: &AddressMatch,
    ) -> Option<nat::SourceTranslation> {
        Some(match translation {
            SourceTranslation::DynamicIpAndPort(pool) => {
                nat::SourceTranslation::DynamicIpAndPort { pool: self.pool(rule, pool)? }
            }
            SourceTranslation::DynamicIp { addresses, fallback } => nat::SourceTranslation::DynamicIp {
                pool: self.addresses(rule, addresses)?,
                fallback: match fallback {
                    None => None,
                    Some(pool) => Some(self.pool(rule, pool)?),
                },
            },
            SourceTranslation::StaticIp { address, bidirectional } => nat::SourceTranslation::StaticIp {
                addresses: self.one_to_one(rule, "source", source, address)?,
                bidirectional: *bidirectional,
            },
        })
    }

    fn destination(
        &mut self,
        rule: &'c NatRule,
        translation: &'c DestinationTranslation,
        destination: &AddressMatch,
    ) -> Option<DestinationAddress> {
        let name = &translation.address;
        if let Some(distribution) = &translation.distribution {
            let distribution = self.distribution(distribution)?;
            let pool = self.addresses(rule, std::slice::from_ref(name))?;
            return Some(DestinationAddress::Distributed { pool, distribution });
        }
        let translated = self.addresses(rule, std::slice::from_ref(name))?;
        match translated.nth(0) {
            Some(addr) if translated.len() == 1 => Some(DestinationAddress::One(addr)),
            _ => {
                let addresses = self.one_to_one(rule, "destination", destination, name)?;
                Some(DestinationAddress::OneToOne(addresses))
            }
        }
    }

    fn distribution(&mut self, name: &Name) -> Option<Distribution> {
        let found = Distribution::ALL.iter().find(|(known, _)| *known == name.value);
        if found.is_none() {
            let known = || Distribution::ALL.iter().map(|&(name, _)| name);
            self.out
                .error(&name.span, format!("unknown distribution {}", quote(&name.value)))
                .help_with(|| did_you_mean(&name.value, known(), "such as `round-robin`"));
        }
        found.map(|&(_, distribution)| distribution)
    }

    /// The addresses of a column to as many others.
    fn one_to_one(
        &mut self,
        rule: &'c NatRule,
        column: &str,
        original: &AddressMatch,
        name: &'c Name,
    ) -> Option<OneToOne> {
        let translated = self.addresses(rule, std::slice::from_ref(name))?;
        let to = translated.len();
        let original = self.counted(&rule.name, &original.ranges)?;
        let from = original.len();
        let addresses = OneToOne::new(original, translated);
        if addresses.is_none() {
            let rule = quote(&rule.name.value);
            let message = match from {
                0 => format!("NAT rule {rule} translates to {to} addresses and names no {column}"),
                _ => format!("NAT rule {rule} translates {from} {column} addresses to {to}"),
            };
            let help = format!("a static translation needs as many addresses under `{column}`");
            self.out.error(&name.span, message).help(help);
        }
        addresses
    }

    fn pool(&mut self, rule: &'c NatRule, pool: &'c Pool) -> Option<AddressPool> {
        match pool {
            Pool::Addresses(names) => self.addresses(rule, names),
            Pool::Interface { interface, ip: Some(ip) } => self.given_address(rule, interface, ip),
            Pool::Interface { interface, ip: None } => self.interface_address(rule, interface),
        }
    }

    /// Addresses to translate to. Where there is none (a host name that is not given an address) the rule is left out.
    fn addresses(&mut self, rule: &'c NatRule, names: &'c [Name]) -> Option<AddressPool> {
        let ranges = self.names.addresses.resolve(names, by(rule), self.out);
        let pool = self.counted(names.first().unwrap_or(&rule.name), &ranges)?;
        if pool.is_empty() {
            let texts: Vec<String> = names.iter().take(5).map(|name| quote(&name.value)).collect();
            self.leave_out(rule, &format!("{} has no IPv4 address", texts.join(", ")));
            return None;
        }
        Some(pool)
    }

    /// A pool of these ranges. Each rule has its own, so that long lists would add up.
    fn counted(&mut self, name: &Name, ranges: &[(Addr, Addr)]) -> Option<AddressPool> {
        if ranges.len() > RANGES {
            self.out
                .error(
                    &name.span,
                    format!("a NAT rule cannot translate more than {RANGES} ranges of addresses"),
                )
                .help("use prefixes in place of single addresses");
            return None;
        }
        Some(AddressPool::new(ranges))
    }

    /// `ip` of `interface-address`: an address, also with its prefix length, or an object.
    fn given_address(&mut self, rule: &'c NatRule, interface: &Name, ip: &'c Name) -> Option<AddressPool> {
        self.interface(interface);
        let host = ip.value.split_once('/').map_or(ip.value.as_str(), |(host, _)| host);
        if let Some(Ok(ranges)) = literal::addresses(host)
            && let [(low, high)] = *ranges
            && low == high
            && low.is_v4()
        {
            return Some(AddressPool::single(low));
        }
        let pool = self.addresses(rule, std::slice::from_ref(ip))?;
        if pool.len() > 1 {
            self.out.error(&ip.span, format!("{} is no single address", quote(&ip.value)));
            return None;
        }
        Some(pool)
    }

    fn interface_address(&mut self, rule: &'c NatRule, name: &Name) -> Option<AddressPool> {
        let interface = self.interface(name);
        let addresses = interface.into_iter().flat_map(|interface| &interface.addresses);
        let addr = addresses.map(|address| Addr::from(address.value.addr())).find(|addr| addr.is_v4());
        if addr.is_none() && (interface.is_some() || self.interfaces.is_empty()) {
            let why = if interface.is_some_and(|interface| interface.dynamic) {
                "gets its address by DHCP or PPPoE"
            } else {
                "has no IPv4 address here"
            };
            self.leave_out(rule, &format!("interface {} {why}", quote(&name.value)));
        }
        addr.map(AddressPool::single)
    }

    /// The interface of that name. Where the rulebase has no interfaces at all, a name is as good as another.
    fn interface(&mut self, name: &Name) -> Option<&'c Interface> {
        let found = self.interfaces.get(name.value.as_str()).copied();
        if found.is_none() && !self.interfaces.is_empty() {
            let known = || {
                let mut names: Vec<&str> = self.interfaces.keys().copied().collect();
                names.sort_unstable();
                names
            };
            self.out
                .error(&name.span, format!("unknown interface {}", quote(&name.value)))
                .help_with(|| did_you_mean(&name.value, known(), "name one that the rulebase defines"));
        }
        found
    }

    /// Notes that a rule can do nothing.
    fn leave_out(&mut self, rule: &'c NatRule, why: &str) {
        self.note(rule, ["never matches:", "never match:"], why);
    }

    /// Notes something about a rule: said once, with the names of all rules that it is about.
    fn note(&mut self, rule: &'c NatRule, verb: [&'static str; 2], what: &str) {
        let name = rule.name.value.as_str();
        match self.notes.iter_mut().find(|note| note.verb == verb && note.what == what) {
            Some(note) => note.rules.push(name),
            None => self.notes.push(RuleNote { verb, what: what.to_owned(), rules: vec![name] }),
        }
    }

    /// Turns the notes into warnings.
    fn finish(self) {
        for RuleNote { verb: [one, several], what, rules } in self.notes {
            let (rule, verb) = if rules.len() == 1 { ("rule", one) } else { ("rules", several) };
            self.out.warn(format!("NAT {rule} {} {verb} {what}", quote_some(&rules)));
        }
    }

    /// One translated port for several original ones is seldom meant.
    fn check_port(
        &mut self,
        rule: &'c NatRule,
        translation: &DestinationTranslation,
        service: &ServiceMatch,
    ) {
        let Some(port) = &translation.port else { return };
        let is_single = match service {
            ServiceMatch::Services(services) => {
                services.iter().all(|service| matches!(*service.ports, [(low, high)] if low == high))
            }
            _ => false,
        };
        if !is_single {
            self.note(rule, ["translates", "translate"], &format!("several ports to {}", port.value));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::app::Catalog;
    use crate::config::candidate::{At, Candidate, Interface, InterfaceMode};
    use crate::config::commit::Given;
    use crate::config::diagnostic::Diagnostics;
    use crate::config::tables::Lookups;
    use crate::config::{Overrides, RulebaseInfo, World, toml};
    use crate::feature::nat::{NatRule, SourceTranslation};

    /// Two interfaces, and a rule that says `keys`.
    fn candidate(keys: &str) -> Candidate {
        let text =
            format!("[zones]\nuntrust = \"0.0.0.0/0\"\n[[nat]]\nname = \"out\"\nto = \"untrust\"\n{keys}\n");
        let mut candidate = toml::read(&text, &mut Diagnostics::default());
        let interface = |name: &str, addresses: &[&str]| Interface {
            name: At::new(name.to_owned(), 0..0),
            mode: InterfaceMode::Layer3,
            addresses: addresses.iter().map(|text| At::new(text.parse().unwrap(), 0..0)).collect(),
            tag: None,
            dynamic: addresses.is_empty(),
            management_profile: None,
        };
        candidate.interfaces.push(interface("ethernet1/1", &["2001:db8::1/64", "203.0.113.7/24"]));
        candidate.interfaces.push(interface("ethernet1/2", &[]));
        candidate
    }

    fn commit(keys: &str) -> Result<(World, Vec<String>), String> {
        let mut out = Diagnostics::default();
        let source = RulebaseInfo { path: "r".to_owned(), format: "toml", security_rules: 0 };
        match super::super::commit(
            candidate(keys),
            Given { catalog: Catalog::builtin().unwrap(), tables: Lookups::default() },
            &Overrides::default(),
            source,
            &mut out,
        ) {
            Some(world) => Ok((world, out.into_warnings())),
            None => Err(out.into_error("r", "").to_string()),
        }
    }

    fn pool(rule: &NatRule) -> String {
        match &rule.source_translation {
            Some(SourceTranslation::DynamicIpAndPort { pool }) => {
                pool.nth(0).map(|addr| format!("{addr} and {} more", pool.len() - 1)).unwrap_or_default()
            }
            other => format!("{other:?}"),
        }
    }

    const HIDE: &str = "source-translation.dynamic-ip-and-port.interface-address";

    #[test]
    fn an_interface_lends_its_address() {
        let (world, _) = commit(&format!("{HIDE}.interface = \"ethernet1/1\"")).unwrap();
        assert_eq!(pool(&world.nat.rules()[0]), "203.0.113.7 and 0 more");

        let (world, warnings) = commit(&format!("{HIDE}.interface = \"ethernet1/2\"")).unwrap();
        assert!(world.nat.rules().is_empty());
        let warning =
            "NAT rule `out` never matches: interface `ethernet1/2` gets its address by DHCP or PPPoE";
        assert!(warnings.iter().any(|found| found == warning), "{warnings:?}");

        let given = format!("{HIDE} = {{ interface = \"ethernet1/2\", ip = \"203.0.113.9/24\" }}");
        let (world, _) = commit(&given).unwrap();
        assert_eq!(pool(&world.nat.rules()[0]), "203.0.113.9 and 0 more");

        let wrong = commit(&format!("{HIDE}.interface = \"ethernet1/3\"")).unwrap_err();
        assert!(wrong.contains("unknown interface `ethernet1/3`; did you mean `ethernet1/1`?"), "{wrong}");
        let wrong = commit("to-interface = \"ethernet1/9\"").unwrap_err();
        assert!(wrong.contains("unknown interface `ethernet1/9`"), "{wrong}");
        let (world, _) = commit("to-interface = \"ethernet1/2\"").unwrap();
        assert_eq!(world.nat.rules()[0].to_interface.as_deref(), Some("ethernet1/2"));
    }
}
