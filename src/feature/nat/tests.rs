//! Rules of every kind, and what holds for all of them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::flow::{Addr, FlowKey, Protocol, ZoneId};
use crate::policy::{AddressMatch, Service, ServiceMatch, ZoneMatch};

const TRUST: ZoneId = ZoneId(0);
const UNTRUST: ZoneId = ZoneId(1);
const DMZ: ZoneId = ZoneId(2);

fn addr(text: &str) -> Addr {
    text.parse::<std::net::IpAddr>().unwrap().into()
}

/// `10.0.0.1` or `10.0.0.1-10.0.0.9`, with commas between them.
fn ranges(text: &str) -> Vec<(Addr, Addr)> {
    let range = |text: &str| {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        (addr(low), addr(high))
    };
    text.split(',').map(range).collect()
}

fn pool(text: &str) -> AddressPool {
    AddressPool::new(&ranges(text))
}

fn matching(text: &str) -> AddressMatch {
    AddressMatch { names: vec![text.to_owned()], ranges: ranges(text).into(), negate: false }
}

fn port(protocol: Protocol, port: u16) -> ServiceMatch {
    let service = Service {
        name: "one".to_owned(),
        protocol,
        ports: vec![(port, port)],
        source_ports: Vec::new(),
        timeouts: crate::policy::ServiceTimeouts::default(),
    };
    ServiceMatch::Services([service].into())
}

fn rule(name: &str, to: ZoneId) -> NatRule {
    NatRule { name: name.to_owned(), to, ..NatRule::default() }
}

fn hide(pool: AddressPool) -> Option<SourceTranslation> {
    Some(SourceTranslation::DynamicIpAndPort { pool })
}

fn one_to_one(original: &str, translated: &str) -> OneToOne {
    OneToOne::new(pool(original), pool(translated)).unwrap()
}

fn tcp(src: &str, sport: u16, dst: &str, dport: u16) -> FlowKey {
    FlowKey { src: addr(src), dst: addr(dst), sport, dport, protocol: Protocol::TCP, zone: TRUST }
}

fn query(key: &FlowKey, to: ZoneId) -> NatQuery<'static> {
    NatQuery {
        from: key.zone,
        to,
        to_interface: None,
        src: key.src,
        dst: key.dst,
        protocol: key.protocol,
        sport: key.sport,
        dport: key.dport,
    }
}

/// `src:sport > dst:dport`.
fn shown(key: &FlowKey) -> String {
    format!("{}:{} > {}:{}", key.src, key.sport, key.dst, key.dport)
}

/// What becomes of new sessions under one rule, in order.
fn translated(rule: NatRule, keys: &[FlowKey]) -> Vec<String> {
    let policy = NatPolicy::new(vec![rule]);
    let mut pools = Pools::new(Oversubscription::X1);
    let translate = |key| match pools.translate(&policy.rules()[0], key) {
        Ok(translation) => shown(&translation.key),
        Err(exhausted) => exhausted.to_string(),
    };
    keys.iter().map(translate).collect()
}

#[test]
fn the_first_rule_that_matches_every_column() {
    let only = |name, change: &dyn Fn(&mut NatRule)| {
        let mut rule = rule(name, UNTRUST);
        change(&mut rule);
        rule
    };
    let policy = NatPolicy::new(vec![
        only("dmz", &|rule| rule.from = ZoneMatch::Zones(vec![DMZ])),
        only("by interface", &|rule| rule.to_interface = Some("ethernet1/2".to_owned())),
        only("by source", &|rule| rule.source = matching("10.0.0.5")),
        only("by destination", &|rule| rule.destination = matching("198.51.100.0-198.51.100.7")),
        only("by service", &|rule| rule.service = port(Protocol::UDP, 53)),
        rule("inside", TRUST),
        only("all but one", &|rule| {
            rule.source = AddressMatch { negate: true, ..matching("10.0.0.66") };
        }),
    ]);
    let asked = query(&tcp("10.0.0.1", 4_000, "203.0.113.1", 80), UNTRUST);
    let dns = NatQuery { protocol: Protocol::UDP, dport: 53, ..asked };
    for (query, name) in [
        (NatQuery { from: DMZ, ..asked }, Some("dmz")),
        (NatQuery { to_interface: Some("ethernet1/2"), ..asked }, Some("by interface")),
        (NatQuery { to_interface: Some("ethernet1/3"), ..asked }, Some("all but one")),
        (NatQuery { src: addr("10.0.0.5"), ..asked }, Some("by source")),
        (NatQuery { dst: addr("198.51.100.7"), ..asked }, Some("by destination")),
        (NatQuery { dst: addr("198.51.100.8"), ..asked }, Some("all but one")),
        (dns, Some("by service")),
        (NatQuery { to: TRUST, ..dns }, Some("inside")),
        (NatQuery { src: addr("10.0.0.66"), ..asked }, None),
        (NatQuery { to: DMZ, ..asked }, None),
        (NatQuery { src: addr("2001:db8::1"), dst: addr("2001:db8::2"), ..asked }, None),
    ] {
        assert_eq!(policy.lookup(&query).map(|rule| rule.name.as_str()), name, "{query:?}");
    }
    assert_eq!(NatPolicy::default().lookup(&asked), None);
}

