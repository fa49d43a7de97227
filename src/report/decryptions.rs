//! What becomes of sessions that the decryption policy is about, in numbers.

use serde::Serialize;

use super::style::{count, grouped};
use crate::engine::DecryptionStep;
use crate::feature::decryption::Note;

/// Sessions, each counted once in what it comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Decryptions {
    /// Those that a rule decrypts.
    sessions: u64,
    /// Those that a rule leaves as they are.
    no_decrypt: u64,
    /// Ended by a fatal alert of a side.
    alerts: u64,
    /// Blocked by the profile.
    blocked: u64,
    /// Left undecrypted: nothing that the profile supports, or excluded.
    undecrypted: u64,
    /// Opened with secrets from a key log.
    opened: u64,
    /// Of TLS 1.3, which hides certificates and most alerts.
    hidden: u64,
}

impl Decryptions {
    pub(super) fn add(&mut self, step: DecryptionStep) {
        match step {
            DecryptionStep::Begins => self.sessions += 1,
            DecryptionStep::NoDecrypt => self.no_decrypt += 1,
            DecryptionStep::Alert(_) => self.alerts += 1,
            DecryptionStep::Blocked(_) => self.blocked += 1,
            DecryptionStep::Excluded(_) | DecryptionStep::Cached | DecryptionStep::Listed => {
                self.undecrypted += 1;
            }
            DecryptionStep::Sealed { .. } => self.opened += 1,
            DecryptionStep::Noted(Note::Hidden) => self.hidden += 1,
            DecryptionStep::Noted(_) | DecryptionStep::Opened(_) | DecryptionStep::Shut(_) => {}
        }
    }

    /// In few words each; nothing where there are no such sessions.
    pub(super) fn items(&self) -> Vec<String> {
        let mut items = Vec::new();
        let mut item = |number: u64, text: String| items.extend((number > 0).then_some(text));
        item(self.sessions, count(self.sessions, "session"));
        item(self.blocked, format!("{} blocked by the profile", grouped(self.blocked)));
        item(self.alerts, format!("{} ended by an alert", grouped(self.alerts)));
        item(self.undecrypted, format!("{} passed undecrypted", grouped(self.undecrypted)));
        item(self.opened, format!("{} opened with the key log", grouped(self.opened)));
        item(self.no_decrypt, format!("{} under no-decrypt", grouped(self.no_decrypt)));
        item(
            self.hidden,
            format!("{} of TLS 1.3, which hides certificates and most alerts", grouped(self.hidden)),
        );
        items
    }

    /// Whether the decryption policy is about any session.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::decryption::Check;

    #[test]
    fn in_words() {
        let mut all = Decryptions::default();
        assert!(all.is_empty() && all.items().is_empty());
        for step in [
            DecryptionStep::Begins,
            DecryptionStep::Noted(Note::Hidden),
            DecryptionStep::Noted(Note::WrongName),
            DecryptionStep::Begins,
            DecryptionStep::Blocked(Check::ClientCertificate),
            DecryptionStep::Cached,
        ] {
            all.add(step);
        }
        assert_eq!(
            all.items(),
            [
                "2 sessions",
                "1 blocked by the profile",
                "1 passed undecrypted",
                "1 of TLS 1.3, which hides certificates and most alerts"
            ]
        );
    }
}
