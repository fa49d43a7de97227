//! What a session says after its application is known, read on packet after packet.
//!
//! A [`Watch`] follows one session's protocol in the bytes of both sides, in order, and keeps no more of them than it
//! must. It tells facts, which signatures of custom applications look at, and the applications that the session turns
//! into. HTTP is always read on; other protocols only where a signature looks at what they say.

mod dns;
mod ftp;
mod http;
mod http_message;
#[cfg(test)]
mod http_tests;
mod imap;
mod lines;
mod message;
mod rtsp;
mod sip;
mod smtp;
mod snmp;
mod ssh;
mod telnet;
#[cfg(test)]
mod tests;
mod tls;
mod unknown;
mod watcher;

use std::collections::VecDeque;

use dns::Dns;
use ftp::Ftp;
use imap::Imap;
use rtsp::Rtsp;
use sip::Sip;
use smtp::Smtp;
use snmp::Snmp;
use ssh::Ssh;
use telnet::Telnet;
use unknown::Unknown;
use watcher::Watcher;

use super::{AppId, Catalog, Context, Fact, Heads, Hit, Progress, Signatures};
use crate::flow::{Direction, Protocol};

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
    /// The content of a message.
    Transfer(Transfer<'a>),
}

/// The content of a message, piece by piece; of one side at a time there is one at most.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Transfer<'a> {
    /// It begins. Values of header fields, empty where there are none.
    Begin {
        /// `Content-Disposition`.
        disposition: &'a [u8],
        /// The last part of the path that was asked for.
        asked: &'a [u8],
        /// `Content-Type`.
        media: &'a [u8],
        /// `Content-Encoding`.
        coding: &'a [u8],
    },
    /// Bytes of it, as they are encoded.
    Bytes(&'a [u8]),
    /// It has ended.
    End,
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
        /// Whether it is so only on the way to another one that follows: as [`super::Followed::Through`].
        through: bool,
    },
    /// Another connection inside this one: what it is must be found out anew (PANOS.md 4.2, `decoder`).
    Connection,
}

/// What applications are told by.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Their names and hosts.
    pub catalog: &'a Catalog,
    /// What custom ones are told by.
    pub signatures: &'a Signatures,
}

/// One session's reader.
#[derive(Debug, Clone)]
pub struct Watch {
    reader: Reader,
    /// How far it has come with the signatures, where there are any.
    progress: Option<Box<Progress>>,
    /// Whether a host has told the service: what else a message looks like does not matter then.
    is_service: bool,
}

/// Who reads a session on.
#[derive(Debug, Clone)]
pub(crate) struct Reader(Spoken);

/// Who reads which protocol.
#[derive(Debug, Clone)]
enum Spoken {
    Http(http::Http),
    Tls(tls::Tls),
    Simple(Watcher),
}

impl Watch {
    /// The reader for a session that is `app` and sounds like this; `None` where nobody reads on.
    pub fn of(terms: Terms<'_>, heads: &Heads<'_>, app: AppId) -> Option<Self> {
        if super::decoder::is_http(heads) {
            return Some(Self::new(Reader(Spoken::Http(http::Http::default()))));
        }
        if terms.signatures.is_empty() {
            return None;
        }
        let reader = Reader::of(terms.catalog.name(app), heads.protocol)?;
        reader.contexts().iter().any(|context| terms.signatures.wants(*context)).then(|| Self::new(reader))
    }

    /// The reader for a session that no decoder knows; `None` where no signature looks at such payload.
    pub fn of_unknown(signatures: &Signatures, protocol: Protocol) -> Option<Self> {
        if signatures.is_empty() {
            return None;
        }
        let reader = Reader(Spoken::Simple(Watcher::unknown(protocol)));
        reader.contexts().iter().any(|context| signatures.wants(*context)).then(|| Self::new(reader))
    }

    /// What a signature tells by an HTTP request alone, before the answer proves that it is HTTP: the custom application
    /// and the predefined one that is its candidate (PANOS.md 0.8, that it holds for custom ones is assumed).
    pub fn asked(terms: Terms<'_>, heads: &Heads<'_>) -> Option<(AppId, Turn)> {
        let wanted = || http::CONTEXTS.iter().any(|context| terms.signatures.wants(*context));
        let is_asked = heads.protocol == Protocol::TCP && heads.server.is_empty();
        if terms.signatures.is_empty() || !is_asked || !wanted() || !super::decoder::has_request(heads) {
            return None;
        }
        let http = terms.catalog.find("web-browsing")?;
        let mut turns = VecDeque::new();
        let mut watch = Self::new(Reader(Spoken::Http(http::Http::default())));
        watch.feed(terms, &[http], (Direction::ClientToServer, heads.client), &mut turns);
        let is_custom = |turn: &Turn| match turn {
            Turn::Application { app, .. } => terms.catalog.get(*app).is_some_and(|app| app.custom),
            Turn::Connection => false,
        };
        turns.into_iter().find(is_custom).map(|turn| (http, turn))
    }

