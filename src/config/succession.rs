//! One configuration after another: what has which number in both.

use std::sync::Arc;

use super::World;
use crate::app::AppId;
use crate::feature::nat::NatRuleId;
use crate::flow::{InterfaceId, ZoneId};
use crate::policy::{CategorySet, RuleId};

/// The numbers that a configuration's names have in the one after it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Renames {
    zones: Vec<ZoneId>,
    rules: Vec<RuleId>,
    nat: Vec<NatRuleId>,
    applications: Vec<AppId>,
    interfaces: Vec<Option<InterfaceId>>,
    categories: Vec<CategorySet>,
    /// Whether signatures of custom applications may have changed.
    other_signatures: bool,
}

impl Renames {
    /// A zone.
    pub fn zone(&self, zone: ZoneId) -> ZoneId {
        self.zones.get(usize::from(zone.0)).copied().unwrap_or(zone)
    }

    /// A security rule.
    pub fn rule(&self, rule: RuleId) -> RuleId {
        self.rules.get(rule.0 as usize).copied().unwrap_or(rule)
    }

    /// A NAT rule.
    pub fn nat_rule(&self, rule: NatRuleId) -> NatRuleId {
        self.nat.get(rule.index()).copied().unwrap_or(rule)
    }

    /// An application.
    pub fn application(&self, app: AppId) -> AppId {
        self.applications.get(usize::from(app.0)).copied().unwrap_or(app)
    }

    /// An interface; `None` where there is none of that name any more.
    pub fn interface(&self, interface: Option<InterfaceId>) -> Option<InterfaceId> {
        self.interfaces.get(interface?.index()).copied().flatten()
    }

    /// URL categories, of which those that are gone are left out.
    pub fn categories(&self, set: CategorySet) -> CategorySet {
        let numbered = (0u8..).zip(&self.categories);
        let kept = numbered.filter(|&(number, _)| set.meets(CategorySet::of(number)));
        kept.fold(CategorySet::default(), |all, (_, &category)| all.with(category))
    }

    /// Whether every application has kept its number.
    pub fn keeps_applications(&self) -> bool {
        (0u16..).zip(&self.applications).all(|(number, &app)| app == AppId(number))
    }

    /// Whether what signatures have seen so far says nothing to the new ones.
    pub const fn has_other_signatures(&self) -> bool {
        self.other_signatures
    }
}

impl World {
    /// This configuration as the one after `old`: with the numbers that the old one's names have in it. Names that it
    /// does not have are added for those who still show them, and match nothing: zones, rules and applications.
    #[must_use]
    pub fn succeeding(mut self, old: &Self) -> (Self, Renames) {
        let zones = old.zones.names().iter().map(|name| self.zones.intern(name)).collect();
        let rules = self.policy.succeed(&old.policy);
        let nat = self.nat.succeed(&old.nat);
        let applications = self.succeed_applications(old);
        let interfaces = old.network.interfaces().iter();
        let interfaces = interfaces.map(|interface| self.network.find(&interface.name)).collect();
        let categories = old.categories.all().map(|name| self.categories.find(name).unwrap_or_default());
        let categories = categories.collect();
        let other_signatures = !(old.signatures.is_empty() && self.signatures.is_empty());
        let renames = Renames { zones, rules, nat, applications, interfaces, categories, other_signatures };
        (self, renames)
    }

    fn succeed_applications(&mut self, old: &Self) -> Vec<AppId> {
        let mut gone = None;
        let mut numbers = Vec::with_capacity(old.catalog.len());
        for (_, application) in old.catalog.iter() {
            let known = gone.as_ref().unwrap_or(&*self.catalog).find(&application.name);
            numbers.push(match known {
                Some(app) => app,
                None => gone.get_or_insert_with(|| (*self.catalog).clone()).insert(application.clone()),
            });
        }
        if let Some(catalog) = gone {
            self.catalog = Arc::new(catalog);
        }
        numbers
    }
}
