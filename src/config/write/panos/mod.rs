//! A candidate as a PAN-OS configuration (PANOS.md 12), to be written as XML or as set commands.
//!
//! Everything stands in the one virtual system of one firewall. Element names are ours and never taken from a file, so
//! that nothing is written that the model does not read: no password hash, no key.

mod decryption;
pub(super) mod network;
mod objects;
pub(super) mod profiles;
mod rules;
mod zone_protection;

use crate::config::candidate::{Candidate, Name};

/// A piece of a configuration, as XML has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// `<name>…</name>`.
    Element(&'static str, Vec<Self>),
    /// `<entry name="…">…</entry>`.
    Entry(String, Vec<Self>),
    /// `<name><member>…</member></name>`.
    Members(&'static str, Vec<String>),
    /// `<name>value</name>`.
    Value(&'static str, String),
}

impl Item {
    fn value(name: &'static str, value: impl ToString) -> Self {
        Self::Value(name, value.to_string())
    }

    fn flag(name: &'static str, flag: bool) -> Self {
        Self::Value(name, if flag { "yes" } else { "no" }.to_owned())
    }

    /// A list that says nothing where it is empty.
    fn members(name: &'static str, names: &[Name]) -> Option<Self> {
        (!names.is_empty()).then(|| Self::Members(name, texts(names)))
    }

    /// A list that says `otherwise` where it is empty.
    fn members_or(name: &'static str, names: &[Name], otherwise: &str) -> Self {
        Self::members(name, names).unwrap_or_else(|| Self::Members(name, vec![otherwise.to_owned()]))
    }

    /// An element, where there is anything in it.
    fn element(name: &'static str, items: Vec<Self>) -> Option<Self> {
        (!items.is_empty()).then_some(Self::Element(name, items))
    }
}

/// The parts of a configuration, each with where it stands in set commands and in XML.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Below `<shared>`.
    pub(super) shared: Vec<Item>,
    /// Below the device.
    pub(super) device: Vec<Item>,
    /// Below the virtual system.
    pub(super) vsys: Vec<Item>,
}

/// The configuration of a candidate that has been prepared for it.
pub(super) fn parts(candidate: &Candidate) -> Parts {
    let mut vsys = Vec::new();
    vsys.extend(network::zones(candidate));
    vsys.extend(objects::all(candidate));
    vsys.extend(rules::rulebase(candidate));
    let mut device = network::network(candidate);
    device.extend(network::device_config(candidate));
    let mut shared = objects::overrides(candidate);
    shared.extend(decryption::exclusions(candidate));
    Parts { shared, device, vsys }
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| name.value.clone()).collect()
}

fn entry(name: &Name, items: Vec<Item>) -> Item {
    Item::Entry(name.value.clone(), items)
}
