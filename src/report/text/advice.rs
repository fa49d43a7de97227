//! What would close a leak, in the words of the rulebase.

use std::collections::BTreeSet;

use crate::app::{AppId, Application, Catalog, Ports};
use crate::config::World;
use crate::flow::Protocol;
use crate::policy::{ApplicationMatch, Rule, RuleId, ServiceMatch};
use crate::report::style::{count, grouped};
use crate::report::wrap;
use crate::report::{Leak, escape};

/// A change to a rule, and what it does.
pub(super) struct Advice {
    /// A line for the rule in the rulebase; `None` where no single line does it.
    pub(super) change: Option<&'static str>,
    /// Sentences for people.
    pub(super) why: String,
}

/// So many ports or names are told one by one.
const TOLD: usize = 6;

/// What would close the leak of `rule`.
pub(super) fn advice(world: &World, id: RuleId, leak: &Leak) -> Advice {
    let rule = world.policy.rule(id);
    let is_default = id.0 as usize >= world.policy.user_rules();
    match (&rule.application, &rule.service) {
        _ if is_default => Advice {
            change: None,
            why: format!(
                "`{}` lets everything begin that no other rule decides, until App-ID knows better. End the rulebase \
                 with a rule that blocks `any`, and allow above it what is meant",
                rule.name
            ),
        },
        (ApplicationMatch::Any, ServiceMatch::Any) => Advice {
            change: None,
            why: "A rule above it blocks these applications, but only once they are known. Name the services that \
                  this rule is meant for instead of `any`"
                .to_owned(),
        },
        (ApplicationMatch::Any, ServiceMatch::ApplicationDefault) => Advice {
            change: None,
            why: "With application `any`, `application-default` admits every port until the application is known. \
                  Name the applications, or the services"
                .to_owned(),
        },
        (ApplicationMatch::Applications { members, .. }, ServiceMatch::Any) => {
            Members { catalog: &world.catalog, members }.against_any(leak)
        }
        (ApplicationMatch::Applications { members, .. }, ServiceMatch::ApplicationDefault) => {
            Members { catalog: &world.catalog, members }.against_default(leak)
        }
        (_, ServiceMatch::Services(_)) => against_services(rule, leak),
    }
}

/// The applications of a rule, their implicit ones included where ports are concerned.
struct Members<'a> {
    catalog: &'a Catalog,
    members: &'a [AppId],
}

impl<'a> Members<'a> {
    /// `service = "any"`: the default ports would do, unless one of the applications has no fixed ones.
    fn against_any(&self, leak: &Leak) -> Advice {
        let (sessions, _) = leak.not_allowed();
        let closed = self.closed(leak);
        let dynamic = self.dynamic(leak);
        if closed == 0 {
            let why = match names(&dynamic) {
                Some(names) => format!(
                    "`application-default` would not help: {names} may use any port. Name the services that are meant"
                ),
                None => {
                    "All of these ports are default ports of its applications: only a narrower `source` or \
                         `destination` closes this"
                        .to_owned()
                }
            };
            return Advice { change: None, why };
        }
        let left = match (sessions - closed, names(&dynamic)) {
            (0, _) => String::new(),
            (left, Some(names)) => {
                format!("; {names} may use any port and would still admit the other {}", grouped(left))
            }
            (left, None) => format!("; the other {} came to default ports", grouped(left)),
        };
        Advice {
            change: Some("service = \"application-default\""),
            why: format!(
                "The rule then admits {} only, and {} would have been refused at the first packet{left}",
                self.default_ports(),
                if closed == sessions {
                    format!("all {}", count(sessions, "session"))
                } else {
                    format!("{} of {}", grouped(closed), count(sessions, "session"))
                },
            ),
        }
    }

    /// `service = "application-default"`: the default ports themselves let it through.
    fn against_default(&self, leak: &Leak) -> Advice {
        let dynamic = self.dynamic(leak);
        if let Some(names) = names(&dynamic) {
            let why = format!(
                "The service is `application-default` already, but {names} may use any port. Name the services \
                 that are meant, or give {} a rule with a narrower `source` or `destination`",
                if dynamic.len() == 1 { "it" } else { "them" }
            );
            return Advice { change: None, why };
        }
        let ports = leak.ports().into_iter().filter(|(_, sessions)| sessions.not_allowed > 0);
        let doors: Vec<String> = ports
            .filter_map(|(port, _)| {
                let owner =
                    self.all().find(|app| app.ports.contain(port.protocol, port.number.unwrap_or(0)))?;
                Some(format!("{port} is a default port of `{}`", owner.name))
            })
            .take(TOLD)
            .collect();
        Advice {
            change: None,
            why: format!(
                "The service is `application-default` already: {}. Only a narrower `source` or `destination` closes \
                 this",
                doors.join(", ")
            ),
        }
    }

