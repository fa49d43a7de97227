//! What a session says after its application is known, read on packet after packet.
//!
//! A [`Watch`] follows one session's protocol in the bytes of both sides, in order, and keeps no more of them than it
//! must. It tells facts, for signatures to look at, and the applications that the session turns into.

mod http;
mod http_message;
#[cfg(test)]
mod http_tests;

use std::collections::VecDeque;

use super::{AppId, Catalog, Fact, Heads};
use crate::flow::Direction;

/// What a protocol's own reader says.
pub(crate) enum Said<'a> {
    /// Bytes for signatures.
    Fact(Fact<'a>),
    /// An application by its name in the catalog, and what gives it away.
    Application(&'static str, &'static str),
    /// The client asks for this host; it may have a port.
    Host(&'a [u8]),
    /// Another connection begins inside this one with the client's next bytes.
    Connection,
}

/// What a session turns into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Another application, perhaps one that it has been before.
    Application {
        /// Which.
        app: AppId,
        /// As [`super::Seen::what`].
        what: &'static str,
        /// As [`super::Seen::detail`].
        detail: Vec<u8>,
        /// As [`super::Seen::names_host`].
        names_host: bool,
    },
    /// Another connection inside this one: what it is must be found out anew (PANOS.md 4.2, `decoder`).
    Connection,
}

/// One session's reader.
#[derive(Debug, Clone)]
pub struct Watch {
    http: http::Http,
    /// Whether a host has told the service: what else a message looks like does not matter then.
    is_service: bool,
}

impl Watch {
    /// The reader for a session that sounds like this; `None` where nobody reads on.
    pub fn of(heads: &Heads<'_>) -> Option<Self> {
        let is_http = super::decoder::is_http(heads);
        is_http.then(|| Self { http: http::Http::default(), is_service: false })
    }

    /// Takes the next bytes of one side, in order.
    pub fn feed(
        &mut self,
        catalog: &Catalog,
        direction: Direction,
        bytes: &[u8],
        turns: &mut VecDeque<Turn>,
    ) {
        let Self { http, is_service } = self;
        http.feed(direction, bytes, &mut |said| match said {
            Said::Fact(_) => {}
            Said::Application(name, what) => {
                if let Some(app) = catalog.find(name).filter(|_| !*is_service) {
                    turns.push_back(Turn::Application { app, what, detail: Vec::new(), names_host: false });
                }
            }
            Said::Host(host) => {
                for app in catalog.services(host) {
                    *is_service = true;
                    let what = "HTTP request, Host";
                    turns.push_back(Turn::Application { app, what, detail: host.to_vec(), names_host: true });
                }
            }
            Said::Connection => turns.push_back(Turn::Connection),
        });
    }
}
