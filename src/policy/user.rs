//! Users: who is behind an address, and what rules ask of them (PANOS.md 2.2).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rule::within;
use crate::flow::Addr;

/// Users of a rule, resolved to the addresses they are at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserMatch {
    /// As configured, for people: `known-user`, `unknown`, `pre-logon`, names of users and groups; empty means `any`.
    pub names: Vec<String>,
    /// Inclusive ranges of addresses, sorted and disjoint; ignored where `names` is empty. Shared by all rules that
    /// say the same.
    pub ranges: Arc<[(Addr, Addr)]>,
}

impl UserMatch {
    /// Whether this is `any`.
    pub fn is_any(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the user at `addr` is among them.
    pub fn contains(&self, addr: Addr) -> bool {
        self.is_any() || within(&self.ranges, addr)
    }
}

/// The IP-user mapping: who is at which address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Users {
    /// Inclusive ranges, sorted and disjoint, each with its user.
    ranges: Vec<(Addr, Addr, String)>,
    /// The groups that a user or a group is in directly; names in lower case.
    groups: BTreeMap<String, Vec<String>>,
}

impl Users {
    /// A mapping from disjoint inclusive ranges, in any order.
    pub fn new(mut ranges: Vec<(Addr, Addr, String)>) -> Self {
        ranges.sort_unstable();
        Self { ranges, groups: BTreeMap::new() }
    }

    /// With groups and their members: users, or groups again.
    #[must_use]
    pub fn with_groups<'g>(
        mut self,
        groups: impl IntoIterator<Item = (&'g String, &'g Vec<String>)>,
    ) -> Self {
        for (group, members) in groups {
            for member in members {
                self.groups.entry(member.to_lowercase()).or_default().push(group.to_lowercase());
            }
        }
        self
    }

    /// Whether a user is in a group, or in one that is in it; names in any case.
    pub fn is_member(&self, user: &str, group: &str) -> bool {
        let group = group.to_lowercase();
        let mut seen = BTreeSet::new();
        let mut next = vec![user.to_lowercase()];
        while let Some(name) = next.pop() {
            let groups = self.groups.get(&name).map(Vec::as_slice).unwrap_or_default();
            if groups.contains(&group) {
                return true;
            }
            if seen.insert(name) {
                next.extend_from_slice(groups);
            }
        }
        false
    }

    /// The user at an address; `None` where it is mapped to nobody, who is called `unknown`.
    pub fn of(&self, addr: Addr) -> Option<&str> {
        let after = self.ranges.partition_point(|&(low, ..)| low <= addr);
        let (_, high, user) = self.ranges.get(after.checked_sub(1)?)?;
        (addr <= *high).then_some(user)
    }

    /// Whether nobody is mapped.
    pub const fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_user_or_none() {
        let at = |last| Addr::v4([10, 0, 0, last]);
        let users = Users::new(vec![(at(20), at(29), "bob".to_owned()), (at(5), at(5), "ann".to_owned())]);
        for (last, user) in
            [(4, None), (5, Some("ann")), (6, None), (20, Some("bob")), (29, Some("bob")), (30, None)]
        {
            assert_eq!(users.of(at(last)), user, "{last}");
        }
        assert_eq!(Users::default().of(at(5)), None);
    }

    #[test]
    fn groups_may_be_in_groups() {
        let groups = [("Admins", vec!["corp\\Ann", "Helpdesk"]), ("helpdesk", vec!["corp\\bob", "admins"])];
        let groups = groups
            .map(|(group, members)| (group.to_owned(), members.into_iter().map(str::to_owned).collect()));
        let users = Users::default()
            .with_groups(groups.iter().map(|(group, members): &(String, Vec<String>)| (group, members)));
        for (user, group, is) in [
            ("corp\\ann", "admins", true),
            ("Corp\\Bob", "HELPDESK", true),
            ("corp\\bob", "admins", true),
            ("corp\\ann", "helpdesk", true),
            ("corp\\eve", "admins", false),
            ("corp\\ann", "staff", false),
            ("", "admins", false),
        ] {
            assert_eq!(users.is_member(user, group), is, "{user} in {group}");
        }
    }
}
