//! Whole packets through the program: segments early, late, repeated and overlapping with other bytes, datagrams,
//! frames of noise, under small limits and with the auditor.
#![no_main]

use firstpass_fuzz::packets::replay;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| replay(data));
