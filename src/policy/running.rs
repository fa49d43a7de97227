//! The running form of a rule: what the commit compiles it to, as `show running security-policy` and
//! `test security-policy-match` print it (PANOS.md 2.1, 11.6).

use std::collections::BTreeSet;
use std::fmt;

use super::lookup::Policy;
use super::rule::{AddressMatch, ApplicationMatch, Rule, RuleId, RuleType, Service, ServiceMatch, ZoneMatch};
use crate::app::{AppId, Ports};
use crate::flow::{Addr, Protocol};

/// So many tuples of one rule are compiled: applications times ports can be more than anyone reads.
const TUPLES: usize = 5_000;

/// The last address below the block that stands for IPv4, and the first one above it.
const AROUND_V4: (u128, u128) = (0xfffe_ffff_ffff, 0x1_0000_0000_0000);

const ANY: &str = "any";

/// One `application/service` tuple, such as `ssl/tcp/any/443`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tuple {
    /// An application, or `any`.
    pub application: String,
    /// `tcp`, `udp`, `icmp`, `icmp6`, the number of an IP protocol (or several, `143-252`), or `any`.
    pub protocol: String,
    /// Source ports, such as `1-1023`, or `any`.
    pub source_port: String,
    /// A destination port or a range of them, such as `33434-33534`, or `any`.
    pub port: String,
}

/// An application and the one whose default ports count for it; `None` is any application.
type Owned = (Option<AppId>, Option<AppId>);

/// Protocol, source ports and destination port of a tuple.
type Port = [String; 3];

/// A rule in running form. Names of zones, users and categories are as configured, addresses are resolved; an empty
/// list is `any`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The rule's name.
    pub name: String,
    /// Its place among the rules that are not disabled, counted from 1.
    pub index: u32,
    /// Source zones.
    pub from: Vec<String>,
    /// Destination zones.
    pub to: Vec<String>,
    /// Source addresses, as prefixes and ranges.
    pub source: Vec<String>,
    /// Whether they are negated.
    pub negate_source: bool,
    /// Destination addresses, as prefixes and ranges.
    pub destination: Vec<String>,
    /// Whether they are negated.
    pub negate_destination: bool,
    /// Users.
    pub user: Vec<String>,
    /// URL categories.
    pub category: Vec<String>,
    /// What the rule matches by application and port.
    pub tuples: Vec<Tuple>,
    /// What it allows besides, because its applications need it (PANOS.md 2.5).
    pub implicit: Vec<Tuple>,
    /// Whether there are more tuples than are listed.
    pub more_tuples: bool,
    /// The action, in PAN-OS's spelling.
    pub action: &'static str,
    /// Whether a drop or reset sends an ICMP unreachable.
    pub icmp_unreachable: bool,
    /// Which zone pairs it can be about.
    pub rule_type: RuleType,
}

impl Policy {
    /// The running form of a rule.
    pub fn running(&self, id: RuleId) -> Running {
        let rule = self.rule(id);
        let zones = |zones: &ZoneMatch| match zones {
            ZoneMatch::Any => Vec::new(),
            ZoneMatch::Zones(zones) => zones.iter().map(|&zone| self.zone_name(zone)).collect(),
        };
        let (tuples, more) = self.compile(rule, self.applications(rule));
        let (implicit, more_implicit) = self.compile(rule, self.implicit_applications(rule));
        Running {
            name: rule.name.clone(),
            index: id.0 + 1,
            from: zones(&rule.from),
            to: zones(&rule.to),
            source: addresses(&rule.source),
            negate_source: rule.source.negate,
            destination: addresses(&rule.destination),
            negate_destination: rule.destination.negate,
            user: rule.user.names.clone(),
            category: rule.category.names.clone(),
            tuples,
            implicit,
            more_tuples: more || more_implicit,
            action: rule.action.name(),
            icmp_unreachable: rule.icmp_unreachable,
            rule_type: rule.rule_type,
        }
    }

    /// The rule's applications: those it names in its own order, then those of its groups.
    fn applications(&self, rule: &Rule) -> Vec<Owned> {
        let ApplicationMatch::Applications { names, members } = &rule.application else {
            return vec![(None, None)];
        };
        let named = names.iter().filter_map(|name| self.catalog().find(name));
        let mut seen = BTreeSet::new();
        let all = named.chain(members.iter().copied()).filter(|&app| seen.insert(app));
        all.map(|app| (Some(app), Some(app))).collect()
    }

