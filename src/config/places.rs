//! Where things stand in the rulebase file, and which objects its rules use: what findings about it need.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::candidate::{
    Body, Candidate, DecryptionRule, Definition, Name, NatRule, OverrideRule, Pool, SecurityRule,
    SourceTranslation,
};
use super::diagnostic::{Place, Span, harmless};
use super::secret::secrets;

/// Lines longer than this are shown only where the place itself is, in bytes: what stands beside it may be a secret.
const LONG_LINE: usize = 240;

/// So much of a place is shown, in bytes.
const SHOWN: usize = 120;

/// Places of rules and objects in a rulebase file. What lies outside of them is never shown.
#[derive(Clone, Default)]
pub struct Places {
    text: Arc<str>,
    /// Where each line ends.
    newlines: Arc<[usize]>,
    /// By the rule's name; by PAN-OS's key within it, with `name` for the rule itself.
    rules: Arc<BTreeMap<String, Columns>>,
    /// The same of NAT rules.
    nat: Arc<BTreeMap<String, Columns>>,
    /// The same of application override rules.
    overrides: Arc<BTreeMap<String, Columns>>,
    /// The same of decryption rules.
    decryption: Arc<BTreeMap<String, Columns>>,
    objects: Arc<[Object]>,
    is_part: bool,
}

/// Where the columns of a rule stand.
type Columns = Vec<(&'static str, Span)>;

/// An object that the rulebase defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// `address`, `service`, `application`, `application-group`, `application-filter` or `schedule`; a group of
    /// addresses or services counts as one of them.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether a security, NAT, application override or decryption rule uses it, if only through groups.
    pub used: bool,
    span: Span,
}

/// A source line, or the part of a long one that may be shown. Control characters in it have stand-ins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The text.
    pub text: String,
    /// The place within it, in bytes.
    pub marked: Range<usize>,
    /// Whether it does not begin where the line begins.
    pub cut: bool,
}

impl Places {
    /// Of a rulebase read from `text`.
    pub(super) fn new(text: &str, candidate: &Candidate) -> Self {
        let rules = candidate.rules.iter().map(|rule| (rule.name.value.clone(), columns(rule)));
        let nat = candidate.nat.iter().map(|rule| (rule.name.value.clone(), nat_columns(rule)));
        let overrides = candidate.overrides.iter();
        let overrides = overrides.map(|rule| (rule.name.value.clone(), override_columns(rule)));
        let decryption = candidate.decryption.iter();
        let decryption = decryption.map(|rule| (rule.matches.name.value.clone(), decryption_columns(rule)));
        Self {
            text: text.into(),
            newlines: memchr::memchr_iter(b'\n', text.as_bytes()).collect(),
            rules: Arc::new(rules.collect()),
            nat: Arc::new(nat.collect()),
            overrides: Arc::new(overrides.collect()),
            decryption: Arc::new(decryption.collect()),
            objects: objects(candidate).into(),
            is_part: candidate.is_part,
        }
    }

    /// Where a column of a rule stands, by PAN-OS's key such as `application`: the rule's name where it does not say
    /// that column, `None` where there is no such rule.
    pub fn rule(&self, rule: &str, key: &str) -> Option<Place> {
        self.column(self.rules.get(rule)?, key)
    }

    /// The same for a NAT rule.
    pub fn nat_rule(&self, rule: &str, key: &str) -> Option<Place> {
        self.column(self.nat.get(rule)?, key)
    }

    /// The same for an application override rule.
    pub fn override_rule(&self, rule: &str, key: &str) -> Option<Place> {
        self.column(self.overrides.get(rule)?, key)
    }

    /// The same for a decryption rule.
    pub fn decryption_rule(&self, rule: &str, key: &str) -> Option<Place> {
        self.column(self.decryption.get(rule)?, key)
    }

    fn column(&self, columns: &Columns, key: &str) -> Option<Place> {
        let find = |key| columns.iter().find(|&&(column, _)| column == key);
        find(key).or_else(|| find("name")).map(|(_, span)| self.place(span))
    }

    /// Every object the rulebase defines, in the order of the file within each kind.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Whether the file holds rules that were not read: those of other device groups or virtual systems.
    pub const fn is_part(&self) -> bool {
        self.is_part
    }

    /// Where an object is defined.
    pub fn object(&self, object: &Object) -> Place {
        self.place(&object.span)
    }