#[test]
fn static_ip_keeps_port_and_place() {
    let addresses = one_to_one("10.0.0.1-10.0.0.4", "203.0.113.11-203.0.113.14");
    let rule = NatRule {
        source_translation: Some(SourceTranslation::StaticIp { addresses, bidirectional: false }),
        ..rule("static", UNTRUST)
    };
    assert_eq!(
        translated(
            rule,
            &[
                tcp("10.0.0.1", 5_000, "198.51.100.80", 80),
                tcp("10.0.0.4", 5_000, "198.51.100.80", 80),
                tcp("10.0.0.4", 5_000, "198.51.100.80", 80),
            ]
        ),
        [
            "203.0.113.11:5000 > 198.51.100.80:80",
            "203.0.113.14:5000 > 198.51.100.80:80",
            "203.0.113.14:5000 > 198.51.100.80:80",
        ]
    );
}

#[test]
fn a_bidirectional_rule_is_two() {
    let addresses = one_to_one("10.0.0.1-10.0.0.2", "203.0.113.1-203.0.113.2");
    let first = NatRule {
        from: ZoneMatch::Zones(vec![TRUST]),
        source: matching("10.0.0.1-10.0.0.2"),
        source_translation: Some(SourceTranslation::StaticIp { addresses, bidirectional: true }),
        ..rule("both ways", UNTRUST)
    };
    let policy = NatPolicy::new(vec![first, rule("none", UNTRUST)]);
    let names: Vec<_> = policy.rules().iter().map(|rule| (rule.name.as_str(), rule.is_reverse)).collect();
    assert_eq!(names, [("both ways", false), ("both ways", true), ("none", false)]);

    let inbound = FlowKey { zone: UNTRUST, ..tcp("198.51.100.7", 4_000, "203.0.113.2", 25) };
    let found = policy.lookup(&query(&inbound, UNTRUST)).unwrap();
    assert!(found.is_reverse && found.id.index() == 1);
    assert_eq!(found.destination(inbound.dst, 25), Some((addr("10.0.0.2"), 25)));
    let mut pools = Pools::default();
    let translation = pools.translate(found, &inbound).unwrap();
    assert_eq!(shown(&translation.key), "198.51.100.7:4000 > 10.0.0.2:25");
    assert_eq!(translation.lease, None);
}

#[test]
fn destination_translations() {
    let to = |address, port| NatRule {
        destination_translation: Some(DestinationTranslation { address, port }),
        ..rule("in", UNTRUST)
    };
    let one = DestinationAddress::One(addr("192.0.2.10"));
    let several = DestinationAddress::OneToOne(one_to_one(
        "203.0.113.8-203.0.113.15",
        "192.0.2.1-192.0.2.4,192.0.2.101-192.0.2.104",
    ));
    let web = tcp("198.51.100.7", 4_000, "203.0.113.10", 80);
    let ping = FlowKey { protocol: Protocol::ICMP, ..web };
    for (rule, key, result) in [
        (to(one.clone(), None), web, "198.51.100.7:4000 > 192.0.2.10:80"),
        (to(one.clone(), Some(8_080)), web, "198.51.100.7:4000 > 192.0.2.10:8080"),
        (to(one.clone(), Some(8_080)), ping, "198.51.100.7:4000 > 192.0.2.10:80"),
        (to(several.clone(), None), web, "198.51.100.7:4000 > 192.0.2.3:80"),
        (
            to(several.clone(), None),
            tcp("198.51.100.7", 1, "203.0.113.14", 2),
            "198.51.100.7:1 > 192.0.2.103:2",
        ),
        (rule("no NAT", UNTRUST), web, "198.51.100.7:4000 > 203.0.113.10:80"),
    ] {
        assert_eq!(translated(rule, &[key]), [result]);
    }
}

