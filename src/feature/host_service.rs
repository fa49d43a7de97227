//! Traffic to the firewall itself: what the management profile of an interface permits (PANOS.md 9, 4.3).
//!
//! A service is told by its port alone, as the firewall listens there. What a management profile does not speak of
//! (IKE and IPsec, routing protocols, DHCP, DNS, ICMP other than echo) is configured elsewhere and is let through here.
//! Everything else is refused: nothing listens (assumed).

use std::net::IpAddr;

use ipnet::IpNet;

use crate::flow::{Addr, InterfaceId, Protocol};

/// What the firewall is to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum HostAccess {
    /// On its way: the packets go on to somebody else.
    #[default]
    None,
    /// Its end: the service is permitted.
    Allowed,
    /// Its end, and the service is refused.
    Refused,
}

impl HostAccess {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Allowed, Self::Refused];
}

/// A service of a management profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostService {
    /// Echo requests.
    Ping,
    /// TCP 22.
    Ssh,
    /// TCP 23.
    Telnet,
    /// TCP 80.
    Http,
    /// TCP 80 as well: the responder for certificate status.
    HttpOcsp,
    /// TCP 443.
    Https,
    /// UDP 161.
    Snmp,
    /// TCP 6080 to 6082: the pages of the authentication portal.
    ResponsePages,
    /// TCP 5007: redistribution of user mappings.
    UseridService,
    /// TCP 6514: syslog with user mappings, over TLS.
    UseridSyslogListenerSsl,
    /// UDP 514: syslog with user mappings.
    UseridSyslogListenerUdp,
}

impl HostService {
    /// All of them, in PAN-OS's order of a profile's page.
    pub const ALL: [Self; 11] = [
        Self::Http,
        Self::Https,
        Self::Telnet,
        Self::Ssh,
        Self::Ping,
        Self::HttpOcsp,
        Self::Snmp,
        Self::ResponsePages,
        Self::UseridService,
        Self::UseridSyslogListenerSsl,
        Self::UseridSyslogListenerUdp,
    ];

    /// PAN-OS's key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Ssh => "ssh",
            Self::Telnet => "telnet",
            Self::Http => "http",
            Self::HttpOcsp => "http-ocsp",
            Self::Https => "https",
            Self::Snmp => "snmp",
            Self::ResponsePages => "response-pages",
            Self::UseridService => "userid-service",
            Self::UseridSyslogListenerSsl => "userid-syslog-listener-ssl",
            Self::UseridSyslogListenerUdp => "userid-syslog-listener-udp",
        }
    }

    /// Whether a first packet is for it.
    fn is_meant(self, protocol: Protocol, dport: u16) -> bool {
        match self {
            Self::Ping => protocol.is_icmp(),
            Self::Snmp => protocol == Protocol::UDP && dport == 161,
            Self::UseridSyslogListenerUdp => protocol == Protocol::UDP && dport == 514,
            _ if protocol != Protocol::TCP => false,
            Self::Ssh => dport == 22,
            Self::Telnet => dport == 23,
            Self::Http | Self::HttpOcsp => dport == 80,
            Self::Https => dport == 443,
            Self::ResponsePages => (6_080..=6_082).contains(&dport),
            Self::UseridService => dport == 5_007,
            Self::UseridSyslogListenerSsl => dport == 6_514,
        }
    }
}

/// An interface management profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManagementProfile {
    /// Its name.
    pub name: String,
    /// What it permits.
    pub services: Vec<HostService>,
    /// Who may use them; empty is everybody.
    pub permitted: Vec<IpNet>,
}

/// The firewall's own addresses, and the profiles of their interfaces.
#[derive(Debug, Clone, Default)]
pub struct HostServices {
    /// Sorted; an address has the profile of its first interface.
    own: Vec<(Addr, InterfaceId)>,
    profiles: Vec<ManagementProfile>,
    /// Place of its profile, by interface.
    of: Vec<Option<usize>>,
}

/// A first packet to the firewall, as a profile sees it.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// Who asks.
    pub src: Addr,
    /// Which address is asked.
    pub dst: Addr,
    /// IP protocol.
    pub protocol: Protocol,
    /// Destination port; 0 without ports.
    pub dport: u16,
    /// Whether it is an echo request.
    pub is_echo: bool,
}

