//! Rulebase files to a [`World`]: everything a firewall needs to know before the first packet.

mod settings;
mod zones;

use std::sync::Arc;

pub use settings::{AsymmetricPath, SettingError, Settings};
pub use zones::Zones;

use crate::app::{Catalog, Identifier};
use crate::policy::Policy;

/// A committed configuration.
#[derive(Debug, Clone)]
pub struct World {
    /// Security zones by address.
    pub zones: Zones,
    /// Applications.
    pub catalog: Arc<Catalog>,
    /// Decoders, indexed for that catalog.
    pub identifier: Identifier,
    /// Security rules.
    pub policy: Policy,
    /// Settings, timeouts and limits.
    pub settings: Settings,
    /// What was read and means less than it says; one sentence each, without trailing punctuation.
    pub warnings: Vec<String>,
}
