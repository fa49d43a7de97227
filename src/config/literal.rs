//! Addresses, ports and zones as people write them.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::flow::{Addr, Protocol};

/// The block of IPv4 addresses within the 128-bit form of [`Addr`].
const MAPPED: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

/// Inclusive ranges of an address, a CIDR prefix or a range `IP-IP`.
///
/// # Errors
/// With what is wrong, where the text means one of these but is not sound; `None` where it is something else.
pub(super) fn addresses(text: &str) -> Option<Result<Vec<(Addr, Addr)>, String>> {
    let text = text.trim();
    if let Some((low, high)) = text.split_once('-') {
        let (low, high) = (low.trim().parse::<IpAddr>().ok()?, high.trim().parse::<IpAddr>().ok());
        return Some(
            high.ok_or_else(|| "the range has no upper end".to_owned()).and_then(|high| range(low, high)),
        );
    }
    if let Some((ip, len)) = text.split_once('/') {
        let ip = ip.parse::<IpAddr>().ok()?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let net = len.parse::<u8>().ok().and_then(|len| IpNet::new(ip, len).ok());
        return Some(net.ok_or_else(|| format!("the prefix length goes from 0 to {most}")).and_then(prefix));
    }
    let ip = text.parse::<IpAddr>().ok()?;
    Some(range(ip, ip))
}

/// The ranges of a prefix: `::/0` and its like go around the block that stands for IPv4.
pub(super) fn prefix(net: IpNet) -> Result<Vec<(Addr, Addr)>, String> {
    range(net.network(), net.broadcast())
}

fn range(low: IpAddr, high: IpAddr) -> Result<Vec<(Addr, Addr)>, String> {
    if low.is_ipv4() != high.is_ipv4() {
        return Err("a range is either IPv4 or IPv6".to_owned());
    }
    if low > high {
        return Err(format!("the range ends ({high}) before it starts ({low})"));
    }
    let (low, high) = (Addr::from(low), Addr::from(high));
    if high.is_v4() == low.is_v4() && (low.bits() < MAPPED.0) == (high.bits() < MAPPED.0) {
        return Ok(vec![(low, high)]);
    }
    Ok(vec![(low, Addr::from_bits(MAPPED.0 - 1)), (Addr::from_bits(MAPPED.1 + 1), high)])
}

/// A port list such as `80,8000-8080`.
pub(super) fn ports(text: &str) -> Result<Vec<(u16, u16)>, String> {
    text.split(',').map(|item| port_range(item.trim())).collect()
}

fn port_range(text: &str) -> Result<(u16, u16), String> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let port = |text: &str| {
        text.trim()
            .parse::<u16>()
            .map_err(|_| format!("{} is no port from 0 to 65535", super::diagnostic::quote(text)))
    };
    let (low, high) = (port(low)?, port(high)?);
    if low <= high {
        Ok((low, high))
    } else {
        Err(format!("the port range ends ({high}) before it starts ({low})"))
    }
}

/// A service such as `tcp/80,8000-8080`.
pub(super) fn service(text: &str) -> Result<(Protocol, Vec<(u16, u16)>), String> {
    let (protocol, list) =
        text.split_once('/').ok_or("a service is written `tcp/80,8000-8080` or `udp/53`")?;
    Ok((self::protocol(protocol)?, ports(list)?))
}

/// `tcp` or `udp`: there are no services of other protocols (PANOS.md 2.12).
pub(super) fn protocol(text: &str) -> Result<Protocol, String> {
    match text.trim() {
        "tcp" => Ok(Protocol::TCP),
        "udp" => Ok(Protocol::UDP),
        other => Err(format!("a service is `tcp` or `udp`, not {}", super::diagnostic::quote(other))),
    }
}
