//! Which words take values (PANOS.md 12): a set command may say several things in one line, and only who knows that
//! `action` takes one word knows that `from` in `action allow from any` is the rule's again.
//!
//! Known is what the model reads. Below other words each word stands below the one before it: nothing is lost, and
//! nothing guessed.

mod network;
mod objects;
mod rules;
mod threat;

use self::network::{DEVICECONFIG, IMPORT, NETWORK, ZONE};
use self::objects::{
    ADDRESS, ADDRESS_GROUP, APPLICATION, APPLICATION_FILTER, EXTERNAL_LIST, GROUP, PROFILE_KINDS, PROFILES,
    REGION, SCHEDULE, SERVICE,
};
use self::rules::RULEBASE;
use self::threat::THREATS;

/// What the words below a name mean.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) enum Below {
    /// Words of the configuration language.
    Keys(&'static Keys),
    /// Names that the user chose, each with this below it.
    Entries(&'static Self),
    /// Values that add up.
    List,
    /// One value, the last one.
    Value,
    /// A configuration of its own, as at the top of a file.
    Top,
    /// Nobody knows.
    Open,
}

/// Words that may stand below a name.
#[derive(Debug)]
pub(in crate::config) struct Keys {
    values: &'static str,
    lists: &'static str,
    blocks: &'static [(&'static str, Below)],
    /// Of these there is only one at a time: the next one replaces it.
    choice: &'static str,
    also: Option<&'static Self>,
    /// What other words are.
    others: Below,
}

const NONE: Keys = Keys { values: "", lists: "", blocks: &[], choice: "", also: None, others: Below::Open };

impl Below {
    /// What `word` is below a name of this kind.
    pub(in crate::config) fn of(self, word: &str) -> Self {
        match self {
            Self::Entries(&below) => below,
            Self::Keys(keys) => keys.find(word).unwrap_or(keys.others),
            Self::List | Self::Value | Self::Top | Self::Open => Self::Open,
        }
    }

    /// Whether `word` is known to belong here.
    pub(super) fn knows(self, word: &str) -> bool {
        matches!(self, Self::Keys(keys) if keys.find(word).is_some())
    }

    /// Every word that is known to belong here; `None` where any may stand.
    pub(in crate::config) fn words(self) -> Option<Vec<&'static str>> {
        let Self::Keys(keys) = self else { return None };
        matches!(keys.others, Self::Open).then(|| {
            let blocks = keys.blocks.iter().map(|(name, _)| *name);
            let plain = [keys.values, keys.lists].into_iter().flat_map(str::split_ascii_whitespace);
            plain.chain(blocks).collect()
        })
    }

    /// Whether any word is a setting here.
    pub(super) const fn takes_any(self) -> bool {
        matches!(self, Self::Keys(Keys { others: Self::Value, .. }))
    }

    /// The words of which `word` takes the place.
    pub(super) fn rivals(self, word: &str) -> impl Iterator<Item = &'static str> {
        let choice = match self {
            Self::Keys(keys) if has(keys.choice, word) => keys.choice,
            _ => "",
        };
        choice.split_ascii_whitespace().filter(move |&rival| rival != word)
    }
}

impl Keys {
    fn find(&self, word: &str) -> Option<Below> {
        if has(self.values, word) {
            return Some(Below::Value);
        }
        if has(self.lists, word) {
            return Some(Below::List);
        }
        let block = self.blocks.iter().find(|(name, _)| *name == word);
        block.map(|&(_, below)| below).or_else(|| self.also?.find(word))
    }
}