#[test]
fn distributions() {
    let to = |distribution| {
        let pool = pool("192.0.2.1-192.0.2.3");
        let address = DestinationAddress::Distributed { pool, distribution };
        let destination_translation = Some(DestinationTranslation { address, port: None });
        NatRule { destination_translation, ..rule("in", UNTRUST) }
    };
    let key = |client: u8, sport| tcp(&format!("198.51.100.{client}"), sport, "203.0.113.10", 80);
    let chosen = |distribution, keys: &[FlowKey]| -> Vec<u8> {
        let last = |text: String| text.split(['.', ':']).rev().nth(1).unwrap().parse().unwrap();
        translated(to(distribution), keys).into_iter().map(last).collect()
    };
    let keys = [key(1, 1), key(1, 2), key(2, 1), key(3, 1)];
    assert_eq!(chosen(Distribution::RoundRobin, &keys), [1, 2, 3, 1]);
    assert_eq!(chosen(Distribution::LeastSessions, &keys), [1, 2, 3, 1]);
    for distribution in [Distribution::SourceIpHash, Distribution::IpHash, Distribution::IpModulo] {
        let chosen = chosen(distribution, &keys);
        assert_eq!(chosen[0], chosen[1], "the same client, {distribution:?}");
    }
    // 198.51.100.n XOR 203.0.113.10 modulo 3, by hand.
    let xor = |client: u32| (0xc633_6400 + client) ^ 0xcb00_710a;
    assert_eq!(
        chosen(Distribution::IpModulo, &keys),
        [1, 1, 2, 3].map(|client| u8::try_from(xor(client) % 3).unwrap() + 1)
    );

    let policy = NatPolicy::new(vec![to(Distribution::LeastSessions)]);
    let mut pools = Pools::default();
    let sessions: Vec<_> = keys.iter().map(|key| pools.translate(&policy.rules()[0], key).unwrap()).collect();
    pools.release(sessions[1].lease.unwrap());
    let next = pools.translate(&policy.rules()[0], &key(9, 9)).unwrap();
    assert_eq!(next.key.dst, addr("192.0.2.2"), "it has no session left");
}

#[test]
fn dynamic_ip_gives_each_source_an_address_while_it_has_sessions() {
    let policy = NatPolicy::new(vec![
        NatRule {
            source_translation: Some(SourceTranslation::DynamicIp {
                pool: pool("203.0.113.1-203.0.113.2"),
                fallback: None,
            }),
            ..rule("alone", UNTRUST)
        },
        NatRule {
            source_translation: Some(SourceTranslation::DynamicIp {
                pool: pool("203.0.113.1-203.0.113.2"),
                fallback: Some(pool("203.0.113.99")),
            }),
            ..rule("with fallback", UNTRUST)
        },
    ]);
    let mut pools = Pools::default();
    let key = |client: u8, sport| tcp(&format!("10.0.0.{client}"), sport, "198.51.100.80", 80);
    let mut translate = |rule: usize, key| pools.translate(&policy.rules()[rule], &key);
    let first = translate(0, key(1, 5_000)).unwrap();
    assert_eq!(shown(&first.key), "203.0.113.1:5000 > 198.51.100.80:80");
    let again = translate(0, key(1, 5_001)).unwrap();
    assert_eq!(again.key.src, first.key.src);
    let second = translate(0, key(2, 5_000)).unwrap();
    assert_eq!(shown(&second.key), "203.0.113.2:5000 > 198.51.100.80:80");
    assert_eq!(translate(0, key(3, 5_000)), Err(Exhausted));
    let fallback = translate(1, key(3, 5_000)).unwrap();
    assert_eq!(shown(&fallback.key), "203.0.113.99:1024 > 198.51.100.80:80", "one pool for both rules");

    pools.release(first.lease.unwrap());
    assert_eq!(pools.translate(&policy.rules()[0], &key(3, 5_000)), Err(Exhausted), "one session goes on");
    pools.release(again.lease.unwrap());
    let third = pools.translate(&policy.rules()[0], &key(3, 5_000)).unwrap();
    assert_eq!(third.key.src, addr("203.0.113.1"));
}

