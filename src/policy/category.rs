//! URL categories of a rule and of a session.

use super::Ternary;

/// A set of URL categories: those that a host belongs to, or that a rule names. Categories are numbered by the
/// configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct CategorySet(u128);

impl CategorySet {
    /// How many categories there can be.
    pub const MOST: u8 = 128;

    /// The set of nothing but the category of that number; the empty set from [`CategorySet::MOST`] on.
    pub const fn of(category: u8) -> Self {
        Self(if category < Self::MOST { 1 << category } else { 0 })
    }

    /// What is in either.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether anything is in both.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// URL categories of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CategoryMatch {
    /// As configured, for people; empty means `any`.
    pub names: Vec<String>,
    /// Those among them whose hosts are known.
    pub set: CategorySet,
    /// Whether one of them is not in any table, so that the rule may match whatever the host is.
    pub open: bool,
}

impl CategoryMatch {
    /// Whether this is `any`.
    pub const fn is_any(&self) -> bool {
        self.names.is_empty()
    }

    /// How far the categories of a session match; `None` is not known yet (PANOS.md 2.2).
    pub fn matches(&self, categories: Option<CategorySet>) -> Ternary {
        match categories {
            _ if self.is_any() => Ternary::Yes,
            None => Ternary::Unknown,
            Some(categories) if categories.meets(self.set) => Ternary::Yes,
            Some(_) if self.open => Ternary::Unknown,
            Some(_) => Ternary::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_certain_once_the_host_is_known() {
        let (news, games) = (CategorySet::of(0), CategorySet::of(127));
        let any = CategoryMatch::default();
        let closed = CategoryMatch { names: vec!["news".to_owned()], set: news, open: false };
        let open = CategoryMatch { open: true, ..closed.clone() };
        for (categories, expected) in [
            (None, [Ternary::Yes, Ternary::Unknown, Ternary::Unknown]),
            (Some(news), [Ternary::Yes, Ternary::Yes, Ternary::Yes]),
            (Some(news.with(games)), [Ternary::Yes, Ternary::Yes, Ternary::Yes]),
            (Some(games), [Ternary::Yes, Ternary::No, Ternary::Unknown]),
            (Some(CategorySet::default()), [Ternary::Yes, Ternary::No, Ternary::Unknown]),
        ] {
            let found = [&any, &closed, &open].map(|column| column.matches(categories));
            assert_eq!(found, expected, "{categories:?}");
        }
        assert!(CategorySet::of(CategorySet::MOST).is_empty());
    }
}
