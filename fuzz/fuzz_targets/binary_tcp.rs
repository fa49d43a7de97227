//! Every decoder over TCP.
#![no_main]

use std::sync::LazyLock;

use firstpass::flow::Protocol;
use firstpass_fuzz::{Dialogue, everyone, over_tcp};
use libfuzzer_sys::fuzz_target;

static ALL: LazyLock<Vec<usize>> = LazyLock::new(|| everyone(Protocol::TCP));

fuzz_target!(|data: &[u8]| {
    if let Some(dialogue) = Dialogue::read(data) {
        over_tcp(&dialogue, &ALL);
    }
});