#[test]
fn dynamic_ip_and_port_shares_addresses_by_port() {
    let rule = NatRule { source_translation: hide(pool("203.0.113.1")), ..rule("hide", UNTRUST) };
    let ping = |client, id, sequence| FlowKey {
        protocol: Protocol::ICMP,
        ..tcp(client, id, "198.51.100.80", sequence)
    };
    let gre = FlowKey { protocol: Protocol(47), ..tcp("10.0.0.1", 0, "198.51.100.80", 0) };
    let dns = FlowKey { protocol: Protocol::UDP, ..tcp("10.0.0.1", 5_000, "198.51.100.80", 53) };
    let cases = [
        (tcp("10.0.0.1", 5_000, "198.51.100.80", 80), "203.0.113.1:1024 > 198.51.100.80:80"),
        (tcp("10.0.0.2", 5_000, "198.51.100.80", 80), "203.0.113.1:1025 > 198.51.100.80:80"),
        (dns, "203.0.113.1:1024 > 198.51.100.80:53"),
        // PANOS.md 11.4: two echo requests of one host keep their identifier.
        (ping("10.0.0.1", 1, 26), "203.0.113.1:1 > 198.51.100.80:26"),
        (ping("10.0.0.1", 1, 31), "203.0.113.1:1 > 198.51.100.80:31"),
        (ping("10.0.0.2", 1, 31), "203.0.113.1:1024 > 198.51.100.80:31"),
        (gre, "203.0.113.1:0 > 198.51.100.80:0"),
    ];
    assert_eq!(translated(rule, &cases.map(|(key, _)| key)), cases.map(|(_, result)| result));
}

#[test]
fn a_source_keeps_its_address_of_a_pool_and_a_full_address_refuses() {
    let rule = NatRule { source_translation: hide(pool("203.0.113.1-203.0.113.8")), ..rule("hide", UNTRUST) };
    let policy = NatPolicy::new(vec![rule]);
    let mut pools = Pools::default();
    let rule = &policy.rules()[0];
    let mut used = BTreeSet::new();
    for client in 1..=200 {
        let addresses: BTreeSet<Addr> = (0..3)
            .map(|sport| {
                let key = tcp(&format!("10.0.0.{client}"), sport, "198.51.100.80", 80);
                pools.translate(rule, &key).unwrap().key.src
            })
            .collect();
        assert_eq!(addresses.len(), 1);
        used.extend(addresses);
    }
    assert_eq!(used.len(), 8, "sources are spread over the pool");

    let mut pools = Pools::default();
    let key = tcp("10.0.0.1", 1, "198.51.100.80", 80);
    let first = pools.translate(rule, &key).unwrap();
    for _ in 1..64_512 {
        pools.translate(rule, &key).unwrap();
    }
    assert_eq!(pools.translate(rule, &key), Err(Exhausted));
    assert_eq!(pools.leases(), 64_512);
    assert!(pools.translate(rule, &FlowKey { protocol: Protocol::UDP, ..key }).is_ok());
    pools.release(first.lease.unwrap());
    assert_eq!(pools.translate(rule, &key).unwrap().key, first.key);
}

#[test]
fn what_is_not_in_use_is_soon_forgotten() {
    let rule = NatRule { source_translation: hide(pool("203.0.113.1")), ..rule("hide", UNTRUST) };
    let policy = NatPolicy::new(vec![rule]);
    let mut pools = Pools::default();
    let mut leases = Vec::new();
    for sequence in 0..3_000 {
        let ping = FlowKey { protocol: Protocol::ICMP, ..tcp("10.0.0.1", 1, "198.51.100.80", sequence) };
        leases.push(pools.translate(&policy.rules()[0], &ping).unwrap().lease.unwrap());
    }
    assert_eq!(pools.remembered(), 3_000);
    leases.into_iter().for_each(|lease| pools.release(lease));
    assert_eq!((pools.remembered(), pools.leases()), (1_024, 0));
}

#[test]
fn an_exhausted_source_pool_leaves_no_load_on_the_destination() {
    let address = DestinationAddress::Distributed {
        pool: pool("192.0.2.1-192.0.2.2"),
        distribution: Distribution::LeastSessions,
    };
    let rule = NatRule {
        source_translation: Some(SourceTranslation::DynamicIp { pool: pool("203.0.113.1"), fallback: None }),
        destination_translation: Some(DestinationTranslation { address, port: None }),
        ..rule("both", UNTRUST)
    };
    let policy = NatPolicy::new(vec![rule]);
    let mut pools = Pools::default();
    let mut translate = |client| pools.translate(&policy.rules()[0], &tcp(client, 1, "203.0.113.10", 80));
    assert_eq!(shown(&translate("10.0.0.1").unwrap().key), "203.0.113.1:1 > 192.0.2.1:80");
    assert_eq!(translate("10.0.0.2"), Err(Exhausted));
    assert_eq!(shown(&translate("10.0.0.1").unwrap().key), "203.0.113.1:1 > 192.0.2.2:80");
    assert_eq!(pools.leases(), 2);
}

