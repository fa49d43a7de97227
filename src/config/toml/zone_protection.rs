//! `[zone-protection.NAME]`: keys are PAN-OS's, nested as there (PANOS.md 6.2), and `zones`, which says where it is used.

use std::net::IpAddr;

use ipnet::IpNet;
use toml::de::{DeTable, DeValue};

use super::Document;
use super::reader::{Value, entries};
use crate::config::candidate::{Name, Protection};
use crate::config::diagnostic::{did_you_mean, quote};
use crate::feature::zone_protection::{
    Flood, FloodAction, FloodKind, Scan, ScanAction, ScanKind, TrackBy, ZoneProtection, keys,
};

/// Keys that are no switches.
const OTHERS: [&str; 4] = ["zones", "flood", "scan", "scan-white-list"];
const FLOOD_KEYS: [&str; 3] = ["enable", "red", "syn-cookies"];
const RATES: [&str; 3] = ["alarm-rate", "activate-rate", "maximal-rate"];
const SCAN_KEYS: [&str; 3] = ["action", "interval", "threshold"];
const ACTIONS: [(&str, ScanAction); 3] =
    [("allow", ScanAction::Allow), ("alert", ScanAction::Alert), ("block", ScanAction::Block)];

impl Document<'_> {
    /// Zones are known by now.
    pub(super) fn zone_protections(&mut self, value: &Value<'_>) {
        let what = "tables such as `[zone-protection.NAME]`";
        let Some(table) = self.reader.table(value, what) else { return };
        for (name, value) in entries(table) {
            let Some(table) = self.reader.table(value, "a zone-protection profile") else { continue };
            let mut profile = ZoneProtection { name: name.value.clone(), ..ZoneProtection::default() };
            for (key, value) in entries(table) {
                match key.value.as_str() {
                    "zones" => {
                        let zones = self.reader.names(value);
                        zones.iter().for_each(|zone| self.protect(zone, &name));
                    }
                    "flood" => self.floods(value, &mut profile),
                    "scan" => self.scans(value, &mut profile),
                    "scan-white-list" => profile.scan_white_list = self.white_list(value),
                    _ => self.switch("", &key, value, &mut profile),
                }
            }
            self.candidate.protections.push(Protection { name, profile });
        }
    }

    /// Puts a profile on a zone.
    fn protect(&mut self, zone: &Name, profile: &Name) {
        let zones = &mut self.candidate.zones;
        let Some(found) = zones.iter_mut().find(|known| known.name.value == zone.value) else {
            let names: Vec<&str> = zones.iter().map(|known| known.name.value.as_str()).collect();
            let message = format!("there is no zone {}", quote(&zone.value));
            let otherwise =
                "name the zone under `[zones]`; one that is given on the command line may be empty there";
            self.reader
                .out
                .error(&zone.span, message)
                .help_with(|| did_you_mean(&zone.value, names.iter().copied(), otherwise));
            return;
        };
        let before = found.zone_protection.replace(profile.clone());
        if let Some(other) = before.filter(|other| other.value != profile.value) {
            let message = format!("zone {} has another profile, {}", quote(&zone.value), quote(&other.value));
            self.reader.out.error(&zone.span, message).help("a zone has one zone-protection profile");
        }
    }

    /// A switch, or a table of them below `above` (which is empty or ends with `/`).
    fn switch(&mut self, above: &str, key: &Name, value: &Value<'_>, profile: &mut ZoneProtection) {
        let full = format!("{above}{}", key.value);
        if let Some(old) = profile.get(&full) {
            if let Some(new) = self.word(value, old.words()) {
                profile.set(&full, new);
            }
            return;
        }
        let below = format!("{full}/");
        if keys().any(|known| known.starts_with(&below)) {
            let Some(table) = self.reader.table(value, "a table of switches") else { return };
            for (key, value) in entries(table) {
                self.switch(&below, &key, value, profile);
            }
            return;
        }
        let mut known: Vec<&str> = keys()
            .filter_map(|known| known.strip_prefix(above))
            .map(|known| known.split('/').next().unwrap_or(known))
            .collect();
        known.dedup();
        if above.is_empty() {
            known.extend(OTHERS);
        }
        self.reader.unknown_key(key, "a zone-protection profile", &known);
    }

    /// One of these words, where `true` and `false` stand for `yes` and `no`.
    fn word<T: Copy>(&mut self, value: &Value<'_>, words: &[(&str, T)]) -> Option<T> {
        let DeValue::Boolean(flag) = value.get_ref() else { return self.reader.choice(value, words) };
        let word = if *flag { "yes" } else { "no" };
        let found = words.iter().find(|(known, _)| *known == word).map(|&(_, value)| value);
        if found.is_none() {
            self.reader.mismatch(value, "a word");
        }
        found
    }

    fn floods(&mut self, value: &Value<'_>, profile: &mut ZoneProtection) {
        let Some(table) = self.reader.table(value, "a table such as `{ udp = { enable = true } }`") else {
            return;
        };
        for (key, value) in entries(table) {
            let Some(&kind) = FloodKind::ALL.iter().find(|kind| kind.key() == key.value) else {
                self.reader.unknown_key(&key, "`flood`", &FloodKind::ALL.map(FloodKind::key));
                continue;
            };
            let Some(table) = self.reader.table(value, "a table with `enable`") else { continue };
            let flood = self.flood(kind, table);
            if let Some(slot) = profile.floods.get_mut(kind as usize) {
                *slot = flood;
            }
        }
    }

    /// `None` where it is not enabled.
    fn flood(&mut self, kind: FloodKind, table: &DeTable<'_>) -> Option<Flood> {
        let (mut enable, mut flood) = (false, Flood::new(FloodAction::Red));
        for (key, value) in entries(table) {
            match (key.value.as_str(), kind) {
                ("enable", _) => enable = self.reader.flag(value).unwrap_or_default(),
                ("red", _) => flood = self.rates(value, FloodAction::Red),
                ("syn-cookies", FloodKind::TcpSyn) => flood = self.rates(value, FloodAction::SynCookies),
                (_, FloodKind::TcpSyn) => self.reader.unknown_key(&key, "a flood", &FLOOD_KEYS),
                _ => self.reader.unknown_key(&key, "a flood", &FLOOD_KEYS[..2]),
            }
        }
        enable.then_some(flood)
    }

    fn rates(&mut self, value: &Value<'_>, action: FloodAction) -> Flood {
        let mut flood = Flood::new(action);
        let Some(table) = self.reader.table(value, "a table of rates") else { return flood };
        for (key, value) in entries(table) {
            let (slot, low) = match key.value.as_str() {
                "alarm-rate" => (&mut flood.alarm, 0),
                "activate-rate" => (&mut flood.activate, 0),
                "maximal-rate" => (&mut flood.maximal, 1),
                _ => {
                    self.reader.unknown_key(&key, "rates", &RATES);
                    continue;
                }
            };
            *slot = self.reader.number(value, low, Flood::RATE_MAX).unwrap_or(*slot);
        }
        flood
    }

    fn scans(&mut self, value: &Value<'_>, profile: &mut ZoneProtection) {
        let what = "a table such as `{ 8001 = { action = \"alert\" } }`";
        let Some(table) = self.reader.table(value, what) else { return };
        for (key, value) in entries(table) {
            let Some(&kind) = ScanKind::ALL.iter().find(|kind| kind.key() == key.value) else {
                self.reader.unknown_key(&key, "`scan`", &ScanKind::ALL.map(ScanKind::key));
                continue;
            };
            let Some(table) = self.reader.table(value, "a table with `action`") else { continue };
            let scan = self.scan(kind, table);
            if let Some(slot) = profile.scans.get_mut(kind as usize) {
                *slot = Some(scan);
            }
        }
    }

    fn scan(&mut self, kind: ScanKind, table: &DeTable<'_>) -> Scan {
        let mut scan = Scan::new(kind);
        for (key, value) in entries(table) {
            match key.value.as_str() {
                "action" => scan.action = self.action(value).unwrap_or(scan.action),
                "interval" => {
                    scan.interval = self.reader.number(value, 2, Scan::MAX).unwrap_or(scan.interval);
                }
                "threshold" => {
                    scan.threshold = self.reader.number(value, 2, Scan::MAX).unwrap_or(scan.threshold);
                }
                _ => self.reader.unknown_key(&key, "a scan", &SCAN_KEYS),
            }
        }
        scan
    }

    /// A word, or `{ block-ip = { track-by = "source", duration = 60 } }`.
    fn action(&mut self, value: &Value<'_>) -> Option<ScanAction> {
        let Some(table) = value.get_ref().as_table() else {
            return self.reader.choice(value, &ACTIONS);
        };
        let (mut track_by, mut duration) = (TrackBy::Source, Scan::DURATION);
        for (key, value) in entries(table) {
            if key.value != "block-ip" {
                self.reader.unknown_key(&key, "an action", &["block-ip"]);
                continue;
            }
            for (key, value) in entries(self.reader.table(value, "a table with `duration`")?) {
                match key.value.as_str() {
                    "track-by" => track_by = self.reader.choice(value, &TrackBy::WORDS)?,
                    "duration" => duration = self.reader.number(value, 1, Scan::DURATION_MAX)?,
                    _ => self.reader.unknown_key(&key, "`block-ip`", &["track-by", "duration"]),
                }
            }
        }
        Some(ScanAction::BlockIp { track_by, duration })
    }

    fn white_list(&mut self, value: &Value<'_>) -> Vec<IpNet> {
        let mut nets = Vec::new();
        for text in self.reader.members(value) {
            match text.value.parse::<IpNet>().or_else(|_| text.value.parse::<IpAddr>().map(IpNet::from)) {
                Ok(net) => nets.push(net.trunc()),
                Err(_) => {
                    let message = format!("{} is no address", quote(&text.value));
                    self.reader
                        .out
                        .error(&text.span, message)
                        .help("write it as `192.0.2.1` or `192.0.2.0/24`");
                }
            }
        }
        nets
    }
}
