//! `firstpass match`: one lookup, as PAN-OS's `test security-policy-match` makes it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::ValueEnum;

use super::args::RuleArgs;
use super::error::{CliError, Exit};
use super::output::Streams;
use crate::app::AppId;
use crate::config::{World, nearest};
use crate::feature::route::{Place, Reason};
use crate::flow::{Arrival, Protocol, ZoneId};
use crate::policy::{CategorySet, Query};
use crate::report::text::Look;
use crate::report::{Asked, PolicyMatch, RunningPolicy};
use crate::time::Timestamp;

/// Protocols by name, as PAN-OS, `/etc/protocols` and people call them. The firewall's own command takes numbers only.
const PROTOCOLS: [(&str, u8); 14] = [
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("icmp6", 58),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("igmp", 2),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("eigrp", 88),
    ("ospf", 89),
    ("pim", 103),
    ("sctp", 132),
];

/// Arguments of `match`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --application this is the lookup of a session's first packet: zones, addresses and ports alone. Below the rule \
stands why no earlier rule answered, and where each application would lead once App-ID knows it. Zones that are left \
out are told by the addresses; users by the table [user], or by --source-user.

Examples:
  firstpass match --rules rules.toml --source 203.0.113.5 --destination 192.0.2.10 --protocol tcp --destination-port 21
  firstpass match --rules running-config.xml --show-running")]
pub(super) struct Match {
    #[command(flatten)]
    rules: RuleArgs,

    /// Source zone; without it, the one that the source address is behind
    #[arg(long, value_name = "ZONE")]
    from: Option<String>,

    /// Destination zone; without it, the one that the destination address is behind
    #[arg(long, value_name = "ZONE")]
    to: Option<String>,

    /// Source address, before NAT
    #[arg(long, value_name = "IP", required_unless_present = "show_running")]
    source: Option<IpAddr>,

    /// Destination address, before NAT
    #[arg(long, value_name = "IP", required_unless_present = "show_running")]
    destination: Option<IpAddr>,

    /// IP protocol: a name such as tcp, udp, icmp, gre, or a number
    #[arg(long, value_name = "tcp|udp|N", value_parser = protocol, required_unless_present = "show_running")]
    protocol: Option<Protocol>,

    /// Destination port (TCP and UDP)
    #[arg(long, value_name = "PORT")]
    destination_port: Option<u16>,

    /// Source port; most rules don't ask for it
    #[arg(long, value_name = "PORT")]
    source_port: Option<u16>,

    /// The application, as if App-ID knew it already
    #[arg(long, value_name = "APP")]
    application: Option<String>,

    /// The URL category of the host, as if it were known already
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,

    /// Who is at the source address, whatever the tables say: a user, known-user for anyone, or unknown for nobody
    #[arg(long, value_name = "USER", value_parser = user)]
    source_user: Option<String>,

    /// When the packet comes, for rules with a schedule, e.g. 2026-11-20T18:53:11Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,

    /// Show every rule that matches or may match, until the first that certainly matches and allows
    #[arg(
        long,
        value_name = "yes|no",
        num_args = 0..=1,
        default_value = "no",
        default_missing_value = "yes",
        value_parser = yes_or_no
    )]
    show_all: bool,

    /// Show every rule in running form instead, as `show running security-policy` does
    #[arg(long, conflicts_with_all = [
        "from", "to", "source", "destination", "protocol", "destination_port", "source_port", "application",
        "category", "source_user", "at", "show_all",
    ])]
    show_running: bool,

    /// What the output looks like
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Write the result to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// The rule in running form, and why
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// What is asked about.
struct Packet {
    source: IpAddr,
    destination: IpAddr,
    protocol: Protocol,
}

