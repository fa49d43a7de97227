//! The index within limits.

use std::sync::Arc;

use super::*;
use crate::app::Catalog;
use crate::flow::{Protocol, ZoneId};
use crate::policy::{Action, AddressMatch, Policy, PolicyOptions, Rule, Service, ServiceMatch, ZoneMatch};

/// A sequence of numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn port(&mut self) -> u16 {
        u16::try_from(self.roll(2_000)).unwrap()
    }

    fn addr(&mut self) -> Addr {
        Addr::v4([10, 0, 0, u8::try_from(self.roll(256)).unwrap()])
    }

    fn zone(&mut self) -> ZoneId {
        ZoneId(u16::try_from(self.roll(40)).unwrap())
    }

    fn zones(&mut self) -> ZoneMatch {
        match self.roll(3) {
            0 => ZoneMatch::Any,
            _ => ZoneMatch::Zones((0..self.roll(20)).map(|_| self.zone()).collect()),
        }
    }

    fn addresses(&mut self) -> AddressMatch {
        let mut ranges: Vec<(Addr, Addr)> =
            (0..=self.roll(30)).map(|_| self.addr()).map(|a| (a, a)).collect();
        ranges.sort_unstable();
        ranges.dedup();
        let names = vec!["some".to_owned(); usize::from(self.roll(4) > 0)];
        AddressMatch { names, ranges: ranges.into(), negate: self.roll(4) == 0 }
    }

    fn rule(&mut self) -> Rule {
        let ports = (0..=self.roll(10)).map(|_| self.port()).map(|port| (port, port)).collect();
        let service = Service { protocol: Protocol::TCP, ports, ..Service::default() };
        Rule {
            from: self.zones(),
            to: self.zones(),
            source: self.addresses(),
            destination: self.addresses(),
            service: ServiceMatch::Services([service].into()),
            action: if self.roll(2) == 0 { Action::Allow } else { Action::Drop },
            ..Rule::default()
        }
    }

    fn query(&mut self) -> Query {
        Query {
            from: self.zone(),
            to: self.zone(),
            src: self.addr(),
            dst: self.addr(),
            protocol: Protocol::TCP,
            dport: self.port(),
            ..Query::default()
        }
    }
}

/// However little the index may cost, lookups stay the same.
#[test]
fn limits_change_no_answer() {
    let mut dice = Dice(1);
    let rules: Vec<Rule> = (0..2_000).map(|_| dice.rule()).collect();
    let catalog = Arc::new(Catalog::default());
    let policy = |limits| {
        let defaults = [Rule::default(), Rule::default()];
        Policy::with_limits(rules.clone(), defaults, Arc::clone(&catalog), PolicyOptions::default(), limits)
    };
    let exact = policy(Limits::default());
    for limits in [
        Limits { chunks: 100, entries: 8_000 },
        Limits { chunks: 8, entries: 1 },
        Limits { chunks: 1, entries: 0 },
    ] {
        let coarse = policy(limits);
        let mut answered = 0;
        for _ in 0..2_000 {
            let query = dice.query();
            let found = coarse.lookup(&query);
            assert_eq!(exact.lookup(&query), found, "{limits:?}");
            answered += usize::from((found.rule.0 as usize) < coarse.user_rules());
        }
        assert!(answered > 100, "{answered}");
    }
}
