//! Features besides the security policy: pure functions from the configuration's tables, their own state and the facts
//! of a packet to a decision. Nothing here knows of a session; the engine asks, and acts on the answers.

pub mod alg;
pub mod decryption;
mod first_match;
pub mod host_service;
pub mod nat;
pub mod override_rule;
pub mod route;
pub mod threat;
pub mod zone_protection;
