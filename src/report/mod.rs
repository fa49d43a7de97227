//! What people and programs read: consumers of the engine's events.
//!
//! Each format is a [`Sink`] of its own: [`Tally`] adds up, [`Rows`] writes the traffic log.

pub mod beside;
pub mod columns;
mod community;
pub mod csv;
mod decryptions;
pub mod ecs;
mod ends;
pub mod escape;
mod events;
mod explain;
mod inline;
pub mod json;
mod leaks;
mod live;
pub mod matrix;
mod order;
mod packed;
pub mod panos;
mod place;
mod policy_match;
mod row;
mod rows;
mod running_policy;
mod selected;
pub mod stages;
pub(crate) mod style;
mod tally;
pub mod text;
mod threats;
pub mod whatif;
pub(crate) mod wrap;

use std::io;

use crate::capture::{CaptureInfo, Frame};
use crate::config::World;
use crate::engine::{Commit, Events};
use crate::packet::Packet;

pub use decryptions::Decryptions;
pub use events::EventLog;
pub use explain::Explain;
pub use inline::Inline;
pub use leaks::{Leak, Leaks, Port, PortSessions, Worst};
pub use policy_match::{Asked, PolicyMatch};
pub use row::{ApplicationRow, Applications, FirstPacketsRow, Model, NatRow, Row, Subtype};
pub use rows::{Encode, Rows, Seen};
pub use running_policy::RunningPolicy;
pub use tally::{RuleTally, Tally};
pub use threats::{ThreatRow, Threats};

/// A reader of events: it is shown what every step brought and decides nothing.
pub trait Sink {
    /// Whether it wants to see frames: those that do not are never asked again.
    fn wants_frames(&self) -> bool {
        false
    }

    /// Sees a frame as it was read, with its number in the run: only where [`Self::wants_frames`] says so.
    ///
    /// # Errors
    /// Where it writes somewhere and that fails.
    fn frame(&mut self, _frame: &Frame<'_>, _number: u64) -> io::Result<()> {
        Ok(())
    }

    /// Sees a packet before the firewall does.
    fn packet(&mut self, _packet: &Packet<'_>) {}

    /// Takes the events of a step.
    ///
    /// # Errors
    /// Where it writes somewhere and that fails.
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()>;

    /// Another configuration is in force: events shown from here on are about that one. Whoever keeps numbers of rules,
    /// zones or applications changes them here.
    ///
    /// # Errors
    /// Where it writes somewhere and that fails.
    fn committed(&mut self, _commit: &Commit) -> io::Result<()> {
        Ok(())
    }
}

/// What a report is about, besides what the events say.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// What the events' ids belong to.
    pub world: &'a World,
    /// The captures that were read, in the order of the command line.
    pub captures: &'a [CaptureInfo],
    /// One sentence each, without trailing punctuation.
    pub warnings: &'a [String],
}
