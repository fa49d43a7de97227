//! Community ID version 1, seed 0: one short text for a flow that other tools compute as well
//! (<https://github.com/corelight/community-id-spec>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::inline::Inline;
use crate::flow::{Addr, FlowKey, Protocol};

/// The Community ID of a flow: `1:` and 28 characters.
pub(super) type CommunityId = Inline<30>;

/// Stream Control Transmission Protocol: it has ports, but the flow key does not hold them.
const SCTP: Protocol = Protocol(132);

/// The ID of a session with this key; `None` where the key does not hold what the ID is made of.
///
/// For ICMP that is the message's type and code. The key holds identifier and sequence number instead, so only an echo
/// can be told: `echo` says so for ICMP, and ICMPv6 takes none but echoes apart by identifier and sequence number.
pub(super) fn community_id(key: &FlowKey, echo: bool) -> Option<CommunityId> {
    let ports = match key.protocol {
        Protocol::TCP | Protocol::UDP => Some((key.sport, key.dport)),
        Protocol::ICMP if echo => Some((8, 0)),
        Protocol::ICMPV6 if (key.sport, key.dport) != (0, 0) => Some((128, 129)),
        Protocol::ICMP | Protocol::ICMPV6 | SCTP => return None,
        _ => None,
    };
    Some(hash(key.src, key.dst, key.protocol, ports))
}

fn hash(src: Addr, dst: Addr, protocol: Protocol, ports: Option<(u16, u16)>) -> CommunityId {
    let (sport, dport) = ports.unwrap_or_default();
    let ends = [(src, sport), (dst, dport)];
    let [low, high] = if ends[0] <= ends[1] { ends } else { [ends[1], ends[0]] };
    let mut sha1 = Sha1::new_with_prefix([0, 0]);
    for (addr, _) in [low, high] {
        let bytes = addr.bits().to_be_bytes();
        // An IPv4 address is the last four of the sixteen bytes.
        let (_, v4) = bytes.split_at(12);
        sha1.update(if addr.is_v4() { v4 } else { &bytes });
    }
    sha1.update([protocol.0, 0]);
    if ports.is_some() {
        sha1.update(low.1.to_be_bytes());
        sha1.update(high.1.to_be_bytes());
    }
    let mut text = [0; 28];
    let len = STANDARD.encode_slice(sha1.finalize(), &mut text).unwrap_or(0);
    let mut id = Inline::default();
    id.push(b"1:");
    id.push(text.get(..len).unwrap_or_default());
    id
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::flow::ZoneId;

    /// The specification's own examples, and its reference implementation's.
    #[test]
    fn vectors() {
        let cases = [
            (6, "128.232.110.120", 34_855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            (17, "192.168.1.52", 54_585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
            (6, "2001:db8::1", 443, "2001:db8::2", 51_000, "1:2TiKiiiSIuDma9IxOEOpx4wCXWM="),
            (6, "10.0.0.1", 10, "10.0.0.2", 11_569, "1:SXBGMX1lBOwhhoDrZynfROxnhnM="),
            (6, "192.168.1.42", 42, "192.168.1.42", 41, "1:eRcf7I/xocOxnYo5pbJBV5NhVm0="),
            // An echo with identifier 77 and sequence number 1.
            (1, "192.168.0.89", 77, "192.168.0.1", 1, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
            // RSVP: no ports at all.
            (46, "1.2.3.4", 0, "5.6.7.8", 0, "1:ikv3kmf89luf73WPz1jOs49S768="),
        ];
        for (protocol, src, sport, dst, dport, expected) in cases {
            let addr = |text: &str| text.parse::<IpAddr>().unwrap().into();
            let key = FlowKey {
                src: addr(src),
                dst: addr(dst),
                sport,
                dport,
                protocol: Protocol(protocol),
                zone: ZoneId(0),
            };
            assert_eq!(community_id(&key, true).unwrap().as_str(), expected);
            if protocol != 1 {
                assert_eq!(community_id(&key.reply(ZoneId(1)), true).unwrap().as_str(), expected);
            }
        }
    }

    #[test]
    fn some_keys_do_not_tell() {
        let key = FlowKey {
            src: Addr::v4([1; 4]),
            dst: Addr::v4([2; 4]),
            sport: 0,
            dport: 0,
            protocol: Protocol::ICMP,
            zone: ZoneId(0),
        };
        assert!(community_id(&key, false).is_none());
        assert!(community_id(&FlowKey { protocol: Protocol::ICMPV6, ..key }, false).is_none());
        assert!(community_id(&FlowKey { protocol: SCTP, ..key }, false).is_none());
    }
}