    /// What those use implicitly, each with the ports of its user.
    fn implicit_applications(&self, rule: &Rule) -> Vec<Owned> {
        let ApplicationMatch::Applications { members, .. } = &rule.application else { return Vec::new() };
        let mut found = Vec::new();
        for (_, owner) in self.applications(rule) {
            let used = owner.and_then(|app| self.catalog().get(app)).map(|app| app.implicit.as_slice());
            for &app in used.unwrap_or_default() {
                // The lookup says whether implicit use counts here at all.
                if members.binary_search(&app).is_err() && self.users_of(rule, app).next().is_some() {
                    found.push((Some(app), owner));
                }
            }
        }
        found
    }

    /// Applications times ports, each once; whether that is too much to list.
    fn compile(&self, rule: &Rule, applications: Vec<Owned>) -> (Vec<Tuple>, bool) {
        let mut seen = BTreeSet::new();
        let mut tuples = Vec::new();
        for (app, owner) in applications {
            let application = app.map_or(ANY, |app| self.catalog().name(app));
            for [protocol, source_port, port] in self.ports(&rule.service, owner) {
                let tuple = Tuple { application: application.to_owned(), protocol, source_port, port };
                if tuples.len() == TUPLES {
                    return (tuples, true);
                }
                if seen.insert(tuple.clone()) {
                    tuples.push(tuple);
                }
            }
        }
        (tuples, false)
    }

    fn ports(&self, service: &ServiceMatch, owner: Option<AppId>) -> Vec<Port> {
        match (service, owner.and_then(|app| self.catalog().get(app))) {
            (ServiceMatch::Services(services), _) => services.iter().flat_map(service_ports).collect(),
            (ServiceMatch::ApplicationDefault, Some(app)) => default_ports(&app.ports),
            // Any application may have any default port.
            (ServiceMatch::Any | ServiceMatch::ApplicationDefault, _) => vec![port(ANY, ANY, ANY)],
        }
    }
}

fn service_ports(service: &Service) -> impl Iterator<Item = Port> + '_ {
    let source = match service.source_ports.as_slice() {
        [] => ANY.to_owned(),
        ports => ports.iter().map(|&range| ports_text(range)).collect::<Vec<_>>().join(","),
    };
    service.ports.iter().map(move |&range| port(service.protocol, &source, ports_text(range)))
}

/// `application-default`, resolved for one application.
fn default_ports(ports: &Ports) -> Vec<Port> {
    let listed = |protocol: Protocol, ranges: &[(u16, u16)]| -> Vec<Port> {
        ranges.iter().map(|&range| port(protocol, ANY, ports_text(range))).collect()
    };
    let mut all = listed(Protocol::TCP, &ports.tcp);
    all.extend(listed(Protocol::UDP, &ports.udp));
    all.extend(ports.icmp.then(|| port("icmp", ANY, ANY)));
    all.extend(ports.icmp6.then(|| port("icmp6", ANY, ANY)));
    all.extend(ports.ip_protocols.iter().map(|&range| port(range_text(range), ANY, ANY)));
    all
}

fn port(protocol: impl fmt::Display, source: impl fmt::Display, port: impl fmt::Display) -> Port {
    [protocol.to_string(), source.to_string(), port.to_string()]
}

/// All ports are `any`: so are the dynamic ones.
fn ports_text(range: (u16, u16)) -> String {
    if range == (0, u16::MAX) { ANY.to_owned() } else { range_text(range) }
}

fn range_text<T: fmt::Display + PartialEq>((low, high): (T, T)) -> String {
    if low == high { low.to_string() } else { format!("{low}-{high}") }
}

/// Addresses of a column.
fn addresses(column: &AddressMatch) -> Vec<String> {
    if column.is_any() { Vec::new() } else { address_texts(&column.ranges) }
}

/// Inclusive ranges, in order, as prefixes, addresses and ranges.
pub(crate) fn address_texts(ranges: &[(Addr, Addr)]) -> Vec<String> {
    let mut texts = Vec::with_capacity(ranges.len());
    let mut ranges = ranges.iter().copied().peekable();
    while let Some((low, mut high)) = ranges.next() {
        // IPv6 ranges go around the block that stands for IPv4.
        if high.bits() == AROUND_V4.0
            && let Some((_, end)) = ranges.next_if(|(start, _)| start.bits() == AROUND_V4.1)
        {
            high = end;
        }
        texts.push(address(low, high));
    }
    texts
}