    fn new(reader: Reader) -> Self {
        Self { reader, progress: None, is_service: false }
    }

    /// Takes the next bytes of one side, in order (or a datagram of it). `passed` are the applications that the session
    /// has been.
    pub fn feed(
        &mut self,
        terms: Terms<'_>,
        passed: &[AppId],
        (direction, bytes): (Direction, &[u8]),
        turns: &mut VecDeque<Turn>,
    ) {
        let Self { reader, progress, is_service } = self;
        let mut hear = |said: Said<'_>| match said {
            Said::Fact(fact) => {
                if !terms.signatures.is_empty()
                    && let Some(hit) = progress.get_or_insert_default().see(terms.signatures, fact, passed)
                {
                    turns.push_back(told(terms.signatures, &hit));
                }
            }
            Said::Application(name, what) => {
                if let Some(app) = terms.catalog.find(name).filter(|_| !*is_service) {
                    turns.push_back(Turn::Application {
                        app,
                        what,
                        detail: Vec::new(),
                        names_host: false,
                        through: false,
                    });
                }
            }
            Said::Host(host) => {
                let services = terms.catalog.services(host);
                let last = services.last().copied();
                *is_service |= last.is_some();
                // What the session is already lies within the others.
                for app in services.into_iter().filter(|_| last.is_some_and(|app| !passed.contains(&app))) {
                    let (what, detail) = ("HTTP request, Host", host.to_vec());
                    let through = Some(app) != last;
                    turns.push_back(Turn::Application { app, what, detail, names_host: true, through });
                }
            }
            Said::Connection => turns.push_back(Turn::Connection),
            Said::Transfer(_) => {}
        };
        reader.feed(direction, bytes, &mut hear);
    }

    /// What a signature has told that waited for one of the applications that the session has been meanwhile.
    pub fn waited(&mut self, signatures: &Signatures, passed: &[AppId]) -> Option<Turn> {
        self.progress.as_mut()?.next_hit(signatures, passed).map(|hit| told(signatures, &hit))
    }
}

/// A signature that is met, with its name, where it was met and by what.
fn told(signatures: &Signatures, hit: &Hit) -> Turn {
    let name = signatures.name(hit.signature);
    let detail = [name.as_bytes(), b": ", hit.context.name().as_bytes(), b" ", &hit.matched].concat();
    Turn::Application {
        app: hit.app,
        what: "signature of the custom application",
        detail,
        names_host: false,
        through: false,
    }
}

impl Reader {
    /// Who reads a session that is `app` and sounds like this.
    pub(crate) fn for_session(catalog: &Catalog, heads: &Heads<'_>, app: AppId) -> Option<Self> {
        if super::decoder::is_http(heads) {
            return Some(Self(Spoken::Http(http::Http::default())));
        }
        Self::of(catalog.name(app), heads.protocol)
    }

    /// Who reads a session that nothing is known of but a whole HTTP request.
    pub(crate) fn for_request(heads: &Heads<'_>) -> Option<Self> {
        super::decoder::has_request(heads).then(|| Self(Spoken::Http(http::Http::default())))
    }

    /// Takes the next bytes of one side, in order (or a datagram of it).
    pub(crate) fn feed(&mut self, direction: Direction, bytes: &[u8], hear: &mut dyn FnMut(Said<'_>)) {
        match &mut self.0 {
            Spoken::Http(http) => http.feed(direction, bytes, hear),
            Spoken::Tls(tls) => tls.feed(direction, bytes, hear),
            Spoken::Simple(watcher) => watcher.feed(direction, bytes, &mut |fact| hear(Said::Fact(fact))),
        }
    }

    /// Who reads what this application says.
    fn of(app: &str, protocol: Protocol) -> Option<Self> {
        Some(Self(match app {
            "ssl" => Spoken::Tls(tls::Tls::default()),
            "unknown-tcp" | "unknown-udp" => Spoken::Simple(Watcher::unknown(protocol)),
            app => Spoken::Simple(Watcher::of(app, protocol)?),
        }))
    }

    /// The contexts that it tells of.
    pub(crate) const fn contexts(&self) -> &'static [Context] {
        match &self.0 {
            Spoken::Http(_) => http::CONTEXTS,
            Spoken::Tls(_) => tls::CONTEXTS,
            Spoken::Simple(watcher) => watcher.contexts(),
        }
    }
}
