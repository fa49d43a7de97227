//! `deviceconfig setting`, and parts of the configuration that the model does not act on.

use super::reader::{Reader, entries};
use super::scope::Selection;
use crate::config::Settings;
use crate::config::candidate::{At, Candidate, Name};
use crate::config::panos::tree::Node;

/// Sections whose settings bear on how packets are treated.
const SECTIONS: [&str; 9] =
    ["session", "tcp", "udp", "icmp", "application", "ctd", "config", "nat", "l3-service"];

/// Rulebases that the model does not act on.
const RULEBASES: [&str; 8] = [
    "authentication",
    "captive-portal",
    "tunnel-inspect",
    "network-packet-broker",
    "qos",
    "pbf",
    "sdwan",
    "dos",
];

impl Reader<'_> {
    /// Settings and the time zone.
    pub(super) fn settings(&mut self, selection: &Selection<'_>, candidate: &mut Candidate) {
        for config in selection.devices.iter().filter_map(|device| device.child("deviceconfig")) {
            if let Some(system) = config.child("system") {
                candidate.timezone = system.value("timezone").or(candidate.timezone.take());
            }
            for section in SECTIONS.iter().filter_map(|section| config.at(&["setting", section])) {
                for key in &section.children {
                    self.setting(&section.name, key, candidate, 0);
                }
            }
            let ha = config.child("high-availability");
            if ha
                .is_some_and(|ha| ha.at(&["enabled", "yes"]).is_some() || ha.at(&["enable", "yes"]).is_some())
            {
                self.out.warn(
                    "high availability: read but not modelled here, one firewall is taken to see all packets",
                );
            }
        }
        self.own_sessions(selection, candidate);
    }

    /// `import resource max-sessions` of the virtual system: it has no more, whatever the device has.
    fn own_sessions(&mut self, selection: &Selection<'_>, candidate: &mut Candidate) {
        const KEY: &str = "session.max-sessions";
        for vsys in &selection.vsys {
            let Some(own) = vsys.at(&["import", "resource"]).and_then(|node| node.value("max-sessions"))
            else {
                continue;
            };
            let Some(sessions) = own.value.parse::<u64>().ok().filter(|&sessions| sessions > 0) else {
                continue;
            };
            let known = candidate.settings.iter().rev().find(|(key, _)| key.value == KEY);
            if known.is_none_or(|(_, value)| value.value.parse::<u64>().is_ok_and(|max| max > sessions)) {
                candidate.settings.push((At::new(KEY.to_owned(), own.span.clone()), own));
            }
        }
    }

    /// A setting; what is nested in it is a setting of its own, its key put together with `-`.
    fn setting(&mut self, section: &str, node: &Node<'_>, candidate: &mut Candidate, depth: u8) {
        let key =
            if depth == 0 { format!("{section}.{}", node.name) } else { format!("{section}-{}", node.name) };
        if let [value] = &node.children[..]
            && value.children.is_empty()
        {
            if Settings::info(&key).is_some() {
                let key: Name = At::new(key, node.span.clone());
                candidate.settings.push((key, value.as_name()));
            } else {
                self.note("settings the model does not know", &key);
            }
        } else if depth < 4 {
            node.children.iter().for_each(|child| self.setting(&key, child, candidate, depth + 1));
        }
    }

    /// Rulebases that are read and not acted on, said by name.
    pub(super) fn unmodelled_rulebases(&mut self, selection: &Selection<'_>, candidate: &mut Candidate) {
        for rulebase in &selection.rulebases {
            for kind in RULEBASES {
                let rules = rulebase.node.at(&[kind, "rules"]).map_or(&[][..], |rules| &rules.children);
                for rule in rules.iter().filter(|rule| rule.at(&["disabled", "yes"]).is_none()) {
                    self.unmodelled(&format!("{kind} rules"), &rule.name);
                    candidate.routes_elsewhere |= kind == "pbf";
                }
            }
        }
        for scope in &selection.scopes {
            for status in entries(scope.node, "application-status") {
                if status.child("disabled").is_some() {
                    self.unmodelled("applications switched off", &status.name);
                }
            }
        }
    }
}
