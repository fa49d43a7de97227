//! What an application is, what it needs, and when App-ID decides it: the catalog for people and programs.
//!
//! [`Listing`] is the list of applications, [`Subject`] one of them or a container, [`DecisionPoints`] reads a replay's
//! events and adds up what had passed when App-ID decided, [`write_needs`] and its like tell what
//! [`crate::lint::dependencies`] has found in a rulebase.

mod decisions;
mod listing;
mod measured;
mod needs;
pub(crate) mod page;
mod rows;
mod search;
mod sheet;

pub use decisions::DecisionPoints;
pub use listing::Listing;
pub use measured::{Measured, measured};
pub use needs::{write_needs, write_needs_json};
pub use sheet::Subject;