#[test]
fn which_rule_could_have_made_a_translated_packet() {
    let dnat = |address, port| Some(DestinationTranslation { address, port });
    let policy = NatPolicy::new(vec![
        NatRule { source: matching("10.9.0.0-10.9.255.255"), ..rule("no NAT", UNTRUST) },
        NatRule {
            source_translation: Some(SourceTranslation::StaticIp {
                addresses: one_to_one("10.0.0.1-10.0.0.4", "203.0.113.1-203.0.113.4"),
                bidirectional: true,
            }),
            source: matching("10.0.0.1-10.0.0.4"),
            ..rule("static", UNTRUST)
        },
        NatRule { source_translation: hide(pool("203.0.113.9")), ..rule("hide", UNTRUST) },
        NatRule {
            destination: matching("203.0.113.80"),
            service: port(Protocol::TCP, 80),
            destination_translation: dnat(DestinationAddress::One(addr("192.0.2.10")), Some(8_080)),
            ..rule("web", UNTRUST)
        },
        NatRule {
            destination: matching("203.0.113.90"),
            source_translation: hide(pool("192.0.2.254")),
            destination_translation: dnat(DestinationAddress::One(addr("192.0.2.90")), None),
            ..rule("U-turn", UNTRUST)
        },
    ]);
    // Seen; rule, original source, original destination and its port, with `?` for what is not to be known.
    for (seen, expected) in [
        (tcp("203.0.113.2", 5_000, "198.51.100.80", 443), "static 10.0.0.2 198.51.100.80:443"),
        (tcp("203.0.113.9", 1_024, "198.51.100.80", 443), "hide ? 198.51.100.80:443"),
        (tcp("198.51.100.7", 4_000, "192.0.2.10", 8_080), "web 198.51.100.7 203.0.113.80:80"),
        (tcp("198.51.100.7", 4_000, "192.0.2.10", 80), "none"),
        (tcp("198.51.100.7", 4_000, "10.0.0.3", 25), "static 198.51.100.7 203.0.113.3:25"),
        (tcp("192.0.2.254", 1_024, "192.0.2.90", 25), "U-turn ? 203.0.113.90:25"),
        (tcp("198.51.100.7", 1_024, "192.0.2.90", 25), "none"),
        (tcp("10.0.0.9", 1_024, "198.51.100.80", 25), "none"),
        // An answer: asked for with its ends changed over.
        (tcp("198.51.100.80", 443, "203.0.113.9", 1_024).reply(UNTRUST), "hide ? 198.51.100.80:443"),
    ] {
        let shown = policy.untranslated(&seen).map_or("none".to_owned(), |found| {
            let or = |part: Option<String>| part.unwrap_or("?".to_owned());
            let (src, dst) = (found.src.map(|src| src.to_string()), found.dst.map(|dst| dst.to_string()));
            let dport = found.dport.map(|port| port.to_string());
            format!("{} {} {}:{}", found.rule.name, or(src), or(dst), or(dport))
        });
        assert_eq!(shown, expected, "{seen:?}");
    }
}

/// A rulebase with a rule of every kind, each for a client network of its own.
fn every_kind() -> NatPolicy {
    let of = |net: u8, source_translation| NatRule {
        source: matching(&format!("10.{net}.0.0-10.{net}.0.7")),
        source_translation: Some(source_translation),
        ..rule(&net.to_string(), UNTRUST)
    };
    NatPolicy::new(vec![
        of(
            0,
            SourceTranslation::StaticIp {
                addresses: one_to_one("10.0.0.0-10.0.0.7", "203.0.113.0-203.0.113.7"),
                bidirectional: true,
            },
        ),
        of(1, SourceTranslation::DynamicIp { pool: pool("203.0.113.16-203.0.113.19"), fallback: None }),
        of(
            2,
            SourceTranslation::DynamicIp {
                pool: pool("203.0.113.20-203.0.113.23"),
                fallback: Some(pool("203.0.113.31")),
            },
        ),
        of(3, SourceTranslation::DynamicIpAndPort { pool: pool("203.0.113.31,203.0.113.40-203.0.113.41") }),
    ])
}

