//! Rulebase files: what is read, and what is said of those that cannot be.

use firstpass::config::World;
use firstpass::flow::Protocol;
use firstpass::policy::{Query, Ternary};

const DESIGN: &str = r#"
[zones]                                   # longest prefix wins
untrust = ["0.0.0.0/0", "::/0"]
dmz     = ["192.0.2.0/24", "2001:db8:1::/64"]

[address]
partners = ["198.51.100.7", "198.51.100.9"]
[service]
ftp-alt = "tcp/2121"
[application.custom-ftp]
default-ports = ["tcp/20,21", "tcp/1024-65535"]

[[security]]
name = "Ping from Untrust to DMZ"
from = "untrust"
to = "dmz"
application = ["ping", "traceroute", "icmp", "ipv6-icmp"]
service = "any"
action = "allow"

[[security]]
name = "FTP for partners"
from = "untrust"
to = "dmz"
source = "partners"
application = "ftp"
action = "allow"

[default.interzone]
log-end = true
[setting.session]
timeout-tcpinit = 5
"#;

#[test]
fn the_rulebase_of_the_manual_is_read() {
    let world = World::from_toml(DESIGN).map_err(|error| error.render(false)).unwrap();
    assert_eq!(world.source.security_rules, 2);
    assert_eq!(world.policy.rules().len(), 4);
    let zone = |name| world.zones.find(name).unwrap();
    let mut query = Query {
        from: zone("untrust"),
        to: zone("dmz"),
        src: "198.51.100.7".parse::<std::net::IpAddr>().unwrap().into(),
        dst: "192.0.2.1".parse::<std::net::IpAddr>().unwrap().into(),
        protocol: Protocol::TCP,
        sport: 40_000,
        dport: 21,
        app: None,
    };
    let lookup = world.policy.lookup(&query);
    assert_eq!(world.policy.rule(lookup.rule).name, "Ping from Untrust to DMZ");
    assert_eq!(lookup.certainty, Ternary::Unknown);
    query.app = world.catalog.find("ftp");
    let lookup = world.policy.lookup(&query);
    assert_eq!(world.policy.rule(lookup.rule).name, "FTP for partners");
    query.src = "198.51.100.8".parse::<std::net::IpAddr>().unwrap().into();
    let lookup = world.policy.lookup(&query);
    let rule = world.policy.rule(lookup.rule);
    assert_eq!(rule.name, "interzone-default");
    assert!(rule.log_end);
}
