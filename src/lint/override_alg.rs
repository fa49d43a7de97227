//! `override-disables-alg`: an application override where a gateway would have opened further connections.

use super::context::{Context, real_zones};
use super::words::{quote, tuple};
use super::{Finding, Kind, Severity};
use crate::feature::override_rule::OverrideRule;
use crate::flow::Protocol;
use crate::policy::space::{Block, Budget, GaveUp, Ranges, Side, Space, Stage};
use crate::policy::{Query, RuleId};

pub(super) const KIND: Kind = Kind {
    name: "override-disables-alg",
    severity: Severity::Warning,
    what: "An application-override rule that gives a custom application on the control port of a protocol that announces \
           further connections: FTP, TFTP, SIP, H.323, RTSP, MGCP, SCCP, MS-RPC, Oracle, IRC.",
    why: "Nothing reads the control connection then: no PORT and PASV, no SDP, no ports of endpoints. No connection is \
          expected because of it, so that each data connection needs a rule of its own (PANOS.md 2.7, 7). The vendor's \
          FTP article therefore gives the custom application the ports 20, 21 and everything above 1023, which opens all \
          of those ports to every application between those zones, where the gateway would open one at a time.",
    example: "[zones]\nlan = \"10.0.0.0/8\"\nweb = \"0.0.0.0/0\"\n\n[application.own-ftp]\ndefault-ports = \
              \"tcp/21\"\n\n[[application-override]]\nname = \"FTP\"\nfrom = \"lan\"\nto = \"web\"\nprotocol = \
              \"tcp\"\nport = \"21\"\napplication = \"own-ftp\"\n\n[[security]]\nname = \"FTP\"\nfrom = \"lan\"\nto = \
              \"web\"\napplication = \"own-ftp\"\naction = \"allow\"",
    cure: "Delete the override and allow the predefined application; or let the data ports in as well, knowing that they \
           are open to every application then.",
    run,
};

/// A protocol whose control connection announces others.
struct Gateway {
    app: &'static str,
    /// Where its servers are.
    control: &'static [(Protocol, u16)],
    /// Over what the announced connections run, and their lowest port: from the client to the server.
    data: (Protocol, u16),
    /// What is announced.
    announces: &'static str,
}

const fn gateway(
    app: &'static str,
    control: &'static [(Protocol, u16)],
    data: (Protocol, u16),
    announces: &'static str,
) -> Gateway {
    Gateway { app, control, data, announces }
}

const TCP: Protocol = Protocol::TCP;
const UDP: Protocol = Protocol::UDP;

/// A range of at most so many ports names what is in it.
const NARROW: u16 = 64;

/// Those of PANOS.md 7 and 2.7, and others whose connections begin inside another one. Control ports are those of the
/// catalog or IANA; endpoints of MS-RPC are Windows's dynamic ports.
const GATEWAYS: [Gateway; 11] = [
    gateway("ftp", &[(TCP, 21)], (TCP, 1_024), "PORT and PASV"),
    gateway("tftp", &[(UDP, 69)], (UDP, 1_024), "the port a transfer goes on with"),
    gateway("sip", &[(TCP, 5_060), (UDP, 5_060)], (UDP, 1_024), "the media in SDP"),
    gateway("rtsp", &[(TCP, 554)], (UDP, 1_024), "SETUP and its ports"),
    gateway("h.323", &[(TCP, 1_720), (UDP, 1_719)], (TCP, 1_024), "H.245 and media"),
    gateway("mgcp", &[(UDP, 2_427), (UDP, 2_727)], (UDP, 1_024), "the media in SDP"),
    gateway("sccp", &[(TCP, 2_000)], (UDP, 1_024), "media channels"),
    gateway("unistim", &[(UDP, 5_000)], (UDP, 1_024), "media channels"),
    gateway("msrpc", &[(TCP, 135)], (TCP, 49_152), "the ports of endpoints"),
    gateway("oracle", &[(TCP, 1_521)], (TCP, 1_024), "redirects"),
    gateway("irc", &[(TCP, 6_667)], (TCP, 1_024), "DCC"),
];

impl Gateway {
    /// The port of it that the rule takes, in a range of at most so many ports.
    fn taken_by(&self, rule: &OverrideRule, widest: u16) -> Option<u16> {
        let takes = |port| {
            let mut ranges = rule.ports.iter().filter(|(low, high)| high.saturating_sub(*low) < widest);
            ranges.any(|&(low, high)| (low..=high).contains(&port))
        };
        let mut ports =
            self.control.iter().filter(|&&(protocol, port)| protocol == rule.protocol && takes(port));
        ports.next().map(|&(_, port)| port)
    }

    /// `tcp/1024-65535`
    fn ports(&self) -> String {
        format!("{}/{}-65535", self.data.0, self.data.1)
    }

    fn service(&self) -> Ranges {
        Ranges::ports(self.data.0, (self.data.1, u16::MAX))
    }
}

/// What becomes of connections to the ports that a gateway would have opened.
enum Data {
    /// A rule denies such a one.
    Denied(RuleId, Query),
    /// Rules let all of them in, the first of which is this; and whether an override gives them their
    /// application.
    Open(RuleId, bool),
    /// There are none: the zones and addresses are of no session.
    None,
}

