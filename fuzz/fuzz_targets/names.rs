//! Names: DNS and its kin, NetBIOS, hosts of services, and how they are written for people.
#![no_main]

use std::sync::LazyLock;

use firstpass::app::readable;
use firstpass::flow::Protocol;
use firstpass_fuzz::{CATALOG, Dialogue, family, over_tcp, over_udp};
use libfuzzer_sys::fuzz_target;

const NAMES: &[&str] = &["dns", "dns-tcp", "netbios", "dhcp", "dhcpv6", "tftp"];

static TCP: LazyLock<Vec<usize>> = LazyLock::new(|| family(Protocol::TCP, NAMES));
static UDP: LazyLock<Vec<usize>> = LazyLock::new(|| family(Protocol::UDP, NAMES));

fuzz_target!(|data: &[u8]| {
    let Some(dialogue) = Dialogue::read(data) else { return };
    over_tcp(&dialogue, &TCP);
    over_udp(&dialogue, &UDP);
    for (_, piece) in &dialogue.pieces {
        assert!(readable(piece).len() <= piece.len().max(1));
        let services = CATALOG.services(piece);
        assert_eq!(services.last().copied(), CATALOG.by_host(piece), "the longest domain is the last");
        let upper = piece.to_ascii_uppercase();
        assert_eq!(CATALOG.services(&upper), services, "names have no case");
    }
});
