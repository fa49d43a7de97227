//! SNMP over UDP: the community of a message (RFC 1157, 4; RFC 1901, 3).

use crate::app::decoder::ber::Ber;
use crate::app::{Context, Fact};
use crate::flow::Direction;

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 4;

/// Watches one session.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Snmp;

impl Snmp {
    /// What it comes upon.
    pub(super) const CONTEXTS: &[Context] = &[Context::SnmpReqCommunityText];

    /// Takes a datagram.
    pub(super) fn feed(&mut self, direction: Direction, datagram: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        if direction == Direction::ServerToClient {
            return;
        }
        out(Fact::Unit);
        if let Some(community) = community(datagram) {
            out(Fact::Bytes(Context::SnmpReqCommunityText, community));
            out(Fact::End(Context::SnmpReqCommunityText));
        }
    }
}

fn community(datagram: &[u8]) -> Option<&[u8]> {
    let mut message = Ber(Ber(datagram).enter(SEQUENCE)?);
    // Version 3 has none.
    message.small_integer().filter(|version| *version < 3)?;
    message.enter(OCTET_STRING)
}