fn address(low: Addr, high: Addr) -> String {
    if low == high {
        return low.to_string();
    }
    let size = (high.bits() - low.bits()).wrapping_add(1);
    // A prefix holds a power of two of addresses and starts at a multiple of it; all addresses there are make 2^128.
    let free = if size == 0 { 128 } else { size.trailing_zeros() };
    let prefix = size == 0 || size.is_power_of_two() && low.bits() & (size - 1) == 0;
    let width = if low.is_v4() { 32 } else { 128 };
    if prefix { format!("{low}/{}", width - free) } else { format!("{low}-{high}") }
}

impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.application, self.protocol, self.source_port, self.port)
    }
}

/// As PAN-OS prints it (PANOS.md 11.6), its misspelling and the line without a semicolon included.
impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let negate = |negate: bool| if negate { "(negate)" } else { "" };
        writeln!(f, "\"{}; index: {}\" {{", self.name, self.index)?;
        writeln!(f, "        from {};", list(&self.from))?;
        writeln!(f, "        source {}{};", list(&self.source), negate(self.negate_source))?;
        writeln!(f, "        source-region none;")?;
        writeln!(f, "        to {};", list(&self.to))?;
        writeln!(f, "        destination {}{};", list(&self.destination), negate(self.negate_destination))?;
        writeln!(f, "        destination-region none;")?;
        writeln!(f, "        user {};", list(&self.user))?;
        writeln!(f, "        source-device any;")?;
        writeln!(f, "        destinataion-device any;")?;
        writeln!(f, "        category {};", list(&self.category))?;
        writeln!(f, "        application/service {};", tuples(&self.tuples))?;
        if !self.implicit.is_empty() {
            writeln!(f, "        application/service(implicit) {};", tuples(&self.implicit))?;
        }
        writeln!(f, "        action {};", self.action)?;
        writeln!(f, "        icmp-unreachable: {}", if self.icmp_unreachable { "yes" } else { "no" })?;
        writeln!(f, "        terminal yes;")?;
        match self.rule_type {
            RuleType::Universal => {}
            RuleType::Intrazone => writeln!(f, "        type intrazone;")?,
            RuleType::Interzone => writeln!(f, "        type interzone;")?,
        }
        f.write_str("}\n")
    }
}

/// `any`, `trust` or `[ a b ]`; a name with spaces in it stands in quotes.
fn list(names: &[String]) -> String {
    let quoted = |name: &String| if name.contains(' ') { format!("\"{name}\"") } else { name.clone() };
    match names {
        [] => ANY.to_owned(),
        [name] => quoted(name),
        names => format!("[ {} ]", names.iter().map(quoted).collect::<Vec<_>>().join(" ")),
    }
}

/// `0:any/any/any/any` or `[0:ssl/tcp/any/443 1:google-base/tcp/any/443 ]`; `none` where no application of the rule
/// has a default port.
fn tuples(tuples: &[Tuple]) -> String {
    match tuples {
        [] => "none".to_owned(),
        [tuple] => format!("0:{tuple}"),
        tuples => {
            let numbered = tuples.iter().enumerate().map(|(number, tuple)| format!("{number}:{tuple} "));
            format!("[{}]", numbered.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn addresses_are_prefixes_where_they_can_be() {
        let addr = |text: &str| Addr::from(text.parse::<IpAddr>().unwrap());
        for (low, high, text) in [
            ("10.0.0.0", "10.255.255.255", "10.0.0.0/8"),
            ("0.0.0.0", "255.255.255.255", "0.0.0.0/0"),
            ("10.0.0.1", "10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "10.0.0.2", "10.0.0.1-10.0.0.2"),
            ("10.0.0.2", "10.0.0.3", "10.0.0.2/31"),
            ("2001:db8::", "2001:db8::ffff", "2001:db8::/112"),
            ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"),
        ] {
            assert_eq!(address(addr(low), addr(high)), text);
        }
    }

    #[test]
    fn ipv6_is_whole_although_ipv4_stands_in_it() {
        let (low, high) = AROUND_V4;
        let ranges =
            [(Addr::from_bits(0), Addr::from_bits(low)), (Addr::from_bits(high), Addr::from_bits(u128::MAX))];
        let column = AddressMatch { names: vec!["::/0".to_owned()], ranges: ranges.into(), negate: false };
        assert_eq!(addresses(&column), ["::/0"]);
    }
}
