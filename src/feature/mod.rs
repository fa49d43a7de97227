//! What a firewall does besides policy and sessions: pure functions from the configuration's tables and the facts of
//! a packet to a decision. Nothing here knows of a session; the engine asks, and acts on the answers.

pub mod route;
