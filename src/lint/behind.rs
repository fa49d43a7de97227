//! Which zone an address is behind, for packets that came in from each zone, as far as the configuration tells.

use std::collections::BTreeMap;

use crate::config::World;
use crate::feature::route::{Network, Origin, Place, Reason};
use crate::flow::{Addr, ZoneId};
use crate::policy::space::Ranges;

/// More questions than this are not asked: nothing is known then.
const MOST: usize = 4_000_000;

/// For every zone that packets come in from, where addresses lie.
#[derive(Debug, Default)]
pub(super) struct Behind {
    pub(super) views: Vec<View>,
}

/// Where addresses lie for packets from some zones, all of which see the same.
#[derive(Debug)]
pub(super) struct View {
    /// The zones the packets come in from, as numbers.
    pub(super) from: Ranges,
    /// The addresses behind each zone.
    pub(super) to: BTreeMap<ZoneId, Ranges>,
    /// Addresses of which the configuration does not tell.
    pub(super) unknown: Ranges,
}

impl Behind {
    pub(super) fn new(world: &World) -> Self {
        let edges = edges(&world.network);
        let zones = world.zones.names().len();
        if zones.saturating_mul(edges.len()) > MOST {
            return Self::default();
        }
        let mut views: BTreeMap<Vec<Option<ZoneId>>, Vec<(u128, u128)>> = BTreeMap::new();
        for zone in (0..=u16::MAX).take(zones) {
            let from = Place { zone: ZoneId(zone), interface: None, reason: Reason::Option };
            let seen = edges.iter().map(|&edge| zone_of(&world.network, &from, edge)).collect();
            views.entry(seen).or_default().push((zone.into(), zone.into()));
        }
        let view = |(seen, from): (Vec<Option<ZoneId>>, Vec<(u128, u128)>)| view(&edges, &seen, from);
        Self { views: views.into_iter().map(view).collect() }
    }

    /// The view from a zone.
    pub(super) fn view(&self, ZoneId(from): ZoneId) -> Option<&View> {
        self.views.iter().find(|view| view.from.contains(from.into()))
    }

    /// Whether some address is known to be behind `zone`.
    pub(super) fn locates(&self, zone: ZoneId) -> bool {
        self.views.iter().any(|view| view.to.contains_key(&zone))
    }
}

/// Where the zone may change: the first address of every prefix, and the first one after it.
fn edges(network: &Network) -> Vec<Addr> {
    let ends = |low: Addr, high: Addr| [Some(low), high.bits().checked_add(1).map(Addr::from_bits)];
    // IPv4 is no part of `::/0`.
    let v4 = ends(Addr::v4([0; 4]), Addr::v4([255; 4]));
    let prefixes = network.paths().iter().map(|path| path.prefix);
    let of_prefixes =
        prefixes.flat_map(|prefix| ends(prefix.network().into(), prefix.broadcast().into())).flatten();
    let mut edges: Vec<Addr> = of_prefixes.chain(v4.into_iter().flatten()).chain([Addr::default()]).collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// The zone, if that is sure: where something else routes as well, a static route may not be the one that is taken.
fn zone_of(network: &Network, from: &Place, dst: Addr) -> Option<ZoneId> {
    let place = network.egress(from, dst).ok()?;
    if let Reason::Address(path) = place.reason
        && network.routes_elsewhere()
        && !matches!(network.path(path)?.origin, Origin::Zone | Origin::Own | Origin::Connected)
    {
        return None;
    }
    Some(place.zone)
}

fn view(edges: &[Addr], seen: &[Option<ZoneId>], from: Vec<(u128, u128)>) -> View {
    let mut to: BTreeMap<Option<ZoneId>, Vec<(u128, u128)>> = BTreeMap::new();
    let ends = edges.iter().skip(1).map(|next| next.bits() - 1).chain([u128::MAX]);
    for ((start, end), zone) in edges.iter().zip(ends).zip(seen) {
        to.entry(*zone).or_default().push((start.bits(), end));
    }
    let unknown = to.remove(&None).unwrap_or_default();
    let to = to.into_iter().filter_map(|(zone, ranges)| Some((zone?, Ranges::new(ranges))));
    View { from: Ranges::new(from), to: to.collect(), unknown: Ranges::new(unknown) }
}
