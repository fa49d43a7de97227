//! The packet that an ICMP error is about.

use etherparse::{Ipv6ExtensionSlice, LaxIpSlice, ip_number as number};

use super::{IcmpMessage, IpHeader};
use crate::flow::{Addr, Protocol};

/// What an ICMP error quotes of the packet it is about, as that packet was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    /// Its IP header. Its time to live may be 0.
    pub ip: IpHeader,
    /// Its source port; for ICMP the identifier; 0 for other protocols.
    pub sport: u16,
    /// Its destination port; for ICMP the sequence number; 0 for other protocols.
    pub dport: u16,
}

impl IcmpMessage<'_> {
    /// Whether it is an error: destination unreachable, source quench, redirect, time exceeded or parameter problem
    /// (RFC 792; RFC 1122, 3.2.2), with `v6` destination unreachable, packet too big, time exceeded or parameter
    /// problem (RFC 4443, 3).
    pub const fn is_error(&self, v6: bool) -> bool {
        match v6 {
            false => matches!(self.kind, 3 | 4 | 5 | 11 | 12),
            true => matches!(self.kind, 1..=4),
        }
    }

    /// The packet that an error is about.
    ///
    /// `None` for other messages, where too little is quoted to tell (an error quotes at least the IP header and
    /// eight bytes), and for a fragment that is not the first.
    pub fn quoted(&self, v6: bool) -> Option<Quoted> {
        if !self.is_error(v6) {
            return None;
        }
        let (quoted, _) = LaxIpSlice::from_slice(self.payload.bytes).ok()?;
        let (src, dst, ttl) = match &quoted {
            LaxIpSlice::Ipv4(ip) if !v6 && ip.header().fragments_offset().value() == 0 => {
                let header = ip.header();
                (Addr::v4(header.source()), Addr::v4(header.destination()), header.ttl())
            }
            LaxIpSlice::Ipv6(ip) if v6 && !ip.is_payload_fragmented() => {
                let header = ip.header();
                (Addr::v6(header.source()), Addr::v6(header.destination()), header.hop_limit())
            }
            _ => return None,
        };
        let payload = quoted.payload();
        let protocol = if is_authenticated(&quoted) { number::AUTH } else { payload.ip_number };
        let (sport, dport) = match (protocol, payload.payload) {
            (number::TCP | number::UDP, [s0, s1, d0, d1, ..])
            | (number::ICMP | number::IPV6_ICMP, [_, _, _, _, s0, s1, d0, d1, ..]) => {
                (u16::from_be_bytes([*s0, *s1]), u16::from_be_bytes([*d0, *d1]))
            }
            (number::TCP | number::UDP | number::ICMP | number::IPV6_ICMP, _) => return None,
            _ => (0, 0),
        };
        let ip = IpHeader { src, dst, protocol: Protocol(protocol.0), ttl, ..IpHeader::default() };
        Some(Quoted { ip, sport, dport })
    }
}

/// Whether it has an authentication header, which is a protocol of its own here and not looked through.
fn is_authenticated(quoted: &LaxIpSlice<'_>) -> bool {
    match quoted {
        LaxIpSlice::Ipv4(ip) => ip.header().protocol() == number::AUTH,
        LaxIpSlice::Ipv6(ip) => ip
            .extensions()
            .clone()
            .into_iter()
            .any(|header| matches!(header, Ipv6ExtensionSlice::Authentication(_))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Payload;
    use crate::packet::build::Builder;

    fn error<'a>(kind: u8, quote: &'a [u8]) -> IcmpMessage<'a> {
        let payload = Payload { bytes: quote, len: quote.len() as u32 };
        IcmpMessage { kind, code: 0, rest: [0; 4], payload }
    }

    #[test]
    fn eight_bytes_above_the_ip_header_are_enough() {
        let (src, dst) = (Addr::v4([192, 0, 2, 1]), Addr::v4([198, 51, 100, 2]));
        let (src6, dst6) = (Addr::v6([0x20; 16]), Addr::v6([0x21; 16]));
        for (v6, header, packet, ports) in [
            (false, 20, Builder::new(src, dst).udp(5_000, 33_434, b"0123456789"), (5_000, 33_434)),
            (false, 20, Builder::new(src, dst).echo_request(7, 8, b""), (7, 8)),
            (false, 20, Builder::new(src, dst).other(Protocol(47), &[1; 8]), (0, 0)),
            (true, 40, Builder::new(src6, dst6).udp(5_000, 33_434, b"0123456789"), (5_000, 33_434)),
            (true, 40, Builder::new(src6, dst6).echo_request(7, 8, b""), (7, 8)),
        ] {
            let kind = if v6 { 3 } else { 11 };
            let quoted = error(kind, &packet[..header + 8]).quoted(v6).unwrap();
            assert_eq!((quoted.sport, quoted.dport), ports);
            assert_eq!((quoted.ip.src, quoted.ip.dst), if v6 { (src6, dst6) } else { (src, dst) });
            assert_eq!(error(kind, &packet).quoted(!v6), None, "the other version's packet");
            assert_eq!(error(if v6 { 128 } else { 8 }, &packet).quoted(v6), None, "no error");
            assert_eq!(error(kind, &packet[..header - 1]).quoted(v6), None, "too short");
        }
    }

    #[test]
    fn ports_are_only_in_the_first_fragment() {
        let mut packet = Builder::new(Addr::v4([192, 0, 2, 1]), Addr::v4([198, 51, 100, 2])).udp(5, 6, b"");
        packet[6] = 0x20;
        assert!(error(11, &packet).quoted(false).is_some());
        packet[7] = 2;
        assert_eq!(error(11, &packet).quoted(false), None);
    }
}
