//! Features besides the security policy. Each is rules, their state, and pure functions from facts to decisions; only
//! the engine changes sessions.

mod first_match;
pub mod nat;
pub mod override_rule;