    /// Sessions that `application-default` would have refused.
    fn closed(&self, leak: &Leak) -> u64 {
        let ports = leak.ports().into_iter();
        ports
            .filter(|(port, _)| {
                !self.all().any(|app| app.ports.contain(port.protocol, port.number.unwrap_or(0)))
            })
            .map(|(_, sessions)| sessions.not_allowed)
            .sum()
    }

    /// Applications that admit every port of a protocol which leaked.
    fn dynamic(&self, leak: &Leak) -> Vec<&'a str> {
        let protocols: BTreeSet<Protocol> = leak
            .ports()
            .into_iter()
            .filter(|(_, sessions)| sessions.not_allowed > 0)
            .map(|(port, _)| port.protocol)
            .collect();
        let dynamic = |app: &&Application| protocols.iter().any(|&protocol| is_dynamic(&app.ports, protocol));
        self.all().filter(dynamic).map(|app| app.name.as_str()).collect()
    }

    /// The members, each with those it uses implicitly.
    fn all(&self) -> impl Iterator<Item = &'a Application> {
        let catalog = self.catalog;
        self.members.iter().filter_map(|&id| catalog.get(id)).flat_map(move |app| {
            std::iter::once(app).chain(app.implicit.iter().filter_map(|&id| catalog.get(id)))
        })
    }

    /// What `application-default` admits: `icmp, tcp/20-21`.
    fn default_ports(&self) -> String {
        let mut ports = BTreeSet::new();
        for app in self.all() {
            let Ports { tcp, udp, ip_protocols, icmp, icmp6, secure: _ } = &app.ports;
            ports.extend(icmp.then_some(("icmp", 0, 0)));
            ports.extend(icmp6.then_some(("ipv6-icmp", 0, 0)));
            ports.extend(tcp.iter().map(|&(low, high)| ("tcp/", low, high)));
            ports.extend(udp.iter().map(|&(low, high)| ("udp/", low, high)));
            let wide = |&(low, high): &(u8, u8)| ("IP protocol ", u16::from(low), u16::from(high));
            ports.extend(ip_protocols.iter().map(wide));
        }
        let print = |&(what, low, high): &(&str, u16, u16)| match (low, high) {
            (0, 0) => what.to_owned(),
            (low, high) if low == high => format!("{what}{low}"),
            (low, high) => format!("{what}{low}-{high}"),
        };
        let told: Vec<String> = ports.iter().take(TOLD).map(print).collect();
        joined(&told, ports.len())
    }
}

fn is_dynamic(ports: &Ports, protocol: Protocol) -> bool {
    let ranges = match protocol {
        Protocol::TCP => &ports.tcp,
        Protocol::UDP => &ports.udp,
        _ => return false,
    };
    ranges.contains(&(0, u16::MAX))
}

/// The services themselves let it through.
fn against_services(rule: &Rule, leak: &Leak) -> Advice {
    let ServiceMatch::Services(services) = &rule.service else {
        return Advice { change: None, why: String::new() };
    };
    let ports = leak.ports().into_iter().filter(|(_, sessions)| sessions.not_allowed > 0);
    let doors: BTreeSet<&str> = ports
        .filter_map(|(port, _)| {
            let number = port.number?;
            let within = |&(low, high): &(u16, u16)| low <= number && number <= high;
            let open = services
                .iter()
                .find(|service| service.protocol == port.protocol && service.ports.iter().any(within))?;
            Some(open.name.as_str())
        })
        .collect();
    let doors: Vec<&str> = doors.into_iter().collect();
    let named = names(&doors).unwrap_or_else(|| "its services".to_owned());
    Advice {
        change: None,
        why: format!(
            "{named} admits any application until it is known. Take out the services that nothing legitimate uses, \
             or narrow `source` or `destination`"
        ),
    }
}

/// Names in backticks, or `None` where there are none.
fn names(names: &[&str]) -> Option<String> {
    let told: Vec<String> = names.iter().take(TOLD).map(|name| format!("`{}`", escape::name(name))).collect();
    (!told.is_empty()).then(|| joined(&told, names.len()))
}

/// `a, b and c`, or `a, b and 3 more`.
fn joined(told: &[String], all: usize) -> String {
    match (told, all - told.len()) {
        ([one], 0) => one.clone(),
        ([before @ .., last], 0) => format!("{} and {last}", before.join(", ")),
        (told, more) => format!("{} and {more} more", told.join(", ")),
    }
}

impl Advice {
    /// The reason in lines of at most `width` columns.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        wrap::sentence(&format!("{}.", self.why), width)
    }
}