fn run(kind: &'static Kind, context: &Context<'_>, out: &mut Vec<Finding>) {
    for (id, rule) in (0u32..).map(RuleId).zip(context.world.overrides.rules()) {
        let application = context.world.catalog.get(rule.application);
        if !application.is_some_and(|application| application.custom) {
            continue;
        }
        let taken = taken(rule);
        if taken.is_empty() {
            continue;
        }
        match context.search(|budget| finding(kind, context, (id, rule), &taken, budget)) {
            Ok(found) => out.extend(found),
            Err(GaveUp) => context.undecided(&rule.name, kind),
        }
    }
}

/// The gateways that a rule switches off. Of a rule that names ports of some, those are told; what its wide ranges hold
/// besides only where it names none.
fn taken(rule: &OverrideRule) -> Vec<(&'static Gateway, u16)> {
    let within = |widest| {
        let taken = |gateway: &'static Gateway| Some((gateway, gateway.taken_by(rule, widest)?));
        GATEWAYS.iter().filter_map(taken).collect::<Vec<_>>()
    };
    let named = within(NARROW);
    if named.is_empty() { within(u16::MAX) } else { named }
}

/// A finding, unless a rule above takes all of the sessions.
fn finding(
    kind: &'static Kind,
    context: &Context<'_>,
    (id, rule): (RuleId, &OverrideRule),
    taken: &[(&Gateway, u16)],
    budget: &mut Budget,
) -> Result<Option<Finding>, GaveUp> {
    let own: Vec<Block> = context.overridden()?.of_rule(id).cloned().collect();
    let mut worst = None;
    for (gateway, _) in taken {
        let data = data(context, &own, gateway, budget)?;
        let is_worse = match (&worst, &data) {
            (_, Data::None) => false,
            (None, _) => true,
            (Some((_, Data::Open(..))), Data::Denied(..)) => true,
            _ => false,
        };
        if is_worse {
            worst = Some((*gateway, data));
        }
    }
    let Some((gateway, data)) = worst else { return Ok(None) };
    let name = quote(context.world.catalog.name(rule.application));
    let lost: Vec<String> = taken.iter().map(|(gateway, port)| lost(gateway, rule.protocol, *port)).collect();
    let ports = gateway.ports();
    let (state, cure) = match &data {
        Data::Denied(by, _) => (
            format!(
                "{ports} needs a rule of its own, and {} denies it",
                quote(&context.policy().rule(*by).name)
            ),
            format!(
                "delete the override and allow `{}`; or give {name}, the override and its rule {ports} as well, which \
                 opens these ports to every application",
                gateway.app
            ),
        ),
        Data::Open(by, given) => {
            let by = quote(&context.policy().rule(*by).name);
            let what = if *given {
                format!("{by} lets in whatever uses {ports}, named by an override")
            } else {
                format!("{by} lets in the first packets of every application on {ports}")
            };
            let cure = format!(
                "delete the override and allow `{}`, which opens one port at a time, and close {ports}",
                gateway.app
            );
            (what, cure)
        }
        Data::None => return Ok(None),
    };
    let message = format!("gives {name} where nothing reads {} any more: {state}", lost.join(", "));
    let mut finding = context.about_override(kind, rule, message, cure);
    match data {
        Data::Denied(by, query) => {
            finding.example = Some(tuple(context.world, &query));
            finding.related = vec![context.related(by, "denies the data ports")];
        }
        Data::Open(by, _) => finding.related = vec![context.related(by, "lets the data ports in")],
        Data::None => {}
    }
    Ok(Some(finding))
}

/// `PORT and PASV of ftp (tcp/21)`
fn lost(gateway: &Gateway, protocol: Protocol, port: u16) -> String {
    format!("{} of `{}` ({protocol}/{port})", gateway.announces, gateway.app)
}

/// What becomes of connections from the clients to the servers on the data ports.
fn data(
    context: &Context<'_>,
    own: &[Block],
    gateway: &Gateway,
    budget: &mut Budget,
) -> Result<Data, GaveUp> {
    let starts = Space::new(own.iter().map(|block| on_data_ports(block, gateway)).collect());
    let starts = starts.intersection(&real_zones(context.world));
    let overridden = context.overridden()?;
    let denies = |by| !context.policy().rule(by).action.is_allow();
    let mut open = None;
    for start in starts.blocks() {
        // With the application that an override gives.
        for given in overridden.to_application().iter().filter(|given| given.meets(start)) {
            let given = given.intersection(start);
            if let Some((query, by)) = context.answered_by(&given, Stage::Identified, denies, budget)? {
                return Ok(Data::Denied(by, query));
            }
            let lookup = given.example().map(|query| context.policy().lookup(&query));
            open = open.or_else(|| lookup.map(|lookup| Data::Open(lookup.rule, true)));
        }
        // With none yet.
        let rest = Space::new(vec![start.clone()]).difference(overridden.whole(), budget)?;
        for block in rest.blocks() {
            let block = block.clone().with(Side::Application, Ranges::unknown_application());
            if let Some((query, by)) = context.answered_by(&block, Stage::FirstPacket, denies, budget)? {
                return Ok(Data::Denied(by, query));
            }
            let lookup = block.example().map(|query| context.policy().lookup(&query));
            open = open.or_else(|| lookup.map(|lookup| Data::Open(lookup.rule, false)));
        }
    }
    Ok(open.unwrap_or(Data::None))
}

/// The same zones and addresses on the data ports, whatever the application.
fn on_data_ports(block: &Block, gateway: &Gateway) -> Block {
    let block = block.clone().with(Side::Application, Side::Application.all());
    block.with(Side::SourcePort, Side::SourcePort.all()).with(Side::Service, gateway.service())
}
