//! What needs no payload: ICMP and the other IP protocols are told by the header alone (PANOS.md 0.3a, 2.12).

use std::net::IpAddr;

use super::{AppId, Catalog, IcmpType, TRACEROUTE_TTL_MAX};
use crate::flow::{Addr, Protocol};
use crate::packet::{Layer4, Packet};

/// Applications that need no payload.
#[derive(Debug, Clone)]
pub(super) struct Headers {
    ping: Option<AppId>,
    traceroute: Option<AppId>,
    icmp: Option<AppId>,

    ipv6_icmp: Option<AppId>,
    protocols: [Option<AppId>; 256],
    /// Custom applications come before all of them (PANOS.md 2.8).
    custom_icmp: Vec<(IcmpType, AppId)>,
    custom_by_protocol: Vec<((u8, u8), AppId)>,
}

impl Headers {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let mut protocols = [None; 256];
        let (mut custom_icmp, mut custom_by_protocol) = (Vec::new(), Vec::new());
        for (id, application) in catalog.iter() {
            if application.custom {
                custom_icmp.extend(application.icmp_types.iter().map(|&kind| (kind, id)));
                custom_by_protocol.extend(application.ports.ip_protocols.iter().map(|&range| (range, id)));
                continue;
            }
            for &(low, high) in &application.ports.ip_protocols {
                for entry in protocols.get_mut(usize::from(low)..=usize::from(high)).into_iter().flatten() {
                    entry.get_or_insert(id);
                }
            }
        }
        let named = |name| catalog.find(name);
        Self {
            ping: named("ping"),
            traceroute: named("traceroute"),
            icmp: named("icmp"),
            ipv6_icmp: named("ipv6-icmp"),
            protocols,
            custom_icmp,
            custom_by_protocol,
        }
    }

    /// The application of a packet that needs no payload to tell it: ICMP and the other IP protocols
    /// (PANOS.md 0.3a, 2.12). `None` for TCP and UDP. A custom application that is told by ICMP type or IP protocol
    /// comes before the predefined ones (PANOS.md 2.8; that it does is assumed).
    ///
    /// An echo request that arrives with a time to live of at most [`TRACEROUTE_TTL_MAX`] is `traceroute`, as a UDP
    /// probe is: hosts send theirs with 64 or more, and no path is so long that little is left. (That the threshold
    /// holds for ICMP as well is assumed.) What goes to a multicast group has a low time to live by right (RFC 1112,
    /// 6.1) and is `ping`; so is an echo reply, which tells nothing of the request.
    pub(super) fn told(&self, packet: &Packet<'_>) -> Option<AppId> {
        let protocol = packet.ip.protocol;
        let kind = match packet.layer4 {
            Layer4::Icmp(icmp) => Some((icmp.kind, icmp.code)),
            Layer4::Other(_) => None,
            _ => return None,
        };
        if let Some(app) = self.custom(protocol, kind) {
            return Some(app);
        }
        match kind {
            Some((0 | 8, _)) if protocol == Protocol::ICMP => {
                let is_probe = matches!(kind, Some((8, _)))
                    && packet.ip.ttl <= TRACEROUTE_TTL_MAX
                    && !is_multicast(packet.ip.dst);
                if is_probe { self.traceroute } else { self.ping }
            }
            Some(_) if protocol == Protocol::ICMP => self.icmp,
            Some(_) => self.ipv6_icmp,
            None => self.protocols.get(usize::from(protocol.0)).copied().flatten(),
        }
    }

    /// The application of a protocol's ordinary packet, which needs no payload to tell it: of ICMP an echo request.
    /// `None` for TCP and UDP.
    pub(super) fn by_protocol(&self, protocol: Protocol) -> Option<AppId> {
        match protocol {
            Protocol::ICMP => self.ping,
            Protocol::ICMPV6 => self.ipv6_icmp,
            Protocol(number) => self.protocols.get(usize::from(number)).copied().flatten(),
        }
    }

    /// The custom application of an IP protocol, and for ICMP of a type and code.
    fn custom(&self, protocol: Protocol, kind: Option<(u8, u8)>) -> Option<AppId> {
        let by_type = kind.and_then(|(kind, code)| {
            self.custom_icmp.iter().find(|(icmp, _)| {
                icmp.protocol == protocol && icmp.kind == kind && icmp.code.is_none_or(|own| own == code)
            })
        });
        let by_protocol = || {
            self.custom_by_protocol.iter().find(|((low, high), _)| *low <= protocol.0 && protocol.0 <= *high)
        };
        by_type.map(|&(_, app)| app).or_else(|| by_protocol().map(|&(_, app)| app))
    }
}

