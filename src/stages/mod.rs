//! The captures of a real firewall's stages against the model: what did the device do with each packet, and would the
//! model have done the same?
//!
//! PAN-OS's packet-diag writes a capture for each stage: receive, firewall, transmit and drop (PANOS.md 11.7). The receive
//! stage is replayed. Every packet of it is looked for in the others by what NAT, routing and the link leave alone
//! ([`Mark`]), so that its fate on the device is known; what is in none of them but the last, the device has sent itself.
//!
//! 1. [`Model`] reads a replay of the receive stage.
//! 2. [`StageFile::pair`] finds its packets again in the other stages.
//! 3. Where the device's NAT has chosen other ports than the model, [`hints`] tells them, and the replay is made
//!    again: otherwise the model would not know the answers, which come to the device's choice.
//! 4. [`Comparison::new`] compares.

mod compare;
mod device;
mod json;
mod mark;
mod model;
mod pair;
mod resets;
mod text;

pub use compare::{Compared, Comparison, Row, Totals};
pub use device::{StageFile, Unrelated, hints};
pub use json::write_document;
pub use mark::{Ends, Mark, Shape};
pub use model::{Hint, Hinted, Model};
pub use pair::Pairs;
pub use text::write_report;