    /// What to show of a place.
    pub fn excerpt(&self, place: &Place) -> Excerpt {
        let line = self.newlines.partition_point(|&newline| newline < place.span.start);
        let line_start =
            line.checked_sub(1).and_then(|before| self.newlines.get(before)).map_or(0, |end| end + 1);
        let line_end = self.newlines.get(line).copied().unwrap_or(self.text.len());
        let (mut start, mut end) = (line_start, line_end);
        if end - start > LONG_LINE {
            start = place.span.start;
            end = self.text.floor_char_boundary(place.span.end.min(start + SHOWN).min(line_end));
        }
        let shown = self.text.get(start..end).unwrap_or_default().trim_end_matches('\r');
        let mut text: String = shown.chars().map(harmless).collect();
        for secret in secrets(&text, std::slice::from_ref(&(0..text.len()))) {
            text.replace_range(secret.clone(), &"*".repeat(secret.len()));
        }
        let from = place.span.start.saturating_sub(start).min(text.len());
        let to = place.span.end.saturating_sub(start).clamp(from, text.len());
        Excerpt { text, marked: from..to, cut: start > line_start }
    }

    fn place(&self, span: &Span) -> Place {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.floor_char_boundary(span.end).max(start);
        let line = self.newlines.partition_point(|&newline| newline < start);
        let line_start =
            line.checked_sub(1).and_then(|before| self.newlines.get(before)).map_or(0, |end| end + 1);
        let column = self.text.get(line_start..start).map_or(0, |before| before.chars().count());
        Place { line: line + 1, column: column + 1, span: start..end }
    }
}

/// The text of a rulebase may hold secrets: it is not printed.
impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

fn columns(rule: &SecurityRule) -> Columns {
    spans([
        ("name", std::slice::from_ref(&rule.name)),
        ("from", &rule.from),
        ("to", &rule.to),
        ("source", &rule.source),
        ("destination", &rule.destination),
        ("application", &rule.application),
        ("service", &rule.service),
        ("category", &rule.category),
        ("source-user", &rule.source_user),
    ])
}

fn nat_columns(rule: &NatRule) -> Columns {
    spans([
        ("name", std::slice::from_ref(&rule.name)),
        ("from", &rule.from),
        ("to", &rule.to),
        ("source", &rule.source),
        ("destination", &rule.destination),
    ])
}

fn override_columns(rule: &OverrideRule) -> Columns {
    spans([
        ("name", std::slice::from_ref(&rule.name)),
        ("source", &rule.source),
        ("destination", &rule.destination),
        ("application", std::slice::from_ref(&rule.application)),
    ])
}

fn decryption_columns(rule: &DecryptionRule) -> Columns {
    let mut columns = columns(&rule.matches);
    columns.extend(rule.profile.as_ref().map(|profile| ("profile", profile.span.clone())));
    columns
}

