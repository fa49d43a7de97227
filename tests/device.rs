//! What a real device did: the load it was offered, its configuration, and how many data packets it let pass.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use firstpass::capture::{self, CaptureFile};
use firstpass::config::{self, Overrides, World};
use firstpass::engine::{EventKind, Events};
use firstpass::flow::Direction;
use firstpass::replay::{Options, Replay};
use firstpass::report::Sink;

/// Data packets that pass, from the client and from the server.
#[derive(Default)]
struct Data([u64; 2]);

impl Sink for Data {
    fn read(&mut self, _: &World, events: &Events) -> std::io::Result<()> {
        for event in events.list() {
            if let EventKind::Verdict { verdict, direction: Some(direction), payload_len, .. } = event.kind
                && verdict.is_forward()
                && payload_len > 0
            {
                self.0[Direction::index(direction)] += 1;
            }
        }
        Ok(())
    }
}

fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = std::env::var_os("FIRSTPASS_CORPUS").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// The device's own configuration, set commands and all: an overridden application passes whole; of an unknown one four
/// packets each way pass under a rule that names an application without ports (PANOS.md 2.10).
#[test]
fn the_model_lets_pass_what_the_device_did() {
    let Some(folder) = corpus() else {
        println!("SKIPPED: no corpus with a device's captures");
        return;
    };
    let expected = std::fs::read_to_string(folder.join("device/EXPECT.tsv")).unwrap();
    let mut seen = 0;
    for line in expected.lines().skip(1) {
        let [pcap, rules, _, _, _, client, server, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let world = config::load(&folder.join(rules), &Overrides::default()).unwrap();
        let mut file = CaptureFile::open(folder.join(pcap), &capture::Options::default()).unwrap();
        let mut data = Data::default();
        Replay::new(Arc::new(world), Options::default(), vec![&mut data]).run(&mut file, |_| {}).unwrap();
        assert_eq!(data.0.map(|packets| packets.to_string()), [client, server], "{pcap}");
        seen += 1;
    }
    assert!(seen > 0);
}
