//! Addresses, ports and services as people write them.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use jiff::civil::DateTime;

use super::diagnostic::quote;
use crate::flow::{self, Addr, Protocol};

/// Inclusive ranges of an address, a CIDR prefix or a range `IP-IP`, or what is wrong with it; `None` where the text
/// means to be something else.
pub(super) fn addresses(text: &str) -> Option<Result<Vec<(Addr, Addr)>, String>> {
    if !looks_like_address(text) {
        return None;
    }
    Some(match (text.split_once('-'), text.contains('/')) {
        (Some((low, high)), _) => address(low).and_then(|low| range(low, address(high)?)),
        (None, true) => prefix(text).and_then(prefix_ranges),
        (None, false) => address(text).and_then(|ip| range(ip, ip)),
    })
}

/// Whether a text can only mean an address: names have other letters.
fn looks_like_address(text: &str) -> bool {
    text.contains(['.', ':', '/'])
        && text.contains(|c: char| c.is_ascii_digit() || c == ':')
        && text.chars().all(|c| c.is_ascii_hexdigit() || ".:/- ".contains(c))
}

/// A CIDR prefix, or an address as a prefix of its own. Host bits are cut off, as PAN-OS does.
pub(super) fn prefix(text: &str) -> Result<IpNet, String> {
    let Some((ip, len)) = text.split_once('/') else { return Ok(IpNet::from(address(text)?)) };
    let ip = address(ip)?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let len = len.trim().parse::<u8>().ok();
    let net = len.and_then(|len| IpNet::new(ip, len).ok());
    net.map(|net| net.trunc()).ok_or_else(|| format!("its prefix length must be a number from 0 to {most}"))
}

/// An address alone.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    let text = text.trim();
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => Err(format!("an IPv4 address is written {}", quote(&v4.to_string()))),
            None => Ok(v6.into()),
        },
        Ok(v4) => Ok(v4),
        Err(_) => Err(format!("{} is neither an IPv4 nor an IPv6 address", quote(text))),
    }
}

/// The ranges of a prefix. `::/0` and its like go around the block that stands for IPv4.
pub(super) fn prefix_ranges(net: IpNet) -> Result<Vec<(Addr, Addr)>, String> {
    range(net.network(), net.broadcast())
}

fn range(low: IpAddr, high: IpAddr) -> Result<Vec<(Addr, Addr)>, String> {
    if low.is_ipv4() != high.is_ipv4() {
        return Err("both ends of a range must be IPv4, or both IPv6".to_owned());
    }
    if low > high {
        return Err(format!("the range ends with {high}, before it starts with {low}"));
    }
    Ok(flow::ranges(low.into(), high.into()).collect())
}

/// A port list such as `80,8000-8080`.
pub(super) fn ports(text: &str) -> Result<Vec<(u16, u16)>, String> {
    text.split(',').map(port_range).collect()
}

fn port_range(text: &str) -> Result<(u16, u16), String> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let port = |text: &str| {
        let text = text.trim();
        text.parse::<u16>().map_err(|_| format!("{} is not a port from 0 to 65535", quote(text)))
    };
    let (low, high) = (port(low)?, port(high)?);
    if low > high {
        return Err(format!("the port range ends with {high}, before it starts with {low}"));
    }
    Ok((low, high))
}

/// A service such as `tcp/80,8000-8080`.
pub(super) fn service(text: &str) -> Result<(Protocol, Vec<(u16, u16)>), String> {
    let (protocol, list) = text.split_once('/').ok_or("it has no protocol")?;
    Ok((self::protocol(protocol)?, ports(list)?))
}

/// `tcp` or `udp`: there are no services of other protocols (PANOS.md 2.12).
pub(super) fn protocol(text: &str) -> Result<Protocol, String> {
    match text.trim() {
        "tcp" => Ok(Protocol::TCP),
        "udp" => Ok(Protocol::UDP),
        other => Err(format!("the protocol of a service is `tcp` or `udp`, not {}", quote(other))),
    }
}

/// A wildcard address `ADDRESS/MASK`: both as numbers, where bits set in the mask may be anything.
pub(super) fn wildcard(text: &str) -> Result<(u32, u32), String> {
    let part = |text: &str| {
        let part = text.trim().parse::<Ipv4Addr>();
        part.map(u32::from).map_err(|_| format!("{} is no IPv4 address", quote(text)))
    };
    let (address, mask) = text.split_once('/').ok_or("there is no mask behind a `/`")?;
    Ok((part(address)?, part(mask)?))
}

/// The times of a day `hh:mm-hh:mm`, in minutes from midnight.
pub(super) fn daytime(text: &str) -> Result<(u16, u16), String> {
    let minutes = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
        // The end of the day may be written 24:00.
        match (hour, minute) {
            (24, 0) => Some(24 * 60 - 1),
            (0..24, 0..60) => Some(hour * 60 + minute),
            _ => None,
        }
    };
    let times = text.split_once('-').and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
    times.ok_or_else(|| format!("{} are no times of a day such as `08:00-17:00`", quote(text)))
}