fn has(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

/// Words with nothing below.
const BARE: Below = Below::Keys(&NONE);
/// Settings: a word and its value, whatever the word.
const SETTINGS: Below = Below::Keys(&Keys { others: Below::Value, ..NONE });

/// `devices localhost.localdomain …`.
pub(super) const DEVICE: Below = Below::Keys(&Keys {
    blocks: &[
        ("deviceconfig", Below::Keys(&DEVICECONFIG)),
        ("device-group", Below::Entries(&Below::Keys(&DEVICE_GROUP))),
        ("network", Below::Keys(&NETWORK)),
        ("template", Below::Entries(&Below::Keys(&TEMPLATE))),
        ("template-stack", Below::Entries(&Below::Keys(&TEMPLATE))),
        ("vsys", Below::Entries(&VSYS)),
    ],
    ..NONE
});
/// `shared …`, `panorama …` and all that has objects and rules.
pub(in crate::config) const VSYS: Below = Below::Keys(&OBJECTS);
/// `<config>` itself.
pub(super) const CONFIG: Below = Below::Keys(&Keys {
    blocks: &[("devices", Below::Entries(&DEVICE)), ("panorama", VSYS), ("shared", VSYS)],
    ..NONE
});

const DEVICE_GROUP: Keys =
    Keys { lists: "reference-templates", blocks: &[("devices", DEVICES)], also: Some(&OBJECTS), ..NONE };
const TEMPLATE: Keys = Keys {
    values: "description",
    lists: "templates",
    blocks: &[("config", Below::Top), ("devices", DEVICES), ("settings", SETTINGS)],
    ..NONE
};
/// Firewalls by serial number.
const DEVICES: Below = Below::Entries(&Below::Keys(&Keys { lists: "vsys", ..NONE }));

/// Of decryption: servers that are left alone, and the firewall's own certificates.
const SSL_DECRYPT: Keys = Keys {
    lists: "disabled-ssl-exclude-cert-from-predefined root-ca-exclude-list trusted-root-CA",
    blocks: &[("ssl-exclude-cert", Below::Entries(&SETTINGS))],
    ..NONE
};

const OBJECTS: Keys = Keys {
    values: "description display-name",
    blocks: &[
        ("address", Below::Entries(&Below::Keys(&ADDRESS))),
        ("address-group", Below::Entries(&Below::Keys(&ADDRESS_GROUP))),
        (
            "alg-override",
            Below::Keys(&Keys { blocks: &[("application", Below::Entries(&SETTINGS))], ..NONE }),
        ),
        ("application", Below::Entries(&Below::Keys(&APPLICATION))),
        ("application-filter", Below::Entries(&Below::Keys(&APPLICATION_FILTER))),
        ("application-group", Below::Entries(&Below::Keys(&GROUP))),
        ("application-status", Below::Entries(&SETTINGS)),
        (
            "dynamic-user-group",
            Below::Entries(&Below::Keys(&Keys { lists: "tag", values: "description filter", ..NONE })),
        ),
        ("external-list", Below::Entries(&Below::Keys(&EXTERNAL_LIST))),
        ("import", Below::Keys(&IMPORT)),
        ("override", Below::Keys(&Keys { blocks: &[("application", Below::Entries(&SETTINGS))], ..NONE })),
        ("post-rulebase", Below::Keys(&RULEBASE)),
        ("pre-rulebase", Below::Keys(&RULEBASE)),
        ("profile-group", Below::Entries(&Below::Keys(&PROFILES))),
        ("profiles", Below::Keys(&PROFILE_KINDS)),
        ("region", Below::Entries(&Below::Keys(&REGION))),
        ("rulebase", Below::Keys(&RULEBASE)),
        ("schedule", Below::Entries(&Below::Keys(&SCHEDULE))),
        ("service", Below::Entries(&Below::Keys(&SERVICE))),
        ("service-group", Below::Entries(&Below::Keys(&GROUP))),
        ("ssl-decrypt", Below::Keys(&SSL_DECRYPT)),
        ("tag", Below::Entries(&Below::Keys(&Keys { values: "color comments", ..NONE }))),
        ("threats", THREATS),
        ("zone", Below::Entries(&Below::Keys(&ZONE))),
    ],
    ..NONE
};
