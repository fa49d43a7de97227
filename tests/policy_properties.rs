//! The policy lookup against a naive one, written as the specification, over small universes with forced collisions.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use firstpass::app::{AppId, Application, Catalog, Ports};
use firstpass::config::World;
use firstpass::flow::{Addr, Protocol, ZoneId};
use firstpass::policy::{
    Action, AddressMatch, ApplicationMatch, CategoryMatch, CategorySet, Column, Daytime, Policy,
    PolicyOptions, Query, Rule, RuleId, RuleType, Schedule, Service, ServiceMatch, Step, Ternary, Times,
    UserMatch, ZoneMatch,
};
use firstpass::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

#[path = "policy_properties/space.rs"]
mod space;

// The specification.

/// What a rule answers: how certainly, and whether only by implicit use (PANOS.md 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Answer {
    rule: usize,
    certainty: Ternary,
    implicit: bool,
}

/// The lookup: the first rule that matches, or may match and allows (PANOS.md 2.2, 2.4). An implicit match yields to
/// the next explicit one if that names the application.
fn specification(world: &Ground, rules: &[Rule], query: &Query) -> Option<Answer> {
    let answers = rules.iter().enumerate().filter_map(|(rule, r)| {
        let (certainty, implicit) = certainty(world, r, query);
        let answers = certainty == Ternary::Yes || certainty == Ternary::Unknown && r.action == Action::Allow;
        answers.then_some(Answer { rule, certainty, implicit })
    });
    let mut answers = answers.peekable();
    let first = *answers.peek()?;
    let explicit = answers.find(|answer| !answer.implicit);
    match explicit {
        Some(explicit) if !first.implicit || names(&rules[explicit.rule], query.app) => Some(explicit),
        _ => Some(first),
    }
}

/// A rule is a list of tuples of application and ports (PANOS.md 2.1); it is as certain as its most certain tuple.
fn certainty(world: &Ground, rule: &Rule, query: &Query) -> (Ternary, bool) {
    let no = (Ternary::No, false);
    if rule.disabled || !rule.identity.is_empty() || !zones(rule, query) {
        return no;
    }
    if !user(&rule.user, query.src) || !rule.schedule.as_ref().is_none_or(|schedule| open(schedule, query.at))
    {
        return no;
    }
    if !address(&rule.source, query.src) || !address(&rule.destination, query.dst) {
        return no;
    }
    let best = tuples(world, rule)
        .into_iter()
        .map(|(app, ports, implicit)| (tuple(world, rule, app, ports, query), !implicit))
        .max()
        .unwrap_or((Ternary::No, true));
    let certainty = best.0.min(category(&rule.category, query.category));
    (certainty, certainty != Ternary::No && !best.1)
}

/// (application, whose ports, implicit). `None` is any application.
fn tuples(world: &Ground, rule: &Rule) -> Vec<(Option<AppId>, Option<AppId>, bool)> {
    let ApplicationMatch::Applications { members, .. } = &rule.application else {
        return vec![(None, None, false)];
    };
    let mut tuples: Vec<_> = members.iter().map(|&app| (Some(app), Some(app), false)).collect();
    if rule.action == Action::Allow && world.options.implicit_applications {
        for &user in members.iter() {
            let used = &world.catalog.get(user).unwrap().implicit;
            let used = used.iter().filter(|app| !members.contains(app));
            tuples.extend(used.map(|&app| (Some(app), Some(user), true)));
        }
    }
    tuples
}

