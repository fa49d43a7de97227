//! Zone-protection profiles (PANOS.md 6.2).

use super::{Item, entry};
use crate::config::candidate::{Candidate, Protection};
use crate::feature::zone_protection::{FloodAction, FloodKind, ScanAction, ScanKind, ZoneProtection};

/// `profiles`, which stands below `network`.
pub(super) fn profiles(candidate: &Candidate) -> Option<Item> {
    let entries = candidate.protections.iter().map(profile).collect();
    Item::element("zone-protection-profile", entries)
        .map(|profiles| Item::Element("profiles", vec![profiles]))
}

fn profile(protection: &Protection) -> Item {
    let profile = &protection.profile;
    let mut items: Vec<Item> = Item::element("flood", floods(profile)).into_iter().collect();
    items.extend(Item::element("scan", scans(profile)));
    let sources = (1..).zip(&profile.scan_white_list).map(|(number, net): (u32, _)| {
        let family = if net.addr().is_ipv4() { "ipv4" } else { "ipv6" };
        // A host stands without its prefix length.
        let hosts_only = net.prefix_len() == net.max_prefix_len();
        let text = if hosts_only { net.addr().to_string() } else { net.to_string() };
        Item::Entry(format!("source-{number}"), vec![Item::value(family, text)])
    });
    items.extend(Item::element("scan-white-list", sources.collect()));
    for (key, value) in profile.changes() {
        nest(&mut items, key, value.word());
    }
    entry(&protection.name, items)
}

/// Puts a value at a key, below the elements that its parts name.
fn nest(items: &mut Vec<Item>, key: &'static str, word: &str) {
    let Some((above, key)) = key.split_once('/') else {
        items.push(Item::value(key, word));
        return;
    };
    let is_it = |item: &Item| matches!(item, Item::Element(name, _) if *name == above);
    let at = items.iter().position(is_it).unwrap_or_else(|| {
        items.push(Item::Element(above, Vec::new()));
        items.len() - 1
    });
    if let Some(Item::Element(_, below)) = items.get_mut(at) {
        nest(below, key, word);
    }
}

fn floods(profile: &ZoneProtection) -> Vec<Item> {
    let floods = FloodKind::ALL.into_iter().zip(profile.floods).filter_map(|(kind, flood)| {
        let flood = flood?;
        let action = match flood.action {
            FloodAction::Red => "red",
            FloodAction::SynCookies => "syn-cookies",
        };
        let rates = flood.rates().map(|(key, rate)| Item::value(key, rate));
        let items = vec![Item::flag("enable", true), Item::Element(action, rates.into())];
        Some(Item::Element(kind.key(), items))
    });
    floods.collect()
}

fn scans(profile: &ZoneProtection) -> Vec<Item> {
    let scans = ScanKind::ALL.into_iter().zip(profile.scans).filter_map(|(kind, scan)| {
        let scan = scan?;
        let action = match scan.action {
            ScanAction::Allow => Item::Element("allow", Vec::new()),
            ScanAction::Alert => Item::Element("alert", Vec::new()),
            ScanAction::Block => Item::Element("block", Vec::new()),
            ScanAction::BlockIp { track_by, duration } => Item::Element(
                "block-ip",
                vec![Item::value("track-by", track_by.word()), Item::value("duration", duration)],
            ),
        };
        let items = vec![
            Item::Element("action", vec![action]),
            Item::value("interval", scan.interval),
            Item::value("threshold", scan.threshold),
        ];
        Some(Item::Entry(kind.key().to_owned(), items))
    });
    scans.collect()
}
