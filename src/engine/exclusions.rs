//! The local exclusion cache of decryption: servers that are left undecrypted, for they have shown something that is not
//! supported and not blocked (PANOS.md 8; the vendor's documentation: for 12 hours).

use hashbrown::HashMap;

use crate::flow::Addr;
use crate::time::{Span, Timestamp};

/// A server's address and port, as the session reaches it.
pub(super) type Server = (Addr, u16);

/// Servers, and until when they are left alone.
#[derive(Debug, Default)]
pub(super) struct Exclusions {
    servers: HashMap<Server, Timestamp, foldhash::quality::RandomState>,
}

impl Exclusions {
    /// Whether a server is left alone.
    pub(super) fn holds(&self, server: Server, at: Timestamp) -> bool {
        !self.servers.is_empty() && self.servers.get(&server).is_some_and(|end| at < *end)
    }

    /// Leaves a server alone for so long. Whether there is no room for it among `most`.
    pub(super) fn note(&mut self, server: Server, at: Timestamp, life: Span, most: usize) -> bool {
        if self.servers.len() >= most && !self.servers.contains_key(&server) {
            self.servers.retain(|_, end| at < *end);
            if self.servers.len() >= most {
                return true;
            }
        }
        self.servers.insert(server, at + life);
        false
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.servers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_age_out() {
        let server = |last| (Addr::v4([198, 51, 100, last]), 443);
        let at = |secs| Timestamp::from_secs(secs);
        let hour = Span::from_secs(3_600);
        let mut exclusions = Exclusions::default();
        assert!(!exclusions.note(server(1), at(0), hour, 1));
        assert!(exclusions.holds(server(1), at(3_599)) && !exclusions.holds(server(1), at(3_600)));
        assert!(exclusions.note(server(2), at(3_599), hour, 1), "full");
        assert!(!exclusions.holds(server(2), at(3_599)));
        assert!(!exclusions.note(server(2), at(3_600), hour, 1), "the first one has aged out");
        assert!(exclusions.holds(server(2), at(3_600)));
        assert!(exclusions.note(server(3), at(0), hour, 0));
    }
}