fn tuple(world: &Ground, rule: &Rule, app: Option<AppId>, ports: Option<AppId>, query: &Query) -> Ternary {
    let application = match (app, query.app) {
        (None, _) => Ternary::Yes,
        (Some(_), None) => Ternary::Unknown,
        (Some(app), Some(known)) => Ternary::certain(app == known),
    };
    let service = match &rule.service {
        ServiceMatch::Any => Ternary::Yes,
        ServiceMatch::Services(services) => {
            Ternary::certain(services.iter().any(|s| s.contains(query.protocol, query.sport, query.dport)))
        }
        ServiceMatch::ApplicationDefault => match ports.or(query.app) {
            None => Ternary::Unknown,
            Some(app) => {
                let ports = &world.catalog.get(app).unwrap().ports;
                Ternary::certain(ports.contain(query.protocol, query.dport))
            }
        },
    };
    let fires_early = world.options.block_by_service
        && rule.action != Action::Allow
        && matches!(rule.service, ServiceMatch::Services(_));
    if fires_early && application == Ternary::Unknown { service } else { application.min(service) }
}

fn zones(rule: &Rule, query: &Query) -> bool {
    let same = query.from == query.to;
    let listed = |zones: &ZoneMatch, zone| match zones {
        ZoneMatch::Any => true,
        ZoneMatch::Zones(zones) => zones.contains(&zone),
    };
    listed(&rule.from, query.from)
        && match rule.rule_type {
            RuleType::Universal => listed(&rule.to, query.to),
            RuleType::Interzone => !same && listed(&rule.to, query.to),
            RuleType::Intrazone => same,
        }
}

fn address(column: &AddressMatch, addr: Addr) -> bool {
    column.names.is_empty()
        || column.ranges.iter().any(|&(low, high)| low <= addr && addr <= high) != column.negate
}

fn user(column: &UserMatch, addr: Addr) -> bool {
    column.names.is_empty() || column.ranges.iter().any(|&(low, high)| low <= addr && addr <= high)
}

/// Schedules here are daily, in UTC, within the first minutes of a day.
fn open(schedule: &Schedule, at: Timestamp) -> bool {
    let Times::Daily(times) = &schedule.times else { panic!("{schedule:?}") };
    let minute = at.nanos() / 60_000_000_000;
    times.iter().any(|time| (u64::from(time.from)..=u64::from(time.to)).contains(&minute))
}

/// A category that no table holds may be any host's (PANOS.md 2.2).
fn category(column: &CategoryMatch, known: Option<CategorySet>) -> Ternary {
    match known {
        _ if column.names.is_empty() => Ternary::Yes,
        None => Ternary::Unknown,
        Some(known) if known.meets(column.set) => Ternary::Yes,
        Some(_) if column.open => Ternary::Unknown,
        Some(_) => Ternary::No,
    }
}

fn names(rule: &Rule, app: Option<AppId>) -> bool {
    match &rule.application {
        ApplicationMatch::Any => false,
        ApplicationMatch::Applications { members, .. } => app.is_some_and(|app| members.contains(&app)),
    }
}

// The universe: few zones, addresses, ports and applications, so that rules meet.

const ZONES: RangeInclusive<u16> = 0..=3;
const ADDRESSES: [&str; 8] =
    ["0.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9", "255.255.255.255", "::", "2001:db8::1"];
const PORTS: RangeInclusive<u16> = 0..=4;
/// Most of it is TCP.
const PROTOCOLS: [Protocol; 8] = [
    Protocol::TCP,
    Protocol::UDP,
    Protocol::TCP,
    Protocol::TCP,
    Protocol::TCP,
    Protocol::ICMP,
    Protocol::ICMPV6,
    Protocol(47),
];
const APPS: u16 = 9;

#[derive(Debug, Clone)]
struct Ground {
    catalog: Arc<Catalog>,
    options: PolicyOptions,
}

impl Ground {
    fn new(options: PolicyOptions) -> Self {
        let mut catalog = Catalog::default();
        let mut add = |name: &str, ports: &[&str], implicit: &[u16], fill: fn(&mut Ports)| {
            let mut all = Ports::default();
            ports.iter().for_each(|text| all.add(text).unwrap());
            fill(&mut all);
            catalog.insert(Application {
                name: name.to_owned(),
                ports: all,
                implicit: implicit.iter().map(|&app| AppId(app)).collect(),
                ..Application::default()
            });
        };
        add("web", &["tcp/1"], &[], |_| {});
        add("shell", &["tcp/2-3"], &[], |_| {});
        add("social", &["tcp/3"], &[0], |_| {});
        add("chat", &["tcp/1,4", "udp/1"], &[0, 1], |_| {});
        add("anywhere", &["udp/dynamic"], &[2], |_| {});
        add("echo", &[], &[], |ports| ports.icmp = true);
        add("echo6", &[], &[], |ports| ports.icmp6 = true);
        add("tunnel", &[], &[], |ports| ports.ip_protocols = vec![(47, 47)]);
        add("nowhere", &[], &[5], |_| {});
        assert_eq!(catalog.iter().count(), usize::from(APPS));
        Self { catalog: Arc::new(catalog), options }
    }