impl HostServices {
    /// Interfaces with their own addresses and the names of their profiles, in order of their numbers.
    pub fn new<'a>(
        interfaces: impl Iterator<Item = (&'a [IpNet], Option<&'a str>)>,
        profiles: Vec<ManagementProfile>,
    ) -> Self {
        let (mut own, mut of) = (Vec::new(), Vec::new());
        for (index, (addresses, profile)) in interfaces.enumerate() {
            let Some(id) = InterfaceId::new(index) else { break };
            own.extend(addresses.iter().map(|net| (Addr::from(net.addr()), id)));
            of.push(profile.and_then(|name| profiles.iter().position(|profile| profile.name == name)));
        }
        own.sort_unstable();
        own.dedup_by_key(|(addr, _)| *addr);
        Self { own, profiles, of }
    }

    /// What becomes of a new session to `visit.dst`.
    pub fn judge(&self, visit: &Visit) -> HostAccess {
        let Ok(at) = self.own.binary_search_by_key(&visit.dst, |&(addr, _)| addr) else {
            return HostAccess::None;
        };
        if is_elsewhere(visit) {
            return HostAccess::Allowed;
        }
        let profile = self.own.get(at).and_then(|&(_, interface)| self.profile(interface));
        if profile.is_some_and(|profile| profile.permits(visit)) {
            HostAccess::Allowed
        } else {
            HostAccess::Refused
        }
    }

    /// The profile of an interface.
    pub fn profile(&self, interface: InterfaceId) -> Option<&ManagementProfile> {
        self.profiles.get(self.of.get(interface.index()).copied().flatten()?)
    }

    /// The firewall's own addresses in order, with what they offer.
    pub fn by_address(&self) -> Vec<(Addr, Option<&ManagementProfile>)> {
        self.own.iter().map(|&(addr, interface)| (addr, self.profile(interface))).collect()
    }
}

impl ManagementProfile {
    fn permits(&self, visit: &Visit) -> bool {
        let src = IpAddr::from(visit.src);
        let welcome = self.permitted.is_empty() || self.permitted.iter().any(|net| net.contains(&src));
        welcome && self.services.iter().any(|service| service.is_meant(visit.protocol, visit.dport))
    }
}

/// What no management profile speaks of.
const fn is_elsewhere(visit: &Visit) -> bool {
    match visit.protocol {
        Protocol::TCP => matches!(visit.dport, 53 | 179),
        Protocol::UDP => matches!(
            visit.dport,
            53 | 67 | 68 | 500 | 520 | 521 | 546 | 547 | 3_784 | 3_785 | 4_500 | 4_501 | 4_784
        ),
        Protocol::ICMP | Protocol::ICMPV6 => !visit.is_echo,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services() -> HostServices {
        let profile = ManagementProfile {
            name: "inside".to_owned(),
            services: vec![HostService::Ping, HostService::Ssh, HostService::Snmp],
            permitted: vec!["10.0.0.0/8".parse().unwrap()],
        };
        let inside: Vec<IpNet> = vec!["10.1.1.1/24".parse().unwrap(), "2001:db8::1/64".parse().unwrap()];
        let outside: Vec<IpNet> = vec!["198.51.100.1/24".parse().unwrap()];
        let interfaces = [(inside.as_slice(), Some("inside")), (outside.as_slice(), None)];
        HostServices::new(interfaces.into_iter(), vec![profile])
    }

    #[test]
    fn profiles() {
        use HostAccess::{Allowed, None, Refused};
        let (tcp, udp, icmp) = (Protocol::TCP, Protocol::UDP, Protocol::ICMP);
        for (src, dst, protocol, dport, is_echo, access) in [
            ("10.9.9.9", "10.1.1.1", tcp, 22, false, Allowed),
            ("10.9.9.9", "10.1.1.1", tcp, 443, false, Refused),
            ("10.9.9.9", "10.1.1.1", udp, 161, false, Allowed),
            ("10.9.9.9", "10.1.1.1", udp, 22, false, Refused),
            ("10.9.9.9", "10.1.1.1", icmp, 0, true, Allowed),
            ("192.0.2.1", "10.1.1.1", icmp, 0, true, Refused),
            ("192.0.2.1", "10.1.1.1", icmp, 0, false, Allowed),
            ("10.9.9.9", "10.1.1.2", tcp, 443, false, None),
            ("10.9.9.9", "198.51.100.1", tcp, 22, false, Refused),
            ("10.9.9.9", "198.51.100.1", udp, 500, false, Allowed),
            ("10.9.9.9", "198.51.100.1", Protocol(50), 0, false, Allowed),
            ("2001:db8::9", "2001:db8::1", tcp, 22, false, Refused),
        ] {
            let [src, dst] = [src, dst].map(|text| Addr::from(text.parse::<IpAddr>().unwrap()));
            let visit = Visit { src, dst, protocol, dport, is_echo };
            assert_eq!(services().judge(&visit), access, "{visit:?}");
        }
    }
}
