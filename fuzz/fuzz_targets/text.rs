//! Protocols of lines and words, and what follows STARTTLS in them.
#![no_main]

use std::sync::LazyLock;

use firstpass::flow::Protocol;
use firstpass_fuzz::{Dialogue, family, over_tcp, over_udp};
use libfuzzer_sys::fuzz_target;

const NAMES: &[&str] = &[
    "http",
    "ssh",
    "ftp",
    "smtp",
    "pop3",
    "imap",
    "nntp",
    "telnet",
    "redis",
    "sip",
    "rtsp",
    "ssdp",
    "mgcp",
    "syslog",
    "irc",
    "jabber",
    "memcached",
    "memcached-tcp",
    "rsync",
    "git",
    "gnutella",
    "vnc",
    "rlogin",
    "citrix",
];

static TCP: LazyLock<Vec<usize>> = LazyLock::new(|| family(Protocol::TCP, NAMES));
static UDP: LazyLock<Vec<usize>> = LazyLock::new(|| family(Protocol::UDP, NAMES));

fuzz_target!(|data: &[u8]| {
    let Some(dialogue) = Dialogue::read(data) else { return };
    over_tcp(&dialogue, &TCP);
    over_udp(&dialogue, &UDP);
});
