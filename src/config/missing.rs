//! What a configuration names and does not hold: a firewall knows it from elsewhere, or nobody does.

/// A name that rules use and of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it is the name of.
    pub kind: MissingKind,
    /// The name.
    pub name: String,
    /// The rules that name it, in order; of those that do so through a group only the first. Never empty.
    pub uses: Vec<MissingUse>,
}

/// What a [`Missing`] name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingKind {
    /// An application that is not in the catalog.
    Application,
    /// A host name whose addresses no table holds.
    Host,
    /// A region without addresses.
    Region,
    /// An external dynamic list without entries.
    ExternalList,
    /// A URL category without hosts.
    UrlCategory,
    /// A user or group that no table holds.
    User,
}

/// A rule that uses a [`Missing`] name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingUse {
    /// Which rulebase it is in.
    pub rulebase: Rulebase,
    /// Its name.
    pub rule: String,
    /// The column, by PAN-OS's key.
    pub column: &'static str,
    /// The group in that column which holds the name, where the column does not name it itself.
    pub through: Option<String>,
}

/// A rulebase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rulebase {
    /// Security rules.
    Security,
    /// NAT rules.
    Nat,
    /// Application override rules.
    ApplicationOverride,
    /// Decryption rules.
    Decryption,
}
