//! What people and programs read: consumers of the engine's events.

use std::io;

use crate::config::World;
use crate::engine::Events;
use crate::packet::Packet;

/// A reader of events: it is shown what every step brought and decides nothing.
pub trait Sink {
    /// Sees a packet before the firewall does.
    fn packet(&mut self, _packet: &Packet<'_>) {}

    /// Takes the events of a step.
    ///
    /// # Errors
    /// Where it writes somewhere and that fails.
    fn read(&mut self, world: &World, events: &Events) -> io::Result<()>;
}
