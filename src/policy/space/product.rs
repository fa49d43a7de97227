//! One block of the header space: a product of columns.

use super::ranges::Ranges;
use crate::app::AppId;
use crate::flow::{Addr, Protocol, ZoneId};
use crate::policy::lookup::Query;

/// What a tuple is made of, in the order that blocks are cut by: first what is cheap to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Source zone.
    From,
    /// Destination zone; all of them where source and destination zone are the same, which [`Side::From`] then says.
    To,
    /// Application by id, or [`Ranges::unknown_application`].
    Application,
    /// Protocol and destination port: the port in the low 16 bits, the protocol above them.
    Service,
    /// Source port.
    SourcePort,
    /// Destination address.
    Destination,
    /// Source address.
    Source,
}

impl Ranges {
    /// Of [`Side::Application`]: not known yet.
    pub fn unknown_application() -> Self {
        Self::span(UNKNOWN, UNKNOWN)
    }

    /// Of [`Side::Application`]: these.
    pub fn applications(applications: impl IntoIterator<Item = AppId>) -> Self {
        Self::new(applications.into_iter().map(|AppId(app)| (app.into(), app.into())).collect())
    }

    /// Of [`Side::Service`]: every port of these protocols.
    pub fn protocols(protocols: impl IntoIterator<Item = Protocol>) -> Self {
        let whole = |protocol| (service_key(protocol, 0), service_key(protocol, u16::MAX));
        Self::new(protocols.into_iter().map(whole).collect())
    }

    /// Of [`Side::Service`]: these ports of a protocol, both ends included.
    pub fn ports(protocol: Protocol, (low, high): (u16, u16)) -> Self {
        Self::span(service_key(protocol, low), service_key(protocol, high))
    }
}

impl Side {
    const ALL: [Self; 7] = [
        Self::From,
        Self::To,
        Self::Application,
        Self::Service,
        Self::SourcePort,
        Self::Destination,
        Self::Source,
    ];

    /// Everything that can stand there.
    pub fn all(self) -> Ranges {
        let last = match self {
            Self::From | Self::To | Self::SourcePort => u16::MAX.into(),
            Self::Application => UNKNOWN,
            Self::Service => service_key(Protocol(u8::MAX), u16::MAX),
            Self::Destination | Self::Source => u128::MAX,
        };
        Ranges::span(0, last)
    }
}

/// Stands for an application that is not known yet.
pub(super) const UNKNOWN: u128 = 1 << 16;

/// Protocol and destination port as one number.
pub(super) fn service_key(protocol: Protocol, dport: u16) -> u128 {
    u128::from(protocol.0) << 16 | u128::from(dport)
}

/// Every tuple that has one of the values of each side, all of them either within a zone or between two.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Block {
    /// Within a zone (source and destination zone are the same) or between two that differ.
    pub(super) within: bool,
    sides: [Ranges; 7],
}

impl Block {
    /// Everything within zones, or everything between zones.
    pub fn all(within: bool) -> Self {
        Self { within, sides: Side::ALL.map(Side::all) }
    }

    /// Whether its tuples are within a zone; otherwise they are between two.
    pub const fn is_within(&self) -> bool {
        self.within
    }

    /// The values of a side.
    pub fn side(&self, side: Side) -> &Ranges {
        &self.sides[side as usize]
    }

    /// The same with other values of a side.
    #[must_use]
    pub fn with(mut self, side: Side, values: Ranges) -> Self {
        self.sides[side as usize] = values;
        self
    }

    /// Whether there is no tuple in it.
    pub fn is_empty(&self) -> bool {
        self.sides.iter().any(Ranges::is_empty) || self.is_one_zone()
    }

    /// Between zones, and only one zone on both sides: there is no such pair.
    fn is_one_zone(&self) -> bool {
        let from = self.side(Side::From);
        !self.within && from.single().is_some() && from == self.side(Side::To)
    }

    /// Whether `query` is in it.
    pub fn contains(&self, query: &Query) -> bool {
        let to = if self.within { 0 } else { query.to.0 };
        let values = [
            (Side::From, query.from.0.into()),
            (Side::To, to.into()),
            (Side::Application, query.app.map_or(UNKNOWN, |AppId(app)| app.into())),
            (Side::Service, service_key(query.protocol, query.dport)),
            (Side::SourcePort, query.sport.into()),
            (Side::Destination, query.dst.bits()),
            (Side::Source, query.src.bits()),
        ];
        self.within == (query.from == query.to)
            && values.iter().all(|&(side, value)| self.side(side).contains(value))
    }