fn is_multicast(address: Addr) -> bool {
    IpAddr::from(address).is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Application, Identifier, Ports};
    use crate::flow::Arrival;
    use crate::packet::{Checksum, IcmpMessage, IpHeader, Payload};

    /// The application of an IPv4 packet's header: protocol, ICMP type, time to live, destination.
    fn by_header(protocol: u8, kind: u8, ttl: u8, dst: [u8; 4]) -> Option<String> {
        header(&Catalog::builtin().unwrap(), protocol, (kind, 0), ttl, dst)
    }

    fn header(
        catalog: &Catalog,
        protocol: u8,
        (kind, code): (u8, u8),
        ttl: u8,
        dst: [u8; 4],
    ) -> Option<String> {
        let protocol = Protocol(protocol);
        let payload = Payload::default();
        let message = IcmpMessage { kind, code, rest: [0; 4], payload };
        let packet = Packet {
            number: 1,
            fragments: &[],
            wire_len: 60,
            arrival: Arrival::default(),
            ip: IpHeader { protocol, ttl, dst: Addr::v4(dst), ..IpHeader::default() },
            layer4: if protocol.is_icmp() { Layer4::Icmp(message) } else { Layer4::Other(payload) },
            checksum: Checksum::Unknown,
            datagram: &[],
        };
        Identifier::new(catalog).by_header(&packet).map(|app| catalog.name(app).to_owned())
    }

    #[test]
    fn headers_tell_what_has_no_payload() {
        const HOST: [u8; 4] = [192, 0, 2, 1];
        const GROUP: [u8; 4] = [224, 0, 0, 1];
        for (protocol, kind, ttl, dst, app) in [
            (1, 8, 64, HOST, "ping"),
            (1, 8, 31, HOST, "ping"),
            (1, 8, 30, HOST, "traceroute"),
            (1, 8, 1, GROUP, "ping"),
            (1, 0, 3, HOST, "ping"),
            (1, 11, 1, HOST, "icmp"),
            (58, 128, 1, HOST, "ipv6-icmp"),
            (2, 0, 1, GROUP, "igmp"),
            (47, 0, 64, HOST, "gre"),
            (50, 0, 64, HOST, "ipsec-esp"),
            (51, 0, 64, HOST, "ipsec-ah"),
            (89, 0, 1, GROUP, "ospf"),
            (200, 0, 64, HOST, "unassigned-ip-prot"),
        ] {
            assert_eq!(by_header(protocol, kind, ttl, dst).as_deref(), Some(app), "{protocol} {kind} {ttl}");
        }
    }

    #[test]
    fn custom_applications_come_before_predefined_ones() {
        let mut catalog = Catalog::builtin().unwrap();
        let mut custom = |name: &str, protocols: &[(u8, u8)], icmp: &[(Protocol, u8, Option<u8>)]| {
            let icmp_types = icmp.iter().map(|&(protocol, kind, code)| IcmpType { protocol, kind, code });
            let ports = Ports { ip_protocols: protocols.to_vec(), ..Ports::default() };
            let icmp_types = icmp_types.collect();
            catalog.insert(Application {
                name: name.to_owned(),
                custom: true,
                ports,
                icmp_types,
                ..Application::default()
            });
        };
        custom("my-gre", &[(47, 47)], &[]);
        custom("my-echo", &[], &[(Protocol::ICMP, 8, None)]);
        custom("too-big", &[], &[(Protocol::ICMP, 3, Some(4))]);
        custom("my-nd", &[], &[(Protocol::ICMPV6, 135, None)]);
        for (protocol, kind, app) in [
            (47, (0, 0), "my-gre"),
            (50, (0, 0), "ipsec-esp"),
            (1, (8, 0), "my-echo"),
            (1, (0, 0), "ping"),
            (1, (3, 4), "too-big"),
            (1, (3, 3), "icmp"),
            (58, (135, 0), "my-nd"),
            (58, (8, 0), "ipv6-icmp"),
        ] {
            let found = header(&catalog, protocol, kind, 64, [192, 0, 2, 1]);
            assert_eq!(found.as_deref(), Some(app), "{protocol} {kind:?}");
        }
    }
}
