//! Characteristics of applications: what application filters ask for besides category and risk (PANOS.md 12.1).

/// Each characteristic as an application filter names it, and as an application's own entry does.
const NAMES: [(&str, &str); 10] = [
    ("evasive", "evasive-behavior"),
    ("excessive-bandwidth-use", "consume-big-bandwidth"),
    ("used-by-malware", "used-by-malware"),
    ("transfers-files", "able-to-transfer-file"),
    ("has-known-vulnerabilities", "has-known-vulnerability"),
    ("tunnels-other-apps", "tunnel-other-application"),
    ("prone-to-misuse", "prone-to-misuse"),
    ("pervasive", "pervasive-use"),
    ("is-saas", "is-saas"),
    ("new-appid", "new-appid"),
];

/// A set of characteristics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Characteristics(u16);

impl Characteristics {
    /// Adds one by its name, as filters (`evasive`) or applications (`evasive-behavior`) spell it; `None` where there
    /// is no such characteristic.
    #[must_use]
    pub fn add(&mut self, name: &str) -> Option<()> {
        let number = NAMES.iter().position(|&(filter, entry)| name == filter || name == entry)?;
        self.0 |= 1 << number;
        Some(())
    }

    /// Whether all of `others` are among them.
    pub const fn contain(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Their names, as application filters spell them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let numbered = NAMES.iter().enumerate();
        numbered.filter(move |(number, _)| self.0 & (1 << number) != 0).map(|(_, &(name, _))| name)
    }

    /// Their names as an application's own entry spells them, and traffic logs with it.
    pub fn entry_names(self) -> impl Iterator<Item = &'static str> {
        let numbered = NAMES.iter().enumerate();
        numbered.filter(move |(number, _)| self.0 & (1 << number) != 0).map(|(_, &(_, name))| name)
    }

    /// The names of all there are, as application filters spell them.
    pub fn all_names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|&(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_known() {
        let mut set = Characteristics::default();
        assert_eq!(set.add("pervasive-use"), Some(()));
        assert_eq!(set.add("evasive"), Some(()));
        assert_eq!(set.add("nice"), None);
        assert_eq!(set.names().collect::<Vec<_>>(), ["evasive", "pervasive"]);
        assert!(set.contain(Characteristics::default()) && !Characteristics::default().contain(set));
    }
}
