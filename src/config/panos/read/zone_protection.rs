//! `network profiles zone-protection-profile` (PANOS.md 6.2).

use std::net::IpAddr;

use ipnet::IpNet;

use super::reader::{Reader, entries};
use crate::config::candidate::Protection;
use crate::config::diagnostic::quote;
use crate::config::panos::tree::Node;
use crate::feature::zone_protection::{
    Flood, FloodAction, FloodKind, Scan, ScanAction, ScanKind, TrackBy, ZoneProtection, keys,
};

/// What is noted of keys that the model does not act on.
const UNMODELLED: &str = "keys of zone-protection profiles";
const FLAG: [(&str, bool); 2] = [("yes", true), ("no", false)];

impl Reader<'_> {
    /// A zone-protection profile.
    pub(super) fn zone_protection(&mut self, entry: &Node<'_>) -> Protection {
        let mut profile = ZoneProtection { name: entry.name.to_string(), ..ZoneProtection::default() };
        for node in &entry.children {
            match &*node.name {
                "description" => {}
                "flood" => self.floods(node, &mut profile),
                "scan" => self.scans(node, &mut profile),
                "scan-white-list" => self.white_list(node, &mut profile),
                _ => self.switch("", node, &mut profile),
            }
        }
        Protection { name: entry.as_name(), profile }
    }

    /// A switch, or what is nested below `above` (which is empty or ends with `/`).
    fn switch(&mut self, above: &str, node: &Node<'_>, profile: &mut ZoneProtection) {
        let full = format!("{above}{}", node.name);
        if let Some(old) = profile.get(&full) {
            if let Some(new) = self.choice(node, old.words()) {
                profile.set(&full, new);
            }
            return;
        }
        let below = format!("{full}/");
        if keys().any(|known| known.starts_with(&below)) {
            node.children.iter().for_each(|child| self.switch(&below, child, profile));
        } else if node.children.iter().any(|value| value.name != "no") {
            // What is switched off is missed by nobody.
            self.unmodelled(UNMODELLED, &full.replace('/', " "));
        }
    }

    fn floods(&mut self, node: &Node<'_>, profile: &mut ZoneProtection) {
        for child in &node.children {
            let enable = child.child("enable").and_then(|enable| self.choice(enable, &FLAG)).unwrap_or(false);
            let kind = FloodKind::ALL.into_iter().find(|kind| kind.key() == child.name);
            let Some(slot) = kind.and_then(|kind| profile.floods.get_mut(kind as usize)) else {
                if enable {
                    self.unmodelled(UNMODELLED, &format!("flood {}", child.name));
                }
                continue;
            };
            let flood = match child.child("syn-cookies").filter(|_| kind == Some(FloodKind::TcpSyn)) {
                Some(rates) => self.rates(rates, FloodAction::SynCookies),
                None => match child.child("red") {
                    Some(rates) => self.rates(rates, FloodAction::Red),
                    None => Flood::new(FloodAction::Red),
                },
            };
            *slot = enable.then_some(flood);
        }
    }

    fn rates(&mut self, node: &Node<'_>, action: FloodAction) -> Flood {
        let mut flood = Flood::new(action);
        for (key, slot, low) in [
            ("alarm-rate", &mut flood.alarm, 0),
            ("activate-rate", &mut flood.activate, 0),
            ("maximal-rate", &mut flood.maximal, 1),
        ] {
            let rate = node.child(key).and_then(|rate| self.number(rate, low, Flood::RATE_MAX));
            *slot = rate.unwrap_or(*slot);
        }
        flood
    }

    fn scans(&mut self, node: &Node<'_>, profile: &mut ZoneProtection) {
        for entry in &node.children {
            let kind = ScanKind::ALL.into_iter().find(|kind| kind.key() == entry.name);
            let Some(kind) = kind else {
                self.unmodelled(UNMODELLED, &format!("scan {}", entry.name));
                continue;
            };
            let mut scan = Scan::new(kind);
            for (key, slot) in [("interval", &mut scan.interval), ("threshold", &mut scan.threshold)] {
                let number = entry.child(key).and_then(|node| self.number(node, 2, Scan::MAX));
                *slot = number.unwrap_or(*slot);
            }
            if let Some(action) = entry.child("action").and_then(|action| action.children.last()) {
                scan.action = self.scan_action(action).unwrap_or(scan.action);
            }
            if let Some(slot) = profile.scans.get_mut(kind as usize) {
                *slot = Some(scan);
            }
        }
    }

    fn scan_action(&mut self, node: &Node<'_>) -> Option<ScanAction> {
        match &*node.name {
            "allow" => Some(ScanAction::Allow),
            "alert" => Some(ScanAction::Alert),
            "block" => Some(ScanAction::Block),
            "block-ip" => {
                let track_by = node.child("track-by").and_then(|by| self.choice(by, &TrackBy::WORDS));
                let duration = node.child("duration");
                let duration = duration.and_then(|node| self.number(node, 1, Scan::DURATION_MAX));
                Some(ScanAction::BlockIp {
                    track_by: track_by.unwrap_or(TrackBy::Source),
                    duration: duration.unwrap_or(Scan::DURATION),
                })
            }
            other => {
                let message =
                    format!("a scan takes `allow`, `alert`, `block` or `block-ip`, not {}", quote(other));
                self.out.error(&node.span, message);
                None
            }
        }
    }

    fn white_list(&mut self, node: &Node<'_>, profile: &mut ZoneProtection) {
        for entry in &node.children {
            let addresses = ["ipv4", "ipv6"].iter().flat_map(|family| entries(entry, family));
            for address in addresses {
                let net = address.name.parse::<IpNet>();
                match net.or_else(|_| address.name.parse::<IpAddr>().map(IpNet::from)) {
                    Ok(net) => profile.scan_white_list.push(net.trunc()),
                    Err(_) => self.note(
                        "addresses that scans may come from and that are no literals are left out",
                        &address.name,
                    ),
                }
            }
        }
    }
}
