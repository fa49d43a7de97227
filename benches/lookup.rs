//! The security policy lookup, and reading a rulebase, with few and with many rules.

#![expect(clippy::unwrap_used, reason = "a benchmark of sound input")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use firstpass::config::World;
use firstpass::flow::{Addr, Protocol};
use firstpass::policy::Query;

const SIZES: [u32; 6] = [10, 100, 200, 1_000, 10_000, 20_000];
const ZONES: u32 = 8;
const APPLICATIONS: [&str; 6] = ["web-browsing", "ssl", "ftp", "ping", "icmp", "traceroute"];

/// Numbers that look random, the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(sides)) as u32
    }

    fn octet(&mut self) -> u8 {
        self.roll(256) as u8
    }
}

/// A rulebase as they are: most rules are about one pair of zones, a few hosts or a network, one or two applications;
/// some are wide.
fn rulebase(rules: u32) -> String {
    let mut dice = Dice(rules.into());
    let mut text = "[zones]\noutside = [\"0.0.0.0/0\", \"::/0\"]\n".to_owned();
    for zone in 0..ZONES {
        _ = writeln!(text, "zone-{zone} = \"10.{zone}.0.0/16\"");
    }
    for rule in 0..rules {
        let wide = dice.roll(100) == 0;
        let (from, to) = (dice.roll(ZONES), dice.roll(ZONES));
        _ = write!(text, "\n[[security]]\nname = \"rule {rule}\"\nto = \"zone-{to}\"\n");
        if !wide {
            _ = writeln!(text, "from = [\"zone-{from}\", \"outside\"]");
            _ = writeln!(
                text,
                "source = [\"10.{from}.{}.0/24\", \"203.0.113.{}\"]",
                dice.octet(),
                dice.octet()
            );
        }
        match dice.roll(3) {
            0 => _ = writeln!(text, "destination = \"10.{to}.{}.0/24\"", dice.octet()),
            _ => {
                let hosts: Vec<String> =
                    (0..4).map(|_| format!("\"10.{to}.{}.{}\"", dice.octet(), dice.octet())).collect();
                _ = writeln!(text, "destination = [{}]", hosts.join(", "));
            }
        }
        match dice.roll(4) {
            0 => _ = writeln!(text, "service = [\"service-http\", \"service-https\"]"),
            1 => _ = writeln!(text, "service = \"any\""),
            _ => {}
        }
        let app = |dice: &mut Dice| APPLICATIONS[dice.roll(6) as usize];
        let (one, two) = (app(&mut dice), app(&mut dice));
        _ = writeln!(text, "application = [\"{one}\", \"{two}\"]");
        if dice.roll(5) == 0 {
            _ = writeln!(text, "action = \"drop\"");
        }
    }
    text
}

/// Packets of which about one in ten meets a rule of its own.
fn queries(world: &World, count: usize) -> Vec<Query> {
    let mut dice = Dice(7);
    let zone = |addr| world.zones.of(addr).unwrap();
    let apps: Vec<_> = APPLICATIONS.iter().map(|name| world.catalog.find(name)).collect();
    let query = |_| {
        let src = Addr::v4([10, dice.roll(ZONES) as u8, dice.octet(), dice.octet()]);
        let dst = Addr::v4([10, dice.roll(ZONES) as u8, dice.octet(), dice.octet()]);
        let dport = [21, 22, 53, 80, 443, 8_080][dice.roll(6) as usize];
        let app = apps[dice.roll(6) as usize].filter(|_| dice.roll(2) == 0);
        Query {
            from: zone(src),
            to: zone(dst),
            src,
            dst,
            protocol: Protocol::TCP,
            sport: 40_000,
            dport,
            app,
            ..Query::default()
        }
    };
    (0..count).map(query).collect()
}

fn lookup(c: &mut Criterion) {
    let mut group = c.benchmark_group("lookup");
    group.throughput(Throughput::Elements(1));
    for size in SIZES {
        let world = World::from_toml(&rulebase(size)).unwrap();
        let queries = queries(&world, 10_000);
        let mut next = queries.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter(|| world.policy.lookup(black_box(next.next().unwrap())));
        });
    }
    group.finish();
}

fn load(c: &mut Criterion) {
    let mut group = c.benchmark_group("load");
    group.sample_size(10);
    for size in [200, 20_000] {
        let text = rulebase(size);
        group.throughput(Throughput::Elements(size.into()));
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter(|| World::from_toml(black_box(&text)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, lookup, load);
criterion_main!(benches);