fn spans<const N: usize>(lists: [(&'static str, &[Name]); N]) -> Columns {
    let span = |names: &[Name]| {
        let (first, last) = (names.first()?, names.last()?);
        // A list may have come together from several places of the file.
        let whole = first.span.start..last.span.end;
        Some(if whole.start < whole.end { whole } else { first.span.clone() })
    };
    lists.into_iter().filter_map(|(key, names)| Some((key, span(names)?))).collect()
}

/// The objects, and which of them rules reach.
fn objects(candidate: &Candidate) -> Vec<Object> {
    let addresses = used(&candidate.addresses, address_uses(candidate));
    let services = used(&candidate.services, service_uses(candidate));
    let applications = used(&candidate.application_groups, application_uses(candidate));
    let schedules: BTreeSet<&str> =
        candidate.rules.iter().filter_map(|rule| Some(rule.schedule.as_ref()?.value.as_str())).collect();
    let of = |kind, name: &Name, used: &BTreeSet<&str>| Object {
        kind,
        name: name.value.clone(),
        used: used.contains(name.value.as_str()),
        span: name.span.clone(),
    };
    let mut objects = Vec::new();
    objects.extend(candidate.addresses.iter().map(|object| of("address", &object.name, &addresses)));
    objects.extend(candidate.services.iter().map(|object| of("service", &object.name, &services)));
    let own = candidate.applications.iter().filter(|application| !application.defines.is_empty());
    objects.extend(own.map(|object| of("application", &object.name, &applications)));
    let groups = candidate.application_groups.iter();
    objects.extend(groups.map(|object| of("application-group", &object.name, &applications)));
    let filters = candidate.application_filters.iter();
    objects.extend(filters.map(|object| of("application-filter", &object.name, &applications)));
    objects.extend(candidate.schedules.iter().map(|object| of("schedule", &object.name, &schedules)));
    objects
}

/// All that is used by what is used: members of groups, and what a dynamic group finds by its tags.
fn used<'c, T>(definitions: &'c [Definition<T>], uses: BTreeSet<&'c str>) -> BTreeSet<&'c str> {
    let by_name: BTreeMap<&str, &Definition<T>> =
        definitions.iter().map(|definition| (definition.name.value.as_str(), definition)).collect();
    let mut next: Vec<&str> = uses.iter().copied().collect();
    let mut used = uses;
    while let Some(name) = next.pop() {
        let reached: Vec<&str> = match by_name.get(name).map(|definition| &definition.body) {
            Some(Body::Group(members)) => members.iter().map(|member| member.value.as_str()).collect(),
            Some(Body::Dynamic(filter)) => {
                let tagged = |definition: &&Definition<T>| {
                    definition.tags.iter().any(|tag| filter.value.contains(&tag.value))
                };
                definitions.iter().filter(tagged).map(|definition| definition.name.value.as_str()).collect()
            }
            Some(Body::Object(_)) | None => Vec::new(),
        };
        next.extend(reached.into_iter().filter(|name| used.insert(name)));
    }
    used
}

fn texts(names: &[Name]) -> impl Iterator<Item = &str> {
    names.iter().map(|name| name.value.as_str())
}

/// Rules that match as security rules do.
fn matching(candidate: &Candidate) -> impl Iterator<Item = &SecurityRule> {
    candidate.rules.iter().chain(candidate.decryption.iter().map(|rule| &rule.matches))
}

fn address_uses(candidate: &Candidate) -> BTreeSet<&str> {
    let security = matching(candidate).flat_map(|rule| texts(&rule.source).chain(texts(&rule.destination)));
    let overrides = candidate.overrides.iter();
    let overrides =
        overrides.flat_map(|rule: &OverrideRule| texts(&rule.source).chain(texts(&rule.destination)));
    security.chain(overrides).chain(candidate.nat.iter().flat_map(nat_addresses)).collect()
}

fn nat_addresses(rule: &NatRule) -> Vec<&str> {
    let mut names: Vec<&str> = texts(&rule.source).chain(texts(&rule.destination)).collect();
    match &rule.source_translation {
        None => {}
        Some(SourceTranslation::DynamicIpAndPort(addresses)) => names.extend(texts(pool(addresses))),
        Some(SourceTranslation::DynamicIp { addresses, fallback }) => {
            names.extend(texts(addresses));
            names.extend(fallback.iter().flat_map(|fallback| texts(pool(fallback))));
        }
        Some(SourceTranslation::StaticIp { address, .. }) => names.push(&address.value),
    }
    names.extend(rule.destination_translation.iter().map(|translation| translation.address.value.as_str()));
    names
}

fn pool(pool: &Pool) -> &[Name] {
    match pool {
        Pool::Addresses(addresses) => addresses,
        Pool::Interface { ip, .. } => ip.as_slice(),
    }
}

fn service_uses(candidate: &Candidate) -> BTreeSet<&str> {
    let nat = candidate.nat.iter().filter_map(|rule| Some(rule.service.as_ref()?.value.as_str()));
    matching(candidate).flat_map(|rule| texts(&rule.service)).chain(nat).collect()
}

fn application_uses(candidate: &Candidate) -> BTreeSet<&str> {
    let overrides = candidate.overrides.iter().map(|rule| rule.application.value.as_str());
    let named: BTreeSet<&str> =
        candidate.rules.iter().flat_map(|rule| texts(&rule.application)).chain(overrides).collect();
    let custom = candidate.applications.iter();
    // A filter may find any of them.
    let filtered =
        candidate.application_filters.iter().any(|filter| named.contains(filter.name.value.as_str()));
    let found = custom.clone().filter(|_| filtered).map(|application| application.name.value.as_str());
    let needed = custom.flat_map(|application| {
        let others = texts(&application.depends_on).chain(texts(&application.implicit));
        others.chain(texts(application.parent.as_slice()))
    });
    named.iter().copied().chain(found).chain(needed).collect()
}
