//! The security policy lookup, and reading a rulebase, with few and with many rules.

#![expect(clippy::unwrap_used, reason = "a benchmark of sound input")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use firstpass::config::{self, Overrides, World};
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
    let text = panos_xml(20_000);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function(BenchmarkId::new("panos-xml", 20_000), |b| {
        let overrides = Overrides::default();
        b.iter(|| config::parse("big.xml", black_box(text.as_bytes()), &overrides).unwrap());
    });
    group.finish();
}

/// A running configuration as firewalls export it, with half as many address objects as rules.
fn panos_xml(rules: u32) -> String {
    let mut dice = Dice(rules.into());
    let mut text = "<config version=\"10.1.0\"><devices><entry name=\"localhost.localdomain\"><vsys>\n\
                    <entry name=\"vsys1\">\n<zone>\n"
        .to_owned();
    for zone in 0..ZONES {
        _ = writeln!(
            text,
            "<entry name=\"zone-{zone}\"><network><layer3><member>ethernet1/{}</member></layer3></network></entry>",
            zone + 1
        );
    }
    text.push_str("</zone>\n<address>\n");
    let hosts = rules / 2;
    for host in 0..hosts {
        let [_, a, b, c] = host.to_be_bytes();
        _ = writeln!(
            text,
            "<entry name=\"host-{host}\">\n  <ip-netmask>10.{a}.{b}.{c}/32</ip-netmask>\n</entry>"
        );
    }
    text.push_str("</address>\n<rulebase><security><rules>\n");
    for rule in 0..rules {
        _ = writeln!(
            text,
            "                <entry name=\"rule {rule}\" uuid=\"00000000-0000-4000-8000-{rule:012}\">"
        );
        let mut column = |key: &str, members: &[String]| {
            _ = writeln!(text, "                  <{key}>");
            for member in members {
                _ = writeln!(text, "                    <member>{member}</member>");
            }
            _ = writeln!(text, "                  </{key}>");
        };
        column("from", &[format!("zone-{}", dice.roll(ZONES))]);
        column("to", &[format!("zone-{}", dice.roll(ZONES))]);
        column("source", &[(); 2].map(|()| format!("host-{}", dice.roll(hosts))));
        column("destination", &[(); 3].map(|()| format!("host-{}", dice.roll(hosts))));
        column("application", &[APPLICATIONS[dice.roll(6) as usize].to_owned()]);
        for key in ["source-user", "category", "source-hip", "destination-hip"] {
            column(key, &["any".to_owned()]);
        }
        column("service", &["application-default".to_owned()]);
        text.push_str("                  <action>allow</action>\n                </entry>\n");
    }
    text.push_str("</rules></security></rulebase></entry></vsys></entry></devices></config>\n");
    text
}

criterion_group!(benches, lookup, load);
criterion_main!(benches);
