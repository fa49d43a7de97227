//! Floods against small limits: what the engine keeps stays within them.

use std::sync::Arc;

use super::{EventKind, Events, Firewall, Limit};
use crate::config::World;
use crate::flow::{Addr, Arrival, Protocol};
use crate::packet::{Checksum, IpHeader, Layer4, Packet, Payload, TcpFlags, TcpSegment};
use crate::time::{Span, Timestamp};

const SESSIONS: usize = 200;

const RULES: &str = r#"
[zones]
trust = "10.0.0.0/8"
untrust = "0.0.0.0/0"

[[nat]]
name = "Hide"
from = "trust"
to = "untrust"
source-translation.dynamic-ip-and-port.translated-address = "203.0.113.1"

[[security]]
name = "Out"
from = "trust"
to = "untrust"
service = "any"

[setting.session]
max-sessions = 200
"#;

/// A segment of the connection `number`, to the server or back.
fn segment(number: u32, flags: TcpFlags, seq: u32, payload: &[u8]) -> Packet<'_> {
    let tcp = TcpSegment {
        sport: 40_000,
        dport: 7_000,
        seq,
        ack: 0,
        flags,
        window: u16::MAX,
        options: &[],
        payload: Payload { bytes: payload, len: u32::try_from(payload.len()).unwrap() },
    };
    Packet {
        number: 1,
        fragments: &[],
        wire_len: 54 + tcp.payload.len,
        arrival: Arrival::default(),
        ip: IpHeader {
            src: Addr::v4((0x0a00_0000 | number).to_be_bytes()),
            dst: Addr::v4([198, 51, 100, 1]),
            protocol: Protocol::TCP,
            ttl: 64,
            ..IpHeader::default()
        },
        layer4: Layer4::Tcp(tcp),
        checksum: Checksum::Unknown,
        datagram: &[],
    }
}

/// Ten times as many connections as there is room for, half of which send bytes that no decoder knows at once: sessions,
/// App-ID buffers, the ager, NAT and its ports stay in bounds, and an event says when there is no room.
#[test]
fn ten_times_as_much() {
    let world = World::from_toml(RULES).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let mut firewall = Firewall::new(Arc::new(world));
    let (mut at, mut events) = (Timestamp::from_secs(1_700_000_000), Events::default());
    let mut full = 0;
    let payload = [b'*'; 700];
    for number in 0..10 * u32::try_from(SESSIONS).unwrap() {
        at = at + Span::from_nanos(1_000_000);
        firewall.step(at, &segment(number, TcpFlags::SYN, 1, b""), &mut events);
        if number % 2 == 0 {
            // Out of order: it has to be kept.
            firewall.step(at, &segment(number, TcpFlags::ACK, 100, &payload), &mut events);
        }
        let is_full = |limit: &Limit| *limit == Limit::Sessions;
        let limits = events.list().iter().filter_map(|event| match event.kind {
            EventKind::Limit { limit } => Some(limit),
            _ => None,
        });
        full += limits.filter(is_full).count();
        events.clear();
        assert!(firewall.table.len() <= SESSIONS);
        assert!(firewall.streams.len() <= SESSIONS);
        assert!(firewall.timers.len() <= 3 * SESSIONS, "{}", firewall.timers.len());
        assert!(firewall.nat.leases() <= SESSIONS);
    }
    assert!(full > 0, "there was room for all");
    assert!(firewall.table.len() > SESSIONS / 2, "the flood was none");
    firewall.advance(Timestamp::MAX, &mut events);
    assert!(firewall.table.is_empty());
    assert_eq!((firewall.timers.len(), firewall.nat.leases()), (0, 0));
}