/// A period `YYYY/MM/DD@hh:mm-YYYY/MM/DD@hh:mm`, by the firewall's own clock.
pub(super) fn period(text: &str) -> Result<(DateTime, DateTime), String> {
    let time = |text: &str| DateTime::strptime("%Y/%m/%d@%H:%M", text.trim()).ok();
    let times = text.split_once('-').and_then(|(from, to)| Some((time(from)?, time(to)?)));
    match times {
        Some((from, to)) if from <= to => Ok((from, to)),
        Some(_) => Err(format!("{} ends before it starts", quote(text))),
        None => Err(format!("{} is no period such as `2026/11/20@08:00-2026/11/21@17:00`", quote(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match addresses(text) {
            None => "a name".to_owned(),
            Some(Err(wrong)) => wrong,
            Some(Ok(ranges)) => {
                ranges.iter().map(|(low, high)| format!("{low}-{high}")).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn addresses_as_people_write_them() {
        for (text, meaning) in [
            ("192.0.2.7", "192.0.2.7-192.0.2.7"),
            ("192.0.2.0/30", "192.0.2.0-192.0.2.3"),
            ("192.0.2.2/30", "192.0.2.0-192.0.2.3"),
            ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
            ("192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"),
            ("192.0.2.1 - 192.0.2.9", "192.0.2.1-192.0.2.9"),
            ("2001:db8::1", "2001:db8::1-2001:db8::1"),
            ("2001:db8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            // IPv4 is no part of ::/0.
            ("::/0", "::-::fffe:ffff:ffff ::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            // Nor of the longer prefix that ends with it.
            ("::/80", "::-::fffe:ffff:ffff"),
            ("partners", "a name"),
            ("host-10.1", "a name"),
            ("example.org", "a name"),
            ("face", "a name"),
            ("192.0.2.300", "`192.0.2.300` is neither an IPv4 nor an IPv6 address"),
            ("192.0.2.0/33", "its prefix length must be a number from 0 to 32"),
            ("192.0.2.0/255.255.255.0", "its prefix length must be a number from 0 to 32"),
            ("2001:db8::/129", "its prefix length must be a number from 0 to 128"),
            ("192.0.2.9-192.0.2.1", "the range ends with 192.0.2.1, before it starts with 192.0.2.9"),
            ("192.0.2.9-2001:db8::1", "both ends of a range must be IPv4, or both IPv6"),
            ("::ffff:192.0.2.1", "an IPv4 address is written `192.0.2.1`"),
        ] {
            assert_eq!(shown(text), meaning, "{text}");
        }
    }

    #[test]
    fn services_as_people_write_them() {
        for (text, meaning) in [
            ("tcp/80", Ok((Protocol::TCP, vec![(80, 80)]))),
            ("udp/53,1024-65535", Ok((Protocol::UDP, vec![(53, 53), (1_024, 65_535)]))),
            ("tcp/ 80 , 443 ", Ok((Protocol::TCP, vec![(80, 80), (443, 443)]))),
            ("80", Err("it has no protocol")),
            ("icmp/8", Err("the protocol of a service is `tcp` or `udp`, not `icmp`")),
            ("tcp/65536", Err("`65536` is not a port from 0 to 65535")),
            ("tcp/", Err("`` is not a port from 0 to 65535")),
            ("tcp/9-1", Err("the port range ends with 1, before it starts with 9")),
        ] {
            assert_eq!(service(text), meaning.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn times_as_people_write_them() {
        assert_eq!(daytime("08:00-17:30"), Ok((480, 1_050)));
        assert_eq!(daytime("00:00-24:00"), Ok((0, 1_439)));
        for text in ["08:00", "8-9", "24:01-01:00", "08:60-09:00", "-1:00-02:00", ""] {
            let wrong = format!("`{text}` are no times of a day such as `08:00-17:00`");
            assert_eq!(daytime(text), Err(wrong));
        }
        let (from, to) = period("2026/11/20@08:00-2026/11/21@17:00").unwrap();
        assert_eq!(
            (from.to_string(), to.to_string()),
            ("2026-11-20T08:00:00".into(), "2026-11-21T17:00:00".into())
        );
        assert!(period("2026/11/21@08:00-2026/11/20@17:00").unwrap_err().contains("ends before it starts"));
        assert!(period("2026/13/21@08:00-2026/11/20@17:00").unwrap_err().contains("is no period"));
    }

    #[test]
    fn wildcards_as_people_write_them() {
        assert_eq!(wildcard("10.0.0.1/0.0.255.0"), Ok((0x0a00_0001, 0xff00)));
        assert_eq!(wildcard("10.0.0.1"), Err("there is no mask behind a `/`".to_owned()));
        assert_eq!(wildcard("10.0.0.1/24"), Err("`24` is no IPv4 address".to_owned()));
    }
}