impl Match {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        if self.show_running {
            return self.running(streams);
        }
        let packet = self.packet()?;
        let user = self.source_user.clone().map(|user| (user, packet.source));
        let world = self.rules.load_with(user, streams)?;
        let (query, asked) = self.query(&packet, &world)?;
        let found = PolicyMatch::new(&world, query, asked, self.show_all);
        let output = self.output.as_deref();
        let look = Look { width: streams.width(output), color: streams.colored(output) };
        streams.write_to(self.output.as_ref(), |out| match self.format {
            Format::Text => found.write_text(out, look),
            Format::Json => found.write_json(out),
        })?;
        for warning in &world.warnings {
            streams.warn(warning);
        }
        Ok(Exit::Done)
    }

    /// `--show-running`.
    fn running(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        let world = self.rules.load(streams)?;
        let policy = RunningPolicy::new(&world);
        streams.write_to(self.output.as_ref(), |out| match self.format {
            Format::Text => policy.write_text(out),
            Format::Json => policy.write_json(out),
        })?;
        for warning in &world.warnings {
            streams.warn(warning);
        }
        Ok(Exit::Done)
    }

    /// What is asked about, and what can be wrong with it without a rulebase.
    fn packet(&self) -> Result<Packet, CliError> {
        let (Some(source), Some(destination), Some(protocol)) =
            (self.source, self.destination, self.protocol)
        else {
            return Err(CliError::usage(
                "no packet to ask about".to_owned(),
                "add `--source IP --destination IP --protocol PROTOCOL`",
            ));
        };
        if source.is_ipv4() != destination.is_ipv4() {
            return Err(CliError::usage(
                format!("no packet goes from {source} to {destination}: one is IPv4, one is IPv6"),
                "give two addresses of the same kind",
            ));
        }
        let ports = protocol.has_ports();
        if ports && self.destination_port.is_none() {
            return Err(CliError::usage(
                format!("{protocol} needs a destination port"),
                "add `--destination-port PORT`",
            ));
        }
        if !ports && (self.destination_port.is_some() || self.source_port.is_some()) {
            return Err(CliError::usage(
                format!("IP protocol {protocol} has no ports"),
                "leave the ports out, or use `--protocol tcp` or `--protocol udp`",
            ));
        }
        // ICMP is another protocol in IPv6.
        let protocol = match protocol {
            Protocol::ICMP if source.is_ipv6() => Protocol::ICMPV6,
            protocol => protocol,
        };
        Ok(Packet { source, destination, protocol })
    }

    fn query(&self, packet: &Packet, world: &World) -> Result<(Query, Asked), CliError> {
        let given = self.application.as_ref().map(|name| application(world, name)).transpose()?;
        let &Packet { source, destination, protocol } = packet;
        let told = world.identifier.by_protocol(protocol);
        let scheduled = world.policy.rules().iter().find(|rule| rule.schedule.is_some());
        if let (Some(rule), None) = (scheduled, self.at) {
            return Err(CliError::usage(
                format!("rule `{}` has a schedule, so that the answer depends on the time", rule.name),
                "add `--at TIME`, e.g. `--at 2026-11-20T18:53:11Z`",
            ));
        }
        let (from, to) = zones(world, self, packet)?;
        let mut query = Query {
            from,
            to,
            src: source.into(),
            dst: destination.into(),
            protocol,
            sport: self.source_port.unwrap_or_default(),
            dport: self.destination_port.unwrap_or_default(),
            app: None,
            category: self.category.as_ref().map(|name| category(world, name)),
            decrypted: false,
            at: self.at.unwrap_or_default(),
        };
        let fixed = world.overrides.lookup(&query).map(|rule| rule.application);
        query.app = given.or(fixed).or(told);
        let asked = match (given, fixed, told) {
            (Some(_), ..) => Asked::Application,
            (None, Some(_), _) => Asked::Override,
            (None, None, Some(_)) => Asked::Header,
            (None, None, None) => Asked::FirstPacket,
        };
        Ok((query, asked))
    }
}

/// Where the packet comes in and leaves: the zones of those names, or what routes and zone prefixes tell.
fn zones(world: &World, query: &Match, packet: &Packet) -> Result<(ZoneId, ZoneId), CliError> {
    let (src, dst) = (packet.source.into(), packet.destination.into());
    let unknown = |side: &str, address: IpAddr| {
        CliError::usage(
            format!("the rulebase does not tell which zone {address} is behind"),
            format!("add `--{side} ZONE`; it has {}", names(world)),
        )
    };
    let from = match query.from.as_deref() {
        Some(name) => Place { zone: zone(world, "from", name)?, interface: None, reason: Reason::Option },
        None => {
            let place = world.network.ingress(Arrival::default(), src, dst);
            place.map_err(|_| unknown("from", packet.source))?
        }
    };
    let to = match query.to.as_deref() {
        Some(name) => zone(world, "to", name)?,
        None => world.network.egress(&from, dst).map_err(|_| unknown("to", packet.destination))?.zone,
    };
    Ok((from.zone, to))
}

fn zone(world: &World, side: &str, name: &str) -> Result<ZoneId, CliError> {
    world.zones.find(name).ok_or_else(|| {
        let known = world.zones.names().iter().map(String::as_str);
        CliError::usage(
            format!("--{side} {name}: there is no zone `{name}`"),
            match nearest(name, known) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("the rulebase has {}", names(world)),
            },
        )
    })
}

fn names(world: &World) -> String {
    world.zones.names().join(", ")
}

fn application(world: &World, name: &str) -> Result<AppId, CliError> {
    world.catalog.find(name).ok_or_else(|| {
        let functions: Vec<&str> = world.catalog.functions(name).map(|app| world.catalog.name(app)).collect();
        if !functions.is_empty() {
            return CliError::usage(
                format!("--application {name}: `{name}` is a container of several applications"),
                format!("name one of them: {}", functions.join(", ")),
            );
        }
        let known = world.catalog.iter().map(|(_, app)| app.name.as_str());
        CliError::usage(
            format!("--application {name}: there is no application `{name}`"),
            match nearest(name, known) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "name a predefined application, or one of the rulebase's own".to_owned(),
            },
        )
    })
}

/// The category as the rulebase numbers it. One without a table of hosts is in no set: rules that name such a one may
/// match.
fn category(world: &World, name: &str) -> CategorySet {
    world.categories.find(name).unwrap_or_default()
}

fn user(text: &str) -> Result<String, String> {
    match text {
        "" | "any" => Err("name a user, or write `known-user` or `unknown`".to_owned()),
        user => Ok(user.to_owned()),
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    let time: jiff::Timestamp = text
        .parse()
        .map_err(|_| "write it as 2026-11-20T18:53:11Z, or with an offset such as +01:00".to_owned())?;
    let seconds = u64::try_from(time.as_second()).map_err(|_| "it is before 1970".to_owned())?;
    Ok(Timestamp::from_secs(seconds))
}

fn protocol(text: &str) -> Result<Protocol, String> {
    let named = PROTOCOLS.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|&(_, number)| number);
    named.or_else(|| text.parse().ok()).map(Protocol).ok_or_else(|| {
        let names: Vec<&str> = PROTOCOLS.iter().map(|&(name, _)| name).collect();
        format!("write a number from 0 to 255, or one of {}", names.join(", "))
    })
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("write `yes` or `no`".to_owned()),
    }
}
