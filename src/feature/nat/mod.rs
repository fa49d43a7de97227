//! Network address translation of IPv4 (PANOS.md 9).
//!
//! [`NatPolicy`] finds the rule, [`Pools`] applies it to a session's first packet and remembers which ports and
//! addresses are in use. The engine, for each new session:
//!
//! 1. looks the rule up by the original packet and the egress zone of its *original* destination;
//! 2. asks [`Pools::translate`] for what the packet becomes. [`Exhausted`] is `nat_port_alloc_fail`: the packet is
//!    dropped;
//! 3. looks up the route of the translated destination: that is the zone the security policy sees, with the original
//!    addresses; and the translated packet's [`FlowKey::reply`] from there is the session's `s2c` key;
//! 4. gives the [`Lease`] back with [`Pools::release`] when the session ends, or did not come to be.
//!
//! [`FlowKey::reply`]: crate::flow::FlowKey::reply

mod policy;
mod pool;
mod pools;
mod ports;
mod rule;

pub use policy::{NatPolicy, NatQuery, Untranslated};
pub use pool::{AddressPool, OneToOne};
pub use pools::{Exhausted, Lease, Pools, Translation};
pub use rule::{
    DestinationAddress, DestinationTranslation, Distribution, NatRule, NatRuleId, Oversubscription,
    SourceTranslation,
};

#[cfg(test)]
mod tests;
