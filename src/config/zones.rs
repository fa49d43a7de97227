//! Zones by address: longest prefix wins.

use hashbrown::HashMap;
use ipnet::IpNet;

use crate::flow::{Addr, ZoneId};

/// The zone map: names, and which addresses are behind which zone.
#[derive(Debug, Clone, Default)]
pub struct Zones {
    names: Vec<String>,
    by_name: HashMap<String, ZoneId, foldhash::fast::FixedState>,
    /// The prefixes as given, for people.
    prefixes: Vec<(IpNet, ZoneId)>,
    /// The address space cut at every prefix boundary: start of each piece, and whose it is. Sorted by start.
    pieces: Vec<(Addr, Option<ZoneId>)>,
}

impl Zones {
    /// The zone of that name, made if it is new.
    pub fn intern(&mut self, name: &str) -> ZoneId {
        if let Some(&id) = self.by_name.get(name) {
            return id;
        }
        let id = ZoneId(u16::try_from(self.names.len()).unwrap_or(u16::MAX));
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), id);
        id
    }

    /// The zone of that name.
    pub fn find(&self, name: &str) -> Option<ZoneId> {
        self.by_name.get(name).copied()
    }

    /// Its name.
    pub fn name(&self, id: ZoneId) -> &str {
        self.names.get(usize::from(id.0)).map_or("?", String::as_str)
    }

    /// All names, in order of their ids.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The prefixes as given.
    pub fn prefixes(&self) -> &[(IpNet, ZoneId)] {
        &self.prefixes
    }

    /// Puts `zone` behind exactly these prefixes, instead of those it had.
    pub fn replace(&mut self, zone: ZoneId, prefixes: &[IpNet]) {
        self.prefixes.retain(|&(_, owner)| owner != zone);
        self.prefixes.extend(prefixes.iter().map(|prefix| (prefix.trunc(), zone)));
        self.rebuild();
    }

    /// The zone an address is behind.
    pub fn of(&self, addr: Addr) -> Option<ZoneId> {
        let after = self.pieces.partition_point(|&(start, _)| start <= addr);
        self.pieces.get(after.checked_sub(1)?).and_then(|&(_, zone)| zone)
    }

    /// Cuts the address space anew: shorter prefixes first, longer ones over them.
    fn rebuild(&mut self) {
        let mut sorted: Vec<(Addr, Addr, u8, ZoneId)> = self
            .prefixes
            .iter()
            .map(|&(prefix, zone)| {
                (prefix.network().into(), prefix.broadcast().into(), prefix_len(prefix), zone)
            })
            .collect();
        sorted.sort_by_key(|&(low, _, len, zone)| (len, low, zone));
        let mut cuts: Vec<Addr> = vec![Addr::default()];
        for &(low, high, ..) in &sorted {
            cuts.push(low);
            cuts.extend(high.bits().checked_add(1).map(Addr::from_bits));
        }
        cuts.sort_unstable();
        cuts.dedup();
        let owner = |addr: Addr| sorted.iter().rev().find(|&&(low, high, ..)| low <= addr && addr <= high);
        self.pieces = cuts.into_iter().map(|start| (start, owner(start).map(|&(.., zone)| zone))).collect();
        self.pieces.dedup_by(|later, earlier| later.1 == earlier.1);
    }
}

/// Length of a prefix in the 128-bit form of [`Addr`], so that IPv4 and IPv6 compare.
fn prefix_len(prefix: IpNet) -> u8 {
    match prefix {
        IpNet::V4(v4) => v4.prefix_len() + 96,
        IpNet::V6(v6) => v6.prefix_len(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn longest_prefix_wins() {
        let mut zones = Zones::default();
        for (name, prefixes) in [
            ("untrust", vec!["0.0.0.0/0", "::/0"]),
            ("dmz", vec!["192.0.2.0/24", "2001:db8:1::/64"]),
            ("host", vec!["192.0.2.7/32"]),
        ] {
            let id = zones.intern(name);
            let prefixes: Vec<IpNet> = prefixes.into_iter().map(|text| text.parse().unwrap()).collect();
            zones.replace(id, &prefixes);
        }
        for (addr, zone) in [
            ("192.0.2.6", "dmz"),
            ("192.0.2.7", "host"),
            ("192.0.2.8", "dmz"),
            ("192.0.3.0", "untrust"),
            ("0.0.0.0", "untrust"),
            ("255.255.255.255", "untrust"),
            ("2001:db8:1::1", "dmz"),
            ("2001:db8:2::1", "untrust"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "untrust"),
        ] {
            let found = zones.of(addr.parse::<IpAddr>().unwrap().into()).unwrap();
            assert_eq!(zones.name(found), zone, "{addr}");
        }
    }

    #[test]
    fn addresses_may_have_no_zone() {
        let mut zones = Zones::default();
        let lan = zones.intern("lan");
        zones.replace(lan, &["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(zones.of(Addr::v4([11, 0, 0, 0])), None);
        assert_eq!(zones.of(Addr::v4([10, 255, 255, 255])), Some(lan));
    }
}