    /// Whether some tuple is in both.
    pub fn meets(&self, other: &Self) -> bool {
        let meet = |&side| self.side(side).meets(other.side(side));
        // Two lists of zones that meet in one zone alone hold no pair of different zones.
        self.within == other.within
            && Side::ALL.iter().all(meet)
            && (self.within || !self.zones(other).is_one_zone())
    }

    /// The zones of both.
    fn zones(&self, other: &Self) -> Self {
        let both = |side| self.side(side).intersection(other.side(side));
        Self::all(self.within).with(Side::From, both(Side::From)).with(Side::To, both(Side::To))
    }

    /// What is in both; empty where that is nothing.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if self.within != other.within {
            return self.clone().with(Side::From, Ranges::new(Vec::new()));
        }
        let sides = Side::ALL.map(|side| self.side(side).intersection(other.side(side)));
        Self { within: self.within, sides }
    }

    /// What is in this one and not in `other`: at most one block per side, no two of which meet.
    pub fn difference(&self, other: &Self) -> Vec<Self> {
        if !self.meets(other) {
            return vec![self.clone()];
        }
        let mut inside = self.clone();
        let mut rest = Vec::new();
        for side in Side::ALL {
            let outside = inside.side(side).difference(other.side(side));
            if !outside.is_empty() {
                rest.push(inside.clone().with(side, outside));
            }
            let both = inside.side(side).intersection(other.side(side));
            inside = inside.with(side, both);
        }
        rest.retain(|block| !block.is_empty());
        rest
    }

    /// A tuple of it, of plain values where it has such; `None` where it is empty.
    pub fn example(&self) -> Option<Query> {
        let pick = |side, liked: &[u128]| {
            let values: &Ranges = self.side(side);
            liked.iter().copied().find(|&value| values.contains(value)).or_else(|| values.first())
        };
        let (from, to) = self.example_zones()?;
        let service = pick(Side::Service, &LIKED_SERVICES)?;
        let app = pick(Side::Application, &[UNKNOWN])?;
        Some(Query {
            from,
            to,
            src: Addr::from_bits(pick(Side::Source, &LIKED_SOURCES)?),
            dst: Addr::from_bits(pick(Side::Destination, &LIKED_DESTINATIONS)?),
            protocol: Protocol(u8::try_from(service >> 16).ok()?),
            sport: u16::try_from(pick(Side::SourcePort, &[40_000])?).ok()?,
            dport: u16::try_from(service & 0xffff).ok()?,
            app: u16::try_from(app).ok().map(AppId),
            ..Query::default()
        })
    }

    fn example_zones(&self) -> Option<(ZoneId, ZoneId)> {
        let zone = |value: u128| u16::try_from(value).ok().map(ZoneId);
        let (from, to) = (self.side(Side::From).first()?, self.side(Side::To));
        if self.within {
            return Some((zone(from)?, zone(from)?));
        }
        let mut others = to.iter().flat_map(|(low, high)| [low, high.min(low + 1)]);
        if let Some(to) = others.find(|&to| to != from) {
            return Some((zone(from)?, zone(to)?));
        }
        // Only `from` itself is on the other side: another source zone will do.
        let mut sources = self.side(Side::From).iter().flat_map(|(low, high)| [low, high.min(low + 1)]);
        let other = sources.find(|&other| other != from)?;
        Some((zone(other)?, zone(from)?))
    }
}

/// Addresses of the documentation (RFC 5737), so that examples look like such.
const LIKED_SOURCES: [u128; 2] = [Addr::v4([198, 51, 100, 1]).bits(), Addr::v4([10, 0, 0, 1]).bits()];
const LIKED_DESTINATIONS: [u128; 2] = [Addr::v4([192, 0, 2, 1]).bits(), Addr::v4([10, 0, 0, 2]).bits()];

/// TCP and UDP ports that nothing has by default, so that examples do not look like one service.
const LIKED_SERVICES: [u128; 4] = [6 << 16 | 31_337, 17 << 16 | 31_337, 6 << 16 | 1, 17 << 16 | 1];