/// What a run does next.
#[derive(Debug, Clone)]
enum Step {
    /// A session of a client in a network, to a server.
    Open { net: u8, client: u8, server: u8, protocol: Protocol, sport: u16 },
    /// The end of a session, counted from the oldest.
    End(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let protocol = prop::sample::select(vec![Protocol::TCP, Protocol::UDP, Protocol::ICMP]);
    prop_oneof![
        2 => (0..4_u8, 0..8_u8, 0..2_u8, protocol, 0..3_u16).prop_map(
            |(net, client, server, protocol, sport)| Step::Open { net, client, server, protocol, sport }
        ),
        1 => any::<prop::sample::Index>().prop_map(Step::End),
    ]
}

proptest! {
    /// Whatever comes and goes: no two sessions of different clients look the same from outside, each source keeps
    /// its address, every translated packet is traced to a rule that could have made it, and at last nothing is held.
    #[test]
    fn sessions_stay_apart_and_everything_is_given_back(
        steps in prop::collection::vec(step(), 0..200),
        oversubscription in prop::sample::select(Oversubscription::ALL.map(|(_, times)| times).to_vec()),
    ) {
        let policy = every_kind();
        let mut pools = Pools::new(oversubscription);
        let mut sessions: Vec<(FlowKey, Translation)> = Vec::new();
        for step in steps {
            match step {
                Step::Open { net, client, server, protocol, sport } => {
                    let (src, dst) = (format!("10.{net}.0.{client}"), format!("198.51.100.{server}"));
                    let key = FlowKey { protocol, ..tcp(&src, sport, &dst, 80) };
                    if sessions.iter().any(|(open, _)| *open == key) {
                        continue;
                    }
                    let rule = policy.lookup(&query(&key, UNTRUST)).unwrap();
                    let Ok(translation) = pools.translate(rule, &key) else {
                        prop_assert!(net == 1, "only this rule has nothing to fall back to");
                        continue;
                    };
                    let seen = policy.untranslated(&translation.key).unwrap();
                    prop_assert!(seen.src.is_none_or(|src| src == key.src));
                    prop_assert_eq!(seen.dst, Some(key.dst));
                    sessions.push((key, translation));
                }
                Step::End(index) if !sessions.is_empty() => {
                    let (_, translation) = sessions.remove(index.index(sessions.len()));
                    translation.lease.into_iter().for_each(|lease| pools.release(lease));
                }
                Step::End(_) => {}
            }
            let outside: BTreeSet<FlowKey> = sessions.iter().map(|(_, translation)| translation.key).collect();
            prop_assert_eq!(outside.len(), sessions.len());
            if oversubscription == Oversubscription::X1 {
                let of_ports = |(_, translation): &&(FlowKey, Translation)| {
                    translation.key.protocol.has_ports() && translation.key.sport >= 1_024
                };
                let ends = sessions.iter().filter(of_ports).map(|(_, Translation { key, .. })| {
                    (key.src, key.protocol, key.sport)
                });
                let ends: Vec<_> = ends.collect();
                prop_assert_eq!(ends.iter().collect::<BTreeSet<_>>().len(), ends.len());
            }
            let held = sessions.iter().filter(|(_, translation)| translation.lease.is_some()).count();
            prop_assert_eq!(pools.leases(), held);
        }
        for (_, translation) in sessions {
            translation.lease.into_iter().for_each(|lease| pools.release(lease));
        }
        prop_assert_eq!(pools.leases(), 0);
        prop_assert!(pools.is_idle());
    }

    #[test]
    fn the_same_sessions_get_the_same_translations(steps in prop::collection::vec(step(), 0..100)) {
        let run = || -> Vec<Result<Translation, Exhausted>> {
            let (policy, mut pools) = (every_kind(), Pools::default());
            let open = |step: &Step| {
                let Step::Open { net, client, server, protocol, sport } = *step else { return None };
                let (src, dst) = (format!("10.{net}.0.{client}"), format!("198.51.100.{server}"));
                let key = FlowKey { protocol, ..tcp(&src, sport, &dst, 80) };
                Some(pools.translate(policy.lookup(&query(&key, UNTRUST))?, &key))
            };
            steps.iter().filter_map(open).collect()
        };
        prop_assert_eq!(run(), run());
    }
}
