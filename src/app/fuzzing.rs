//! What fuzz targets need besides the public interface: each decoder alone, and QUIC packets and TLS records that authenticate.
//!
//! Built only under `cfg(fuzzing)`, as `fuzz/` sets it; no part of the library's interface.

use super::decoder::{DECODERS, Transport};
use super::{Heads, Match};
use crate::flow::{Direction, Protocol};

pub use super::quic::testing::sealed;
pub use super::tls::decrypt::testing::sealed as sealed_record;

/// The decoders over `protocol`: number and name.
pub fn decoders(protocol: Protocol) -> impl Iterator<Item = (usize, &'static str)> {
    let transport = Transport::index_of(protocol);
    DECODERS
        .iter()
        .enumerate()
        .filter(move |(_, decoder)| decoder.transport.indices().any(|index| Some(index) == transport))
        .map(|(index, decoder)| (index, decoder.name))
}

/// What one decoder says.
pub fn ask<'a>(decoder: usize, heads: &Heads<'a>) -> Match<'a> {
    DECODERS.get(decoder).map_or(Match::No, |decoder| decoder.inspect(heads))
}

/// Whether the index over first bytes lets a decoder see sessions in which these are the first bytes.
pub fn is_asked(decoder: usize, heads: &Heads<'_>) -> bool {
    DECODERS.get(decoder).is_some_and(|decoder| {
        Direction::BOTH.into_iter().all(|direction| {
            heads.side(direction).first().is_none_or(|byte| decoder.first.allows(direction, *byte))
        })
    })
}