    fn policy(&self, rules: &[Rule]) -> Policy {
        Policy::new(rules.to_vec(), defaults(), Arc::clone(&self.catalog), self.options)
    }
}

fn defaults() -> [Rule; 2] {
    let rule = |name: &str, rule_type, action| Rule {
        name: name.to_owned(),
        rule_type,
        action,
        service: ServiceMatch::Any,
        ..Rule::default()
    };
    [
        rule("intrazone-default", RuleType::Intrazone, Action::Allow),
        rule("interzone-default", RuleType::Interzone, Action::Deny),
    ]
}

fn addr(text: &str) -> Addr {
    text.parse::<IpAddr>().unwrap().into()
}

prop_compose! {
    fn any_options()(block_by_service: bool, implicit_applications in prop::bool::weighted(0.8)) -> PolicyOptions {
        PolicyOptions { block_by_service, implicit_applications }
    }
}

prop_compose! {
    fn any_query()(
        from in ZONES,
        to in ZONES,
        src in select(&ADDRESSES),
        dst in select(&ADDRESSES),
        protocol in select(&PROTOCOLS),
        sport in PORTS,
        dport in PORTS,
        app in prop::option::of(prop_oneof![0..4u16, 0..APPS]),
        category in prop::option::of((0..4u8).prop_map(CategorySet::of)),
        minute in 0..4u8,
    ) -> Query {
        let (from, to) = (ZoneId(from), ZoneId(to));
        Query {
            from, to, src: addr(src), dst: addr(dst), protocol, sport, dport,
            app: app.map(AppId), category, at: Timestamp::from_secs(u64::from(minute) * 60), ..Query::default()
        }
    }
}

/// Zone 3 is never named.
fn any_zones() -> impl Strategy<Value = ZoneMatch> {
    let named = subsequence(vec![ZoneId(0), ZoneId(1), ZoneId(2)], 1..=3);
    prop_oneof![1 => Just(ZoneMatch::Any), 1 => named.prop_map(ZoneMatch::Zones)]
}

fn any_addresses() -> impl Strategy<Value = AddressMatch> {
    let ends = (0..ADDRESSES.len(), 0..ADDRESSES.len());
    let some = (vec(ends, 1..4), prop::bool::weighted(0.3)).prop_map(|(ranges, negate)| {
        let mut ranges: Vec<(Addr, Addr)> = ranges
            .into_iter()
            .map(|(one, two)| (addr(ADDRESSES[one]), addr(ADDRESSES[two])))
            .map(|(one, two)| (one.min(two), one.max(two)))
            .collect();
        ranges.sort_unstable();
        ranges.dedup_by(|next, last| {
            let meet = next.0 <= last.1;
            last.1 = if meet { last.1.max(next.1) } else { last.1 };
            meet
        });
        AddressMatch { names: vec!["some".to_owned()], ranges: ranges.into(), negate }
    });
    prop_oneof![2 => Just(AddressMatch::default()), 1 => some]
}

fn any_applications() -> impl Strategy<Value = ApplicationMatch> {
    let all: Vec<AppId> = (0..APPS).map(AppId).collect();
    let some = subsequence(all, 1..3).prop_map(|members| ApplicationMatch::Applications {
        names: vec!["some".to_owned()],
        members: members.into(),
    });
    prop_oneof![1 => Just(ApplicationMatch::Any), 3 => some]
}

