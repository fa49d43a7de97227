//! NAT rules with every name resolved.

use std::num::NonZeroU32;

use super::pool::{AddressPool, OneToOne};
use crate::flow::{Addr, ZoneId};
use crate::policy::{AddressMatch, Rule, ServiceMatch, ZoneMatch};

/// Index of a rule in its [`super::NatPolicy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NatRuleId(NonZeroU32);

impl NatRuleId {
    /// The rule at `index`, from 0; `None` past any that a rulebase can have.
    pub fn new(index: usize) -> Option<Self> {
        u32::try_from(index + 1).ok().and_then(NonZeroU32::new).map(Self)
    }

    /// Its place in the list of rules.
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// The first rule.
impl Default for NatRuleId {
    fn default() -> Self {
        Self(NonZeroU32::MIN)
    }
}

/// A NAT rule of `nat-type ipv4`.
///
/// One without any translation is a rule too: it matches, so that no later one does ("no NAT").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatRule {
    /// Its name.
    pub name: String,
    /// Its place; [`super::NatPolicy::new`] gives it.
    pub id: NatRuleId,
    /// Whether it is the other half of the `bi-directional` rule before it, with that rule's name.
    pub is_reverse: bool,
    /// Ingress zones.
    pub from: ZoneMatch,
    /// The egress zone of the original destination.
    pub to: ZoneId,
    /// The egress interface of the original destination; `None` is `any`.
    pub to_interface: Option<String>,
    /// Original source addresses.
    pub source: AddressMatch,
    /// Original destination addresses.
    pub destination: AddressMatch,
    /// Original ports: `Any` or `Services`.
    pub service: ServiceMatch,
    /// What the source becomes.
    pub source_translation: Option<SourceTranslation>,
    /// What the destination becomes.
    pub destination_translation: Option<DestinationTranslation>,
    /// Whether only one device of an active/active pair uses it (`active-active-device-binding`), which the model does
    /// not tell apart.
    pub is_bound: bool,
    /// The line of the rulebase file it starts on, counted from 1.
    pub line: Option<u32>,
}

/// A rule that matches all that leaves by the first zone, and translates nothing.
impl Default for NatRule {
    fn default() -> Self {
        Self {
            name: String::new(),
            id: NatRuleId::default(),
            is_reverse: false,
            from: ZoneMatch::Any,
            to: ZoneId::default(),
            to_interface: None,
            source: AddressMatch::default(),
            destination: AddressMatch::default(),
            service: ServiceMatch::Any,
            source_translation: None,
            destination_translation: None,
            is_bound: false,
            line: None,
        }
    }
}

/// `source-translation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceTranslation {
    /// `static-ip`: one address for one, the port stays.
    StaticIp {
        /// Original and translated addresses.
        addresses: OneToOne,
        /// Whether a rule the other way comes with it.
        bidirectional: bool,
    },
    /// `dynamic-ip`: an address of its own for each source that has sessions, the port stays.
    DynamicIp {
        /// The addresses.
        pool: AddressPool,
        /// Where all of them are taken: translate as `dynamic-ip-and-port` to these.
        fallback: Option<AddressPool>,
    },
    /// `dynamic-ip-and-port`: addresses shared by port.
    DynamicIpAndPort {
        /// The addresses, or that of an interface.
        pool: AddressPool,
    },
}

/// `destination-translation` or `dynamic-destination-translation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationTranslation {
    /// The new address.
    pub address: DestinationAddress,
    /// The new port of TCP and UDP.
    pub port: Option<u16>,
}

/// What a destination address becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationAddress {
    /// Whatever it was, this one.
    One(Addr),
    /// One address for one.
    OneToOne(OneToOne),
    /// One of several, chosen for each session.
    Distributed {
        /// The addresses.
        pool: AddressPool,
        /// How they are chosen.
        distribution: Distribution,
    },
}

/// `distribution` of a dynamic destination translation.
///
/// The hashes and the operands of `ip-modulo` are the vendor's own; these are the model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Distribution {
    /// In turns.
    #[default]
    RoundRobin,
    /// By the source address.
    SourceIpHash,
    /// By source XOR destination address, modulo the number of addresses.
    IpModulo,
    /// By source and destination address.
    IpHash,
    /// The address with the fewest sessions, the lowest of several.
    LeastSessions,
}

