//! `[zone-protection.NAME]`.

use super::{Page, inline, string, strings};
use crate::config::candidate::{Candidate, Protection};
use crate::feature::zone_protection::{Flood, FloodAction, FloodKind, Scan, ScanAction, ScanKind, Value};

/// Tables within a profile, with what stands before their keys.
const TABLES: [(&[&str], &str); 4] = [
    (&[], ""),
    (&["ipv6"], "ipv6/"),
    (&["ipv6", "filter-ext-hdr"], "ipv6/filter-ext-hdr/"),
    (&["ipv6", "ignore-inv-pkt"], "ipv6/ignore-inv-pkt/"),
];

pub(super) fn zone_protections(candidate: &Candidate, page: &mut Page) {
    for protection in &candidate.protections {
        let users = candidate.zones.iter().filter(|zone| {
            zone.zone_protection.as_ref().is_some_and(|name| name.value == protection.name.value)
        });
        let zones: Vec<&str> = users.map(|zone| zone.name.value.as_str()).collect();
        self::protection(protection, &zones, page);
    }
}

fn protection(protection: &Protection, zones: &[&str], page: &mut Page) {
    let (name, profile) = (&protection.name.value, &protection.profile);
    for (table, above) in TABLES {
        let own = profile.changes().filter_map(|(key, value)| {
            let key = key.strip_prefix(above).filter(|key| !key.contains('/'))?;
            Some((key, value))
        });
        let own: Vec<(&str, Value)> = own.collect();
        if table.is_empty() || !own.is_empty() {
            page.head(&[&["zone-protection", name][..], table].concat(), false);
        }
        if table.is_empty() {
            if !zones.is_empty() {
                page.line("zones", &strings(zones));
            }
            let sources: Vec<String> = profile.scan_white_list.iter().map(ToString::to_string).collect();
            if !sources.is_empty() {
                page.line("scan-white-list", &strings(&sources));
            }
        }
        for (key, value) in own {
            match value {
                Value::Flag(flag) => page.flag(key, flag),
                Value::Override(_) | Value::Path(_) => page.string(key, value.word()),
            }
        }
    }
    for (kind, flood) in FloodKind::ALL.into_iter().zip(profile.floods) {
        let Some(flood) = flood else { continue };
        page.head(&["zone-protection", name, "flood", kind.key()], false);
        page.flag("enable", true);
        rates(&flood, page);
    }
    for (kind, scan) in ScanKind::ALL.into_iter().zip(profile.scans) {
        let Some(scan) = scan else { continue };
        page.head(&["zone-protection", name, "scan", kind.key()], false);
        page.line("action", &action(&scan));
        page.line("interval", &scan.interval.to_string());
        page.line("threshold", &scan.threshold.to_string());
    }
}

fn rates(flood: &Flood, page: &mut Page) {
    let key = match flood.action {
        FloodAction::Red => "red",
        FloodAction::SynCookies => "syn-cookies",
    };
    let rates = flood.rates().map(|(key, rate)| (key, rate.to_string()));
    page.line(key, &inline(&rates));
}

fn action(scan: &Scan) -> String {
    match scan.action {
        ScanAction::Allow => string("allow"),
        ScanAction::Alert => string("alert"),
        ScanAction::Block => string("block"),
        ScanAction::BlockIp { track_by, duration } => {
            let fields = [("track-by", string(track_by.word())), ("duration", duration.to_string())];
            inline(&[("block-ip", inline(&fields))])
        }
    }
}
