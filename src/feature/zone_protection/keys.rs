//! The switches of a profile by PAN-OS's keys: what every file format reads and writes (PANOS.md 6.2).

use super::{Guard, TcpProtection, ZoneProtection};

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// `yes` or `no`.
    Flag(bool),
    /// `yes`, `no`, or `global`: as the firewall's setting says.
    Override(Option<bool>),
    /// `bypass`, `drop`, or `global`.
    Path(Option<bool>),
}

impl Value {
    /// The words that such a key takes, with what they mean.
    pub const fn words(self) -> &'static [(&'static str, Self)] {
        match self {
            Self::Flag(_) => &[("yes", Self::Flag(true)), ("no", Self::Flag(false))],
            Self::Override(_) => &[
                ("global", Self::Override(None)),
                ("yes", Self::Override(Some(true))),
                ("no", Self::Override(Some(false))),
            ],
            Self::Path(_) => &[
                ("global", Self::Path(None)),
                ("drop", Self::Path(Some(false))),
                ("bypass", Self::Path(Some(true))),
            ],
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        self.words().iter().find(|&&(_, value)| value == self).map_or("", |&(word, _)| word)
    }
}

/// Keys that are about TCP.
const TCP: [&str; 9] = [
    "tcp-reject-non-syn",
    "asymmetric-path",
    "strip-mptcp-option",
    "discard-tcp-split-handshake",
    "discard-tcp-syn-with-data",
    "discard-tcp-synack-with-data",
    "strip-tcp-fast-open-and-data",
    "remove-tcp-timestamp",
    "discard-overlapping-tcp-segment-mismatch",
];

/// Every key, those that are nested with `/` between the parts.
pub fn keys() -> impl Iterator<Item = &'static str> {
    TCP.into_iter().chain(Guard::ALL.iter().map(|guard| guard.key()))
}

/// A place in a profile.
enum Slot<'p> {
    Flag(&'p mut bool),
    Override(&'p mut Option<bool>),
    Path(&'p mut Option<bool>),
}

fn slot<'p>(tcp: &'p mut TcpProtection, key: &str) -> Option<Slot<'p>> {
    Some(match key {
        "tcp-reject-non-syn" => Slot::Override(&mut tcp.reject_non_syn),
        "asymmetric-path" => Slot::Path(&mut tcp.asymmetric_bypass),
        "strip-mptcp-option" => Slot::Override(&mut tcp.strip_mptcp),
        "discard-tcp-split-handshake" => Slot::Flag(&mut tcp.discard_split_handshake),
        "discard-tcp-syn-with-data" => Slot::Flag(&mut tcp.discard_syn_with_data),
        "discard-tcp-synack-with-data" => Slot::Flag(&mut tcp.discard_synack_with_data),
        "strip-tcp-fast-open-and-data" => Slot::Flag(&mut tcp.strip_fast_open),
        "remove-tcp-timestamp" => Slot::Flag(&mut tcp.remove_timestamp),
        "discard-overlapping-tcp-segment-mismatch" => Slot::Flag(&mut tcp.discard_overlap_mismatch),
        _ => return None,
    })
}

impl ZoneProtection {
    /// What a key holds; `None` where there is no such key.
    pub fn get(&self, key: &str) -> Option<Value> {
        let mut tcp = self.tcp;
        match slot(&mut tcp, key) {
            Some(Slot::Flag(flag)) => Some(Value::Flag(*flag)),
            Some(Slot::Override(value)) => Some(Value::Override(*value)),
            Some(Slot::Path(value)) => Some(Value::Path(*value)),
            None => {
                let guard = Guard::ALL.iter().find(|guard| guard.key() == key)?;
                Some(Value::Flag(self.guards.has(*guard)))
            }
        }
    }

    /// Gives a key another value of its kind; anything else changes nothing.
    pub fn set(&mut self, key: &str, value: Value) {
        match (slot(&mut self.tcp, key), value) {
            (Some(Slot::Flag(flag)), Value::Flag(value)) => *flag = value,
            (Some(Slot::Override(slot)), Value::Override(value))
            | (Some(Slot::Path(slot)), Value::Path(value)) => *slot = value,
            (None, Value::Flag(value)) => {
                if let Some(&guard) = Guard::ALL.iter().find(|guard| guard.key() == key) {
                    self.guards.set(guard, value);
                }
            }
            _ => {}
        }
    }

    /// Keys whose values are not those of a new profile, with their values.
    pub fn changes(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let fresh = Self::default();
        keys().filter_map(move |key| {
            let value = self.get(key)?;
            (fresh.get(key) != Some(value)).then_some((key, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_takes_every_word() {
        let fresh = ZoneProtection::default();
        for key in keys() {
            let value = fresh.get(key).unwrap();
            let mut seen = 0;
            for &(word, other) in value.words() {
                let mut profile = ZoneProtection::default();
                profile.set(key, other);
                assert_eq!(profile.get(key), Some(other), "{key} {word}");
                assert_eq!(other.word(), word);
                let changes: Vec<_> = profile.changes().collect();
                seen += changes.len();
                assert_eq!(changes, Vec::from_iter((other != value).then_some((key, other))));
            }
            assert_eq!(seen + 1, value.words().len());
        }
        assert_eq!(fresh.get("discard-everything"), None);
    }
}
