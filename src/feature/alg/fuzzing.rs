//! What the fuzz target needs besides the public interface: every gateway.
//!
//! Built only under `cfg(fuzzing)`, as `fuzz/` sets it; no part of the library's interface.

use super::{Gateway, ROWS};
use crate::flow::Protocol;

/// One of each: its application, what it is carried by, and itself.
pub fn gateways() -> impl Iterator<Item = (&'static str, Protocol, Box<dyn Gateway>)> {
    ROWS.iter().map(|row| (row.app, row.protocol, (row.make)()))
}
