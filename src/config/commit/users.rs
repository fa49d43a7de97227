//! Users of rules to the addresses they are at (PANOS.md 2.2).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cure::Cures;
use super::{join, unless_any};
use crate::config::candidate::Name;
use crate::config::diagnostic::{Diagnostics, quote, quote_some};
use crate::config::tables::{Lookups, Ranges};
use crate::flow::Addr;
use crate::policy::{UserMatch, Users};

/// So many ranges of addresses the user columns of all rules may hold together.
const MOST: usize = 8_000_000;

/// Resolves users and groups.
pub(super) struct UserColumns<'l> {
    lookups: &'l Lookups,
    /// Addresses with a user, and those without.
    known: Ranges,
    unknown: Ranges,
    /// Lists of names that have been resolved before.
    lists: BTreeMap<Vec<String>, Arc<[(Addr, Addr)]>>,
    ranges: usize,
    missing: BTreeSet<String>,
}

impl<'l> UserColumns<'l> {
    pub(super) fn new(lookups: &'l Lookups) -> Self {
        let mut known: Ranges = lookups.users.values().flat_map(|(_, ranges)| ranges).copied().collect();
        join(&mut known);
        let unknown = complement(&known);
        Self { lookups, known, unknown, lists: BTreeMap::new(), ranges: 0, missing: BTreeSet::new() }
    }

    /// The `source-user` column of a rule.
    pub(super) fn column(&mut self, names: &[Name], out: &mut Diagnostics) -> UserMatch {
        let Some(names) = unless_any(names) else { return UserMatch::default() };
        if let Some(ranges) = self.lists.get(&names) {
            return UserMatch { ranges: Arc::clone(ranges), names };
        }
        let mut ranges = Ranges::new();
        for name in &names {
            match name.as_str() {
                "known-user" => ranges.extend_from_slice(&self.known),
                "unknown" => ranges.extend_from_slice(&self.unknown),
                name => self.add(name, &mut ranges),
            }
        }
        join(&mut ranges);
        self.ranges += ranges.len();
        if self.ranges > MOST {
            if self.ranges - ranges.len() <= MOST {
                out.general(format!("the users of all rules are at more than {MOST} ranges of addresses"));
            }
            return UserMatch { names, ranges: Arc::default() };
        }
        let ranges: Arc<[_]> = ranges.into();
        self.lists.insert(names.clone(), Arc::clone(&ranges));
        UserMatch { names, ranges }
    }

    /// Adds the addresses of a user or of the users of a group, which may have groups in it.
    fn add(&mut self, name: &str, ranges: &mut Ranges) {
        let mut seen = BTreeSet::new();
        let mut next = vec![name.to_lowercase()];
        while let Some(key) = next.pop() {
            let user = self.lookups.users.get(&key);
            let group = self.lookups.user_groups.get(&key);
            ranges.extend(user.iter().flat_map(|(_, ranges)| ranges));
            // Nobody need be logged on before the first user is.
            if user.is_none() && group.is_none() && key != "pre-logon" {
                self.missing.insert(if seen.is_empty() { name.to_owned() } else { key.clone() });
            }
            if seen.insert(key) {
                next.extend(group.into_iter().flatten().cloned());
            }
        }
    }

    /// Whom no table holds.
    pub(super) const fn missing(&self) -> &BTreeSet<String> {
        &self.missing
    }

    /// Says once whom no table holds.
    pub(super) fn warn_of_missing(&self, cures: Cures, out: &mut Diagnostics) {
        let names: Vec<&str> = self.missing.iter().map(String::as_str).collect();
        if !names.is_empty() {
            out.warn(format!(
                "no addresses are known of the users {}, whom rules therefore never match: give a user's addresses \
                 under `[user]` and a group's users under `[user-group]`, {}",
                quote_some(&names),
                cures.tables()
            ));
        }
    }
}

/// Who is at which address.
pub(super) fn mapping(lookups: &Lookups, out: &mut Diagnostics) -> Users {
    let mut all: Vec<(Addr, Addr, String)> = Vec::new();
    for (user, ranges) in lookups.users.values() {
        let mut ranges = ranges.clone();
        join(&mut ranges);
        all.extend(ranges.into_iter().map(|(low, high)| (low, high, user.clone())));
    }
    all.sort_unstable();
    for pair in all.windows(2) {
        if let [(_, high, one), (low, _, two)] = pair
            && low <= high
        {
            out.general(format!("{low} is mapped to two users, {} and {}", quote(one), quote(two)))
                .help("an address has one user at a time: take it out of one of them under `[user]`");
        }
    }
    Users::new(all).with_groups(&lookups.user_groups)
}

/// All addresses that are not in `ranges`, which are sorted and disjoint.
fn complement(ranges: &[(Addr, Addr)]) -> Ranges {
    let mut gaps = Ranges::new();
    let mut start = Some(0);
    for (low, high) in ranges {
        if let Some(start) = start
            && let Some(end) = low.bits().checked_sub(1)
            && start <= end
        {
            gaps.push((Addr::from_bits(start), Addr::from_bits(end)));
        }
        start = high.bits().checked_add(1);
    }
    gaps.extend(start.map(|start| (Addr::from_bits(start), Addr::from_bits(u128::MAX))));
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complement_is_all_the_rest() {
        let at = Addr::from_bits;
        let all = (at(0), at(u128::MAX));
        assert_eq!(complement(&[]), [all]);
        assert_eq!(complement(&[all]), []);
        assert_eq!(complement(&[(at(0), at(3))]), [(at(4), at(u128::MAX))]);
        assert_eq!(complement(&[(at(5), at(6)), (at(9), at(u128::MAX))]), [(at(0), at(4)), (at(7), at(8))]);
    }
}