impl Distribution {
    /// All of them, as PAN-OS spells them.
    pub const ALL: [(&str, Self); 5] = [
        ("round-robin", Self::RoundRobin),
        ("source-ip-hash", Self::SourceIpHash),
        ("ip-modulo", Self::IpModulo),
        ("ip-hash", Self::IpHash),
        ("least-sessions", Self::LeastSessions),
    ];
}

/// `nat.dipp-oversub`: how many sessions toward different destination addresses may have the same translated address
/// and port. PAN-OS's default depends on the platform; the model's is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Oversubscription {
    /// `1x`: one.
    #[default]
    X1,
    /// `2x`: two.
    X2,
    /// `4x`: four.
    X4,
    /// `8x`: eight.
    X8,
}

impl Oversubscription {
    /// All of them, as PAN-OS spells them.
    pub const ALL: [(&str, Self); 4] =
        [("1x", Self::X1), ("2x", Self::X2), ("4x", Self::X4), ("8x", Self::X8)];

    /// As a number.
    pub const fn times(self) -> usize {
        match self {
            Self::X1 => 1,
            Self::X2 => 2,
            Self::X4 => 4,
            Self::X8 => 8,
        }
    }
}

impl NatRule {
    /// Whether it translates anything.
    pub const fn translates(&self) -> bool {
        self.source_translation.is_some() || self.destination_translation.is_some()
    }

    /// What the destination of TCP or UDP becomes, where the rule says so by itself: `None` where it does not
    /// translate it, or distributes sessions, which [`super::Pools::translate`] does.
    pub fn destination(&self, dst: Addr, dport: u16) -> Option<(Addr, u16)> {
        let translation = self.destination_translation.as_ref()?;
        let addr = match &translation.address {
            DestinationAddress::One(addr) => *addr,
            DestinationAddress::OneToOne(addresses) => addresses.translate(dst)?,
            DestinationAddress::Distributed { .. } => return None,
        };
        Some((addr, translation.port.unwrap_or(dport)))
    }

    /// The other half of a `bi-directional` rule: from any zone and any source to the translated addresses.
    ///
    /// The original destination is then behind the same zone as before, since that is where translated packets leave.
    /// That it keeps the service, and comes right behind its own rule, is assumed (PANOS.md 9 says neither).
    pub(super) fn reverse(&self) -> Option<Self> {
        let Some(SourceTranslation::StaticIp { addresses, bidirectional: true }) = &self.source_translation
        else {
            return None;
        };
        let address = DestinationAddress::OneToOne(addresses.reverse());
        Some(Self {
            name: self.name.clone(),
            is_reverse: true,
            to: self.to,
            destination: matching(&addresses.translated),
            service: self.service.clone(),
            is_bound: self.is_bound,
            destination_translation: Some(DestinationTranslation { address, port: None }),
            line: self.line,
            ..Self::default()
        })
    }

    /// Every pool of addresses that it chooses from.
    pub(super) fn pools_mut(&mut self) -> impl Iterator<Item = &mut AddressPool> {
        let source = match &mut self.source_translation {
            Some(SourceTranslation::DynamicIpAndPort { pool }) => [Some(pool), None],
            Some(SourceTranslation::DynamicIp { pool, fallback }) => [Some(pool), fallback.as_mut()],
            Some(SourceTranslation::StaticIp { .. }) | None => [None, None],
        };
        let destination = match &mut self.destination_translation {
            Some(DestinationTranslation {
                address: DestinationAddress::Distributed { pool, .. }, ..
            }) => Some(pool),
            _ => None,
        };
        source.into_iter().flatten().chain(destination)
    }

    /// The rule by what it matches, but for the egress zone.
    pub(super) fn columns(&self) -> Rule {
        Rule {
            from: self.from.clone(),
            source: self.source.clone(),
            destination: self.destination.clone(),
            service: self.service.clone(),
            ..Rule::default()
        }
    }
}

/// Exactly the addresses of a pool.
pub(super) fn matching(pool: &AddressPool) -> AddressMatch {
    // Without a name it would be `any`.
    AddressMatch { names: vec!["pool".to_owned()], ranges: pool.ranges().clone(), negate: false }
}