fn any_service() -> impl Strategy<Value = ServiceMatch> {
    let ports = || (PORTS, PORTS).prop_map(|(one, two)| (one.min(two), one.max(two)));
    let service = (select(&PROTOCOLS[..2]), vec(ports(), 1..3), vec(ports(), 0..2)).prop_map(
        |(protocol, ports, source_ports)| Service {
            name: "some".to_owned(),
            protocol,
            ports,
            source_ports,
            ..Service::default()
        },
    );
    prop_oneof![
        2 => Just(ServiceMatch::ApplicationDefault),
        1 => Just(ServiceMatch::Any),
        2 => vec(service, 1..3).prop_map(|services| ServiceMatch::Services(services.into())),
    ]
}

prop_compose! {
    fn any_rule()(
        rule_type in select(&[RuleType::Universal, RuleType::Universal, RuleType::Intrazone, RuleType::Interzone]),
        from in any_zones(),
        to in any_zones(),
        source in any_addresses(),
        destination in any_addresses(),
        application in any_applications(),
        service in any_service(),
        category in any_categories(),
        user in any_users(),
        schedule in any_schedule(),
        identity in prop::bool::weighted(0.05),
        disabled in prop::bool::weighted(0.1),
        action in select(&Action::ALL),
        allow: bool,
    ) -> Rule {
        let action = if allow { Action::Allow } else { action };
        let identity = if identity { vec!["source-hip laptop".to_owned()] } else { Vec::new() };
        Rule {
            rule_type, from, to, source, destination, application, service, category, user, identity, schedule,
            action, disabled,
            ..Rule::default()
        }
    }
}

/// Category 3 is in no rule.
fn any_categories() -> impl Strategy<Value = CategoryMatch> {
    let some = (vec(0..3u8, 0..3), any::<bool>()).prop_map(|(numbers, open)| {
        let set =
            numbers.into_iter().fold(CategorySet::default(), |set, number| set.with(CategorySet::of(number)));
        CategoryMatch { names: vec!["some".to_owned()], set, open }
    });
    prop_oneof![19 => Just(CategoryMatch::default()), 1 => some]
}

fn any_users() -> impl Strategy<Value = UserMatch> {
    let some = any_addresses().prop_map(|AddressMatch { names, ranges, .. }| UserMatch { names, ranges });
    prop_oneof![19 => Just(UserMatch::default()), 1 => some]
}

fn any_schedule() -> impl Strategy<Value = Option<Arc<Schedule>>> {
    let some = vec((0..4u16, 0..4u16), 0..3).prop_map(|times| {
        let times = times.into_iter().map(|(one, two)| Daytime { from: one.min(two), to: one.max(two) });
        let (zone, times) = (jiff::tz::TimeZone::UTC, Times::Daily(times.collect()));
        Some(Arc::new(Schedule { name: "some".to_owned(), zone, times }))
    });
    prop_oneof![19 => Just(None), 1 => some]
}

fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
    vec(any_rule(), 0..12).prop_map(numbered)
}

fn numbered(mut rules: Vec<Rule>) -> Vec<Rule> {
    for (number, rule) in rules.iter_mut().enumerate() {
        rule.name = format!("rule {number}");
    }
    rules
}

/// The name of the rule that answers.
fn answer<'p>(policy: &'p Policy, query: &Query) -> &'p str {
    &policy.rule(policy.lookup(query).rule).name
}

fn expected(world: &Ground, rules: &[Rule], query: &Query) -> (String, Ternary, bool) {
    match specification(world, rules, query) {
        Some(answer) => (rules[answer.rule].name.clone(), answer.certainty, answer.implicit),
        None if query.from == query.to => ("intrazone-default".to_owned(), Ternary::Yes, false),
        None => ("interzone-default".to_owned(), Ternary::Yes, false),
    }
}

