//! Watchers of the simple protocols: they turn a session's bytes into facts, the contexts that signatures look at.
//!
//! A watcher is fed with the new bytes of each side, in order, or with one datagram after the other. It keeps a few
//! bytes at most, and what it tells does not depend on how bytes were cut: a value that comes in several pieces is the
//! same value. [`Fact::Unit`] comes before the first fact of a request.

use super::{Dns, Ftp, Imap, Rtsp, Sip, Smtp, Snmp, Ssh, Telnet, Unknown};
use crate::app::{Context, Fact};
use crate::flow::{Direction, Protocol};

/// A watcher of one of the simple protocols.
#[derive(Debug, Clone)]
pub(super) enum Watcher {
    /// Of `dns`.
    Dns(Dns),
    /// Of `ftp`.
    Ftp(Ftp),
    /// Of `imap`.
    Imap(Imap),
    /// Of `rtsp`.
    Rtsp(Rtsp),
    /// Of `sip`.
    Sip(Sip),
    /// Of `smtp`.
    Smtp(Smtp),
    /// Of SNMP, whatever its version.
    Snmp(Snmp),
    /// Of `ssh`.
    Ssh(Ssh),
    /// Of `telnet`.
    Telnet(Telnet),
    /// Of what no decoder knows.
    Unknown(Unknown),
}

impl Watcher {
    /// The watcher of a predefined application over this protocol; `None` where it has none. What no decoder knows has
    /// [`Watcher::unknown`].
    pub(super) fn of(app: &str, protocol: Protocol) -> Option<Self> {
        let is_tcp = protocol == Protocol::TCP;
        Some(match app {
            "dns" => Self::Dns(Dns::new(protocol)),
            "ftp" if is_tcp => Self::Ftp(Ftp::default()),
            "imap" if is_tcp => Self::Imap(Imap::default()),
            "rtsp" if is_tcp => Self::Rtsp(Rtsp::default()),
            "sip" => Self::Sip(Sip::new(protocol)),
            "smtp" if is_tcp => Self::Smtp(Smtp::default()),
            "snmpv1" | "snmpv2" | "snmpv3" | "snmp-trap" if !is_tcp => Self::Snmp(Snmp),
            "ssh" if is_tcp => Self::Ssh(Ssh::default()),
            "telnet" if is_tcp => Self::Telnet(Telnet::default()),
            _ => return None,
        })
    }

    /// The watcher of what no decoder knows.
    pub(super) fn unknown(protocol: Protocol) -> Self {
        Self::Unknown(Unknown::new(protocol))
    }

    /// What it comes upon: where signatures want none of it, nobody needs it.
    pub(super) const fn contexts(&self) -> &'static [Context] {
        match self {
            Self::Dns(_) => Dns::CONTEXTS,
            Self::Ftp(_) => Ftp::CONTEXTS,
            Self::Imap(_) => Imap::CONTEXTS,
            Self::Rtsp(_) => Rtsp::CONTEXTS,
            Self::Sip(_) => Sip::CONTEXTS,
            Self::Smtp(_) => Smtp::CONTEXTS,
            Self::Snmp(_) => Snmp::CONTEXTS,
            Self::Ssh(_) => Ssh::CONTEXTS,
            Self::Telnet(_) => Telnet::CONTEXTS,
            Self::Unknown(watcher) => watcher.contexts(),
        }
    }

    /// Takes new bytes of one side, or a datagram.
    pub(super) fn feed(&mut self, direction: Direction, bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        match self {
            Self::Dns(watcher) => watcher.feed(direction, bytes, out),
            Self::Ftp(watcher) => watcher.feed(direction, bytes, out),
            Self::Imap(watcher) => watcher.feed(direction, bytes, out),
            Self::Rtsp(watcher) => watcher.feed(direction, bytes, out),
            Self::Sip(watcher) => watcher.feed(direction, bytes, out),
            Self::Smtp(watcher) => watcher.feed(direction, bytes, out),
            Self::Snmp(watcher) => watcher.feed(direction, bytes, out),
            Self::Ssh(watcher) => watcher.feed(direction, bytes, out),
            Self::Telnet(watcher) => watcher.feed(direction, bytes, out),
            Self::Unknown(watcher) => watcher.feed(direction, bytes, out),
        }
    }
}

/// Whether a client that has asked for TLS begins it here: with a handshake record (RFC 8446, 5.1), which is no line.
pub(super) fn tls_begins(line: &[u8]) -> bool {
    line.first() == Some(&0x16)
}

/// Passes over up to `left` bytes.
pub(super) fn skip(left: &mut u64, bytes: &mut &[u8]) {
    let len = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
    *left -= len as u64;
    *bytes = bytes.get(len..).unwrap_or_default();
}
