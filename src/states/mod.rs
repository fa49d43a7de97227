//! The state machines, and the table of behaviours: what the firewall does, how well that is known, and which test holds it.
//!
//! [`Picture`] is the session states and the stages of TCP as text, JSON and graphs, derived from the code that moves
//! sessions. [`Fidelity`] is the table; its rows are lines of `src/manual/fidelity.txt`. [`Name`] is something that has a
//! name in the log or on the command line: a state, an end reason, a label, a timer, a setting.

mod fidelity;
mod name;
mod picture;
mod table;

pub use fidelity::{Behaviour, Confidence, Fidelity, FidelityError, Held};
pub use name::{Kind, Name};
pub use picture::Picture;