proptest! {
    /// P1, P3: the lookup is the specification, and always answers.
    #[test]
    fn lookup_is_the_specification(
        options in any_options(),
        rules in any_rules(),
        queries in vec(any_query(), 100),
    ) {
        let world = Ground::new(options);
        let policy = world.policy(&rules);
        for query in &queries {
            let lookup = policy.lookup(query);
            let rule = policy.rule(lookup.rule);
            prop_assert_eq!(lookup.action, rule.action);
            let found = (rule.name.clone(), lookup.certainty, lookup.implicit);
            prop_assert_eq!(found, expected(&world, &rules, query), "{:?}", query);
        }
    }

    /// P2: what is allowed once the application is known was not refused before: the port-only lookup stops at that
    /// rule or above it.
    #[test]
    fn port_only_never_passes_over_what_allows(
        rules in any_rules(),
        queries in vec(any_query(), 100),
    ) {
        let policy = Ground::new(PolicyOptions::default()).policy(&rules);
        for query in &queries {
            let full = policy.lookup(query);
            let port_only = policy.lookup(&Query { app: None, ..*query });
            let default = full.rule.0 as usize >= policy.user_rules();
            if full.action.is_allow() && !default {
                prop_assert!(port_only.rule <= full.rule, "{:?}", query);
            }
        }
    }

    /// P5: a disabled rule changes nothing, wherever it stands.
    #[test]
    fn disabled_rules_change_nothing(
        rules in any_rules(),
        disabled in any_rule(),
        at in any::<prop::sample::Index>(),
        queries in vec(any_query(), 30),
    ) {
        let world = Ground::new(PolicyOptions::default());
        let mut more = rules.clone();
        more.insert(at.index(rules.len() + 1), Rule { disabled: true, ..disabled });
        let (without, with) = (world.policy(&rules), world.policy(&more));
        for query in &queries {
            prop_assert_eq!(answer(&without, query), answer(&with, query));
        }
    }

    /// P6: neighbours that cannot match the same packet may change places.
    #[test]
    fn disjoint_neighbours_commute(
        mut rules in vec(any_rule(), 2..12).prop_map(numbered),
        at in any::<prop::sample::Index>(),
        queries in vec(any_query(), 50),
    ) {
        let first = at.index(rules.len() - 1);
        for (offset, half) in [(0, &ADDRESSES[..3]), (1, &ADDRESSES[3..6])] {
            let (low, high) = (addr(half[0]), addr(half[2]));
            let source = AddressMatch { names: vec!["half".to_owned()], ranges: [(low, high)].into(), negate: false };
            rules[first + offset].source = source;
        }
        let world = Ground::new(PolicyOptions::default());
        let before = world.policy(&rules);
        rules.swap(first, first + 1);
        let after = world.policy(&rules);
        for query in &queries {
            prop_assert_eq!(answer(&before, query), answer(&after, query));
        }
    }

    /// P9: the explanation names the rule that the lookup names, leaves none out, and its columns bear it out.
    #[test]
    fn explanation_and_lookup_agree(
        options in any_options(),
        rules in any_rules(),
        queries in vec(any_query(), 30),
    ) {
        let policy = Ground::new(options).policy(&rules);
        for query in &queries {
            let explanation = policy.explain(query);
            let lookup = policy.lookup(query);
            prop_assert_eq!(explanation.lookup, lookup);
            let mut next = 0;
            for step in &explanation.steps {
                let (first, last) = match step {
                    Step::Skipped { first, last, .. } => (*first, *last),
                    Step::Rule(rule) => (rule.rule, rule.rule),
                };
                let default = first.0 as usize >= policy.user_rules();
                prop_assert!(first == RuleId(next) || default && next as usize == policy.user_rules());
                next = last.0 + 1;
            }
            prop_assert_eq!(next, lookup.rule.0 + 1);
            let last = explanation.answer().unwrap();
            prop_assert_eq!(last.certainty, lookup.certainty);
            prop_assert!(!last.passed_over);
            let columns = last.columns.iter().map(|column| column.certainty).min().unwrap();
            prop_assert!(columns == lookup.certainty || options.block_by_service && columns == Ternary::Unknown);
        }
    }

    /// P7: groups stand for what is in them, however they nest.
    #[test]
    fn groups_are_their_members(groups in vec(vec((0..6u8, 0..6usize), 1..4), 1..6)) {
        let mut text = "[zones]\nz = \"0.0.0.0/0\"\n[address]\n".to_owned();
        let mut flat: Vec<Vec<u8>> = Vec::new();
        for (number, members) in groups.iter().enumerate() {
            // A member is an earlier group, or else an address.
            let mut hosts = Vec::new();
            let mut names = Vec::new();
            for &(host, group) in members {
                if group < number {
                    hosts.extend_from_slice(&flat[group]);
                    names.push(format!("\"g{group}\""));
                } else {
                    hosts.push(host);
                    names.push(format!("\"10.0.0.{host}\""));
                }
            }
            text += &format!("g{number} = [{}]\n", names.join(", "));
            flat.push(hosts);
        }
        for (number, hosts) in flat.iter().enumerate() {
            let hosts: Vec<String> = hosts.iter().map(|host| format!("\"10.0.0.{host}\"")).collect();
            text += &format!("[[security]]\nname = \"g{number}\"\nsource = \"g{number}\"\ndestination = [{}]\n", hosts.join(", "));
        }
        let world = World::from_toml(&text).unwrap();
        for rule in &world.policy.rules()[..flat.len()] {
            prop_assert_eq!(&rule.source.ranges, &rule.destination.ranges);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// P1 again where the index needs several chunks.
    #[test]
    fn large_rulebases_too(
        rules in vec(any_rule(), 500..1_600).prop_map(numbered),
        queries in vec(any_query(), 100),
    ) {
        let world = Ground::new(PolicyOptions::default());
        // Rules that match little, so that the answer is often far down.
        let rules: Vec<Rule> = rules
            .into_iter()
            .filter(|rule| !rule.source.is_any() && !rule.destination.is_any() && rule.from != ZoneMatch::Any)
            .collect();
        let policy = world.policy(&rules);
        for query in &queries {
            prop_assert_eq!(answer(&policy, query), expected(&world, &rules, query).0);
        }
    }
}

/// The generators reach every interesting branch often enough for the properties above to mean something.
#[test]
fn the_generators_reach_every_branch() {
    let mut runner = TestRunner::deterministic();
    let world = Ground::new(PolicyOptions::default());
    let mut seen = std::collections::BTreeMap::<&str, u32>::new();
    for _ in 0..300 {
        let rules = any_rules().new_tree(&mut runner).unwrap().current();
        let policy = world.policy(&rules);
        for _ in 0..100 {
            let query = any_query().new_tree(&mut runner).unwrap().current();
            let lookup = policy.lookup(&query);
            let explanation = policy.explain(&query);
            let passed_over = |certainty| {
                let is = |step: &Step| matches!(step, Step::Rule(rule) if rule.passed_over && rule.certainty == certainty);
                explanation.steps.iter().any(is)
            };
            let fails_by = |column| {
                let columns = explanation.steps.iter().filter_map(|step| match step {
                    Step::Rule(rule) => Some(&rule.columns),
                    Step::Skipped { .. } => None,
                });
                columns.flatten().any(|found| found.column == column && found.certainty == Ternary::No)
            };
            for (what, hit) in [
                ("a user's rule", (lookup.rule.0 as usize) < policy.user_rules()),
                ("certain", lookup.certainty == Ternary::Yes),
                ("may match", lookup.certainty == Ternary::Unknown),
                ("implicit", lookup.implicit),
                ("block rule passed over", passed_over(Ternary::Unknown)),
                ("implicit match outranked", passed_over(Ternary::Yes)),
                ("other users", fails_by(Column::User)),
                ("inactive schedule", fails_by(Column::Schedule)),
                ("other categories", fails_by(Column::Category)),
            ] {
                *seen.entry(what).or_default() += u32::from(hit);
            }
        }
    }
    assert!(seen.values().all(|&times| times >= 20), "{seen:?}");
}
