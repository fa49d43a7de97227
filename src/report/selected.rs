//! A row as a filter sees it, before anything of it is printed.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::columns::{DEVICE, SERIAL, VSYS};
use super::row::{self, Application, Subtype, flags, is_translated, label_name, rule_name};
use crate::config::World;
use crate::engine::Record;
use crate::filter::{Column, Datum, Entry};
use crate::flow::{Addr, FlowKey};
use crate::time::Timestamp;

/// What a row will be made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selected<'a> {
    pub(super) subtype: Subtype,
    pub(super) record: &'a Record,
    pub(super) applications: &'a [Application],
    pub(super) repeat: u64,
    /// When the row is written.
    pub(super) at: Timestamp,
    pub(super) world: &'a World,
}

impl Entry for Selected<'_> {
    fn get(&self, column: Column) -> Datum<'_> {
        let Selected { subtype, record, applications, repeat, at, world } = *self;
        let FlowKey { src, dst, sport, dport, protocol, zone } = record.c2s;
        let counts = &record.counts;
        match column {
            Column::Type => Datum::Text("traffic"),
            Column::Subtype => Datum::Text(subtype.name()),
            Column::Src => Datum::Addr(src),
            Column::Dst => Datum::Addr(dst),
            Column::NatSrc => self.translated(record.s2c.dst),
            Column::NatDst => self.translated(record.s2c.src),
            Column::Sport => self.port(sport),
            Column::Dport => self.port(dport),
            Column::NatSport => self.translated_port(record.s2c.dport),
            Column::NatDport => self.translated_port(record.s2c.sport),
            Column::Proto => Datum::Number(protocol.0.into()),
            Column::From => Datum::Text(world.zones.name(zone)),
            Column::To => Datum::Text(world.zones.name(record.s2c.zone)),
            Column::InboundIf => Datum::Text(world.network.interface_name(record.ingress)),
            Column::OutboundIf => Datum::Text(world.network.interface_name(record.egress)),
            Column::Rule => Datum::Text(rule_name(world, record.rule)),
            Column::SrcUser => self.user(src),
            Column::DstUser => self.user(dst),
            Column::App => Datum::Text(label_name(world, record.label)),
            Column::Category => Datum::Text("any"),
            Column::Action => Datum::Text(record.action.name()),
            Column::ActionSource => Datum::Text(record.action_source.name()),
            Column::SessionEndReason => Datum::Text(row::end_reason(subtype, record)),
            Column::Flags => Datum::Bits(flags(world, record, applications)),
            Column::SessionId => Datum::Number(record.id.map_or(0, |id| id.0)),
            Column::ParentSessionId => Datum::Number(record.parent.map_or(0, |id| id.0)),
            Column::RepeatCnt => Datum::Number(repeat),
            Column::Bytes => Datum::Number(counts.bytes.iter().sum()),
            Column::BytesSent => Datum::Number(counts.bytes[0]),
            Column::BytesReceived => Datum::Number(counts.bytes[1]),
            Column::Packets => Datum::Number(counts.packets.iter().sum()),
            Column::PktsSent => Datum::Number(counts.packets[0]),
            Column::PktsReceived => Datum::Number(counts.packets[1]),
            Column::Elapsed => Datum::Number(record.last.since(record.started).secs()),
            Column::Start => self.clock(record.started),
            Column::TimeGenerated | Column::ReceiveTime => self.clock(at),
            Column::Serial => Datum::Text(SERIAL),
            Column::DeviceName => Datum::Text(DEVICE),
            Column::Vsys => Datum::Text(VSYS),
        }
    }

    fn is_in_group(&self, column: Column, group: &str) -> bool {
        match self.get(column) {
            Datum::Text(user) => self.world.policy.users().is_member(user, group),
            _ => false,
        }
    }
}

impl<'a> Selected<'a> {
    /// Where the key holds other things than ports, the log says 0.
    fn port(&self, port: u16) -> Datum<'a> {
        Datum::Number(if self.record.c2s.protocol.has_ports() { port.into() } else { 0 })
    }

    fn translated_port(&self, port: u16) -> Datum<'a> {
        if is_translated(self.record) { self.port(port) } else { Datum::Number(0) }
    }

    fn translated(&self, addr: Addr) -> Datum<'a> {
        let unspecified = if self.record.c2s.src.is_v4() { Addr::v4([0; 4]) } else { Addr::v6([0; 16]) };
        Datum::Addr(if is_translated(self.record) { addr } else { unspecified })
    }

    fn user(&self, addr: Addr) -> Datum<'a> {
        Datum::Text(self.world.policy.users().of(addr).unwrap_or_default())
    }

    fn clock(&self, at: Timestamp) -> Datum<'a> {
        Datum::Clock(seconds(self.world.clock(at)))
    }
}

/// Seconds since 1970-01-01 00:00 of the clock itself, to compare with those of a filter.
fn seconds(clock: DateTime) -> i64 {
    TimeZone::UTC.to_timestamp(clock).map_or(0, jiff::Timestamp::as_second)
}
