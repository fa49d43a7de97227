//! A traffic row as a comparison needs it, from a log or from a replay.

use std::fmt;
use std::io;
use std::net::IpAddr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::LogError;
use super::read::Entry;
use crate::report::{Encode, Row, Subtype};

/// A traffic row of subtype end, deny or drop. Texts are as they stand in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "most fields are PAN-OS's columns (PANOS.md 11.1)")]
pub struct LogRow {
    /// Number of the log among those of a run.
    pub file: usize,
    /// Line of the log; 0 for a row of the replay.
    pub line: u64,
    pub subtype: Subtype,
    pub src: IpAddr,
    pub dst: IpAddr,
    pub sport: u16,
    pub dport: u16,
    /// Addresses and ports behind NAT; `None` where there is none.
    pub nat: Option<(IpAddr, u16, IpAddr, u16)>,
    pub proto: Box<str>,
    /// Seconds since the epoch.
    pub start: i64,
    /// Seconds.
    pub elapsed: i64,
    pub from: Box<str>,
    pub to: Box<str>,
    pub rule: Box<str>,
    pub app: Box<str>,
    pub action: Box<str>,
    /// `None` where the log does not have the column.
    pub session_end_reason: Option<Box<str>>,
    pub sessionid: u64,
    pub repeatcnt: u64,
    pub bytes: u64,
    pub packets: u64,
    /// Whether the rulebase writes the row.
    pub logged: bool,
}

impl LogRow {
    /// When its last packet was, in seconds since the epoch.
    pub const fn end(&self) -> i64 {
        self.start.saturating_add(self.elapsed)
    }
}

/// `tcp 203.0.113.5:40000 > 192.0.2.10:21`.
impl fmt::Display for LogRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { src, dst, sport, dport, .. } = self;
        write!(f, "{} ", crate::report::escape::name(&self.proto))?;
        if (*sport, *dport) == (0, 0) {
            return write!(f, "{src} > {dst}");
        }
        let end = |addr: &IpAddr, port| std::net::SocketAddr::new(*addr, port);
        write!(f, "{} > {}", end(src, *sport), end(dst, *dport))
    }
}

impl Entry<'_> {
    /// The row, with its dates as of `zone`; `None` for a start row.
    ///
    /// # Errors
    /// Where a column does not hold what it should.
    pub fn row(&self, zone: &TimeZone) -> Result<Option<LogRow>, LogError> {
        let name = self.need("subtype")?;
        let Some(subtype) = Subtype::ALL.into_iter().find(|subtype| subtype.name() == name) else {
            return Err(self.error("subtype", format!("{name:?} is none of start, end, drop and deny")));
        };
        let text = |name| self.get(name).unwrap_or_default().into();
        let nat = match (self.translated("natsrc")?, self.translated("natdst")?) {
            (Some(src), Some(dst)) => Some((src, self.port("natsport")?, dst, self.port("natdport")?)),
            _ => None,
        };
        let row = LogRow {
            file: 0,
            line: self.line,
            subtype,
            src: self.addr("src")?,
            dst: self.addr("dst")?,
            sport: self.port("sport")?,
            dport: self.port("dport")?,
            nat,
            proto: protocol(self.need("proto")?),
            start: self.date("start", zone)?,
            elapsed: i64::try_from(self.number("elapsed")?).unwrap_or(i64::MAX),
            from: text("from"),
            to: text("to"),
            rule: text("rule"),
            app: text("app"),
            action: action(self.get("action").unwrap_or_default()),
            session_end_reason: self.get("session_end_reason").map(Into::into),
            sessionid: self.number("sessionid")?,
            repeatcnt: self.number("repeatcnt")?.max(1),
            bytes: self.number("bytes")?,
            packets: self.number("packets")?,
            logged: true,
        };
        Ok((subtype != Subtype::Start).then_some(row))
    }

    fn need(&self, name: &str) -> Result<&str, LogError> {
        match self.get(name) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.error(name, "this is empty".to_owned())),
        }
    }

    fn addr(&self, name: &str) -> Result<IpAddr, LogError> {
        let text = self.need(name)?;
        text.parse().map_err(|_| self.error(name, format!("{} is no address", shown(text))))
    }

    /// An address behind NAT: none where the column is empty or holds `0.0.0.0`.
    fn translated(&self, name: &str) -> Result<Option<IpAddr>, LogError> {
        match self.get(name) {
            None | Some("") => Ok(None),
            Some(_) => self.addr(name).map(|addr| Some(addr).filter(|addr| !addr.is_unspecified())),
        }
    }

    /// A number; 0 where there is none.
    fn number(&self, name: &str) -> Result<u64, LogError> {
        match self.get(name) {
            None | Some("") => Ok(0),
            Some(text) => text.parse().map_err(|_| self.error(name, format!("{} is no number", shown(text)))),
        }
    }

    fn port(&self, name: &str) -> Result<u16, LogError> {
        let number = self.number(name)?;
        u16::try_from(number).map_err(|_| self.error(name, format!("{number} is no port")))
    }

    fn date(&self, name: &str, zone: &TimeZone) -> Result<i64, LogError> {
        let text = self.need(name)?;
        let time = DateTime::strptime("%Y/%m/%d %H:%M:%S", text).ok();
        // An hour that the clock skips or has twice is taken as most software takes it.
        let time = time.and_then(|time| zone.to_ambiguous_timestamp(time).compatible().ok());
        time.map(jiff::Timestamp::as_second).ok_or_else(|| {
            self.error(name, format!("{} is no date such as 2023/05/06 11:58:41", shown(text)))
        })
    }
}

