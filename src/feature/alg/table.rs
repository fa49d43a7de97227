//! Which applications have a gateway, as the configuration leaves them.

use super::{Gateway, ROWS};
use crate::app::{AppId, Catalog};
use crate::flow::Protocol;

/// Gateways by application.
#[derive(Debug, Clone, Default)]
pub struct Algs {
    /// In order of their applications: which row of [`ROWS`] it is.
    rows: Vec<(AppId, usize)>,
    /// Applications whose gateway is switched off (`alg-override`).
    disabled: Vec<AppId>,
}

impl Algs {
    /// All gateways, but those of applications that are `disabled`.
    pub fn new(catalog: &Catalog, disabled: Vec<AppId>) -> Self {
        let apps = ROWS.iter().enumerate().filter_map(|(row, alg)| Some((catalog.find(alg.app)?, row)));
        let mut rows: Vec<_> = apps.filter(|(app, _)| !disabled.contains(app)).collect();
        rows.sort_unstable();
        Self { rows, disabled }
    }

    /// The names of applications that have a gateway.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ROWS.iter().map(|row| row.app)
    }

    /// Whether there is a gateway for sessions that are `app`.
    pub fn has(&self, app: AppId, protocol: Protocol) -> bool {
        self.row(app, protocol).is_some()
    }

    /// Whether the gateway of `app` is switched off.
    pub fn is_disabled(&self, app: AppId) -> bool {
        self.disabled.contains(&app)
    }

    /// Applications whose gateway is switched off.
    pub fn disabled(&self) -> &[AppId] {
        &self.disabled
    }

    /// A gateway that begins with a session that is `app`.
    pub fn gateway(&self, app: AppId, protocol: Protocol) -> Option<Box<dyn Gateway>> {
        self.row(app, protocol).and_then(|row| ROWS.get(row)).map(|row| (row.make)())
    }

    fn row(&self, app: AppId, protocol: Protocol) -> Option<usize> {
        let first = self.rows.partition_point(|(other, _)| *other < app);
        let mut own = self.rows.get(first..)?.iter().take_while(|(other, _)| *other == app);
        own.find(|(_, row)| ROWS.get(*row).is_some_and(|row| row.protocol == protocol)).map(|(_, row)| *row)
    }
}
