//! Zones by address: longest prefix wins.

use hashbrown::HashMap;
use ipnet::IpNet;

use crate::feature::route::Pieces;
use crate::flow::{Addr, ZoneId};

/// The zone map: names, and which addresses are behind which zone.
#[derive(Debug, Clone, Default)]
pub struct Zones {
    names: Vec<String>,
    by_name: HashMap<String, ZoneId, foldhash::fast::FixedState>,
    /// The prefixes as given, for people.
    prefixes: Vec<(IpNet, ZoneId)>,
    pieces: Pieces<ZoneId>,
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
        let others = self.prefixes.iter().copied().filter(|&(_, owner)| owner != zone);
        let own = prefixes.iter().map(|&prefix| (prefix, zone));
        let all = others.chain(own).collect();
        self.assign(all);
    }

    /// Puts zones behind exactly these prefixes.
    pub(super) fn assign(&mut self, mut prefixes: Vec<(IpNet, ZoneId)>) {
        for (prefix, _) in &mut prefixes {
            *prefix = prefix.trunc();
        }
        self.pieces = Pieces::new(prefixes.iter().copied());
        self.prefixes = prefixes;
    }

    /// The zone whose prefix an address is behind; routes are not asked (see [`crate::feature::route::Network`]).
    pub fn of(&self, addr: Addr) -> Option<ZoneId> {
        self.pieces.of(addr)
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
    fn ipv4_is_no_part_of_ipv6() {
        let mut zones = Zones::default();
        let (six, four) = (zones.intern("six"), zones.intern("four"));
        zones.replace(six, &["::/0".parse().unwrap()]);
        assert_eq!(zones.of(Addr::v4([192, 0, 2, 1])), None);
        assert_eq!(zones.of(Addr::v6([0xff; 16])), Some(six));
        assert_eq!(zones.of(Addr::default()), Some(six));
        zones.replace(four, &["0.0.0.0/0".parse().unwrap()]);
        assert_eq!(zones.of(Addr::v4([192, 0, 2, 1])), Some(four));
        assert_eq!(zones.of(Addr::v6([1; 16])), Some(six));
        zones.replace(four, &[]);
        assert_eq!(zones.of(Addr::v4([192, 0, 2, 1])), None);
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