/// A value in an error, short and safe to show.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    format!("{short:?}")
}

/// The protocol as the model names it.
fn protocol(text: &str) -> Box<str> {
    match text.to_ascii_lowercase().as_str() {
        "icmp6" | "icmpv6" | "58" => "ipv6-icmp".into(),
        "6" => "tcp".into(),
        "17" => "udp".into(),
        "1" => "icmp".into(),
        other => other.into(),
    }
}

/// The action with hyphens: the documentation has `reset both`, real rows `reset-both` (PANOS.md 3.1).
fn action(text: &str) -> Box<str> {
    text.to_ascii_lowercase().replace(' ', "-").into()
}

/// Keeps the rows of a replay, as [`Rows`](crate::report::Rows) makes them.
#[derive(Debug, Default)]
pub struct Collect {
    /// Rows of subtype end, deny or drop, in order of start time.
    pub rows: Vec<LogRow>,
}

impl Encode for &mut Collect {
    fn wants(
        &self,
        subtype: Subtype,
        _record: &crate::engine::Record,
        _world: &crate::config::World,
    ) -> bool {
        subtype != Subtype::Start
    }

    fn encode(&mut self, row: &Row<'_>, _out: &mut Vec<u8>) -> io::Result<()> {
        let addr = |text: &str| text.parse().map_err(|_| io::Error::other("an address that is none"));
        let (natsrc, natdst): (IpAddr, IpAddr) = (addr(row.natsrc.as_str())?, addr(row.natdst.as_str())?);
        let translated = !natsrc.is_unspecified();
        self.rows.push(LogRow {
            file: 0,
            line: 0,
            subtype: row.subtype,
            src: addr(row.src.as_str())?,
            dst: addr(row.dst.as_str())?,
            sport: row.sport,
            dport: row.dport,
            nat: translated.then_some((natsrc, row.natsport, natdst, row.natdport)),
            proto: row.proto.as_str().into(),
            start: i64::try_from(row.model.started.nanos() / 1_000_000_000).unwrap_or(i64::MAX),
            elapsed: i64::try_from(row.elapsed).unwrap_or(i64::MAX),
            from: row.from.into(),
            to: row.to.into(),
            rule: row.rule.into(),
            app: row.app.into(),
            action: row.action.into(),
            session_end_reason: Some(row.session_end_reason.into()),
            sessionid: row.sessionid,
            repeatcnt: row.repeatcnt,
            bytes: row.bytes,
            packets: row.packets,
            logged: row.model.logged,
        });
        Ok(())
    }
}
