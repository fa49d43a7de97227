//! Captures as a firewall's packet-diag writes them (`--captures`), and such captures against the model (`--stage`).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, in its helpers as well")]

#[path = "stages/device.rs"]
mod device;
#[path = "stages/files.rs"]
mod files;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use files::{File, Folder, lesson, run};
use firstpass::capture::{Frame, LinkType};
use firstpass::config::World;
use firstpass::flow::Addr;
use firstpass::packet::build::Builder;
use firstpass::packet::{Layer4, TcpFlags};
use firstpass::replay::{Options, Replay};
use firstpass::report::stages::{HELD_MAX, StageCaptures};
use firstpass::time::Timestamp;

/// Every lesson that has rules, with the arguments of its runs.
fn lessons() -> Vec<(PathBuf, PathBuf, Vec<String>)> {
    let mut found = Vec::new();
    let mut folders: Vec<_> =
        std::fs::read_dir(lesson("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        let Ok(text) = std::fs::read_to_string(folder.join("expected.toml")) else { continue };
        let expected: toml::Table = toml::from_str(&text).unwrap();
        for run in expected["run"].as_array().unwrap() {
            let args = run["args"].as_array().unwrap();
            let args = args.iter().map(|arg| arg.as_str().unwrap().to_owned()).collect();
            found.push((folder.join("capture.pcapng"), folder.join(run["rules"].as_str().unwrap()), args));
        }
    }
    assert!(found.len() > 10, "{} lessons", found.len());
    found
}

/// Replays with `--captures`, and the summary of the report.
fn write(capture: &Path, rules: &Path, args: &[String], folder: &Folder) -> serde_json::Value {
    let mut all: Vec<String> = vec!["replay".into(), text(capture), "--rules".into(), text(rules)];
    all.extend(["--format", "json", "--summary", "--captures"].map(String::from));
    all.push(text(folder.path()));
    all.extend(args.iter().cloned());
    let (status, out, err) = run(&all);
    assert_eq!(status, 0, "{err}");
    serde_json::from_str::<serde_json::Value>(&out).unwrap()["summary"].clone()
}

/// The arguments that compare the captures of a folder.
fn compare(folder: &Folder, rules: &Path, args: &[String], stages: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = vec!["replay".into(), "--rules".into(), text(rules)];
    for stage in stages {
        all.push("--stage".into());
        all.push(format!("{stage}={}", text(&folder.path().join(format!("{stage}.pcapng")))));
    }
    all.extend(args.iter().cloned());
    all
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// What each file holds (PANOS.md 11.7), against the totals of the replay, over all lessons.
#[test]
fn every_frame_is_where_its_verdict_says() {
    let mut sent_any = false;
    for (capture, rules, args) in lessons() {
        let folder = Folder::new();
        let summary = write(&capture, &rules, &args, &folder);
        let total = |name: &str| usize::try_from(summary[name].as_u64().unwrap()).unwrap();
        let [receive, firewall, transmit, drop, annotated] =
            ["receive", "firewall", "transmit", "drop", "annotated"]
                .map(|name| File::read(folder.path(), name));
        let name = rules.display();
        let input = File::read_path(&capture);
        let whole = |file: &File| -> Vec<_> {
            file.frames.iter().map(|frame| (frame.interface.clone(), frame.clone().into_bare())).collect()
        };
        assert_eq!(whole(&receive), whole(&input), "{name}: byte for byte, with time, length and link type");
        assert_eq!(drop.frames.len(), total("dropped"), "{name}");
        assert_eq!(firewall.frames.len(), total("forwarded") + total("injected"), "{name}");
        assert_eq!(transmit.frames.len(), firewall.frames.len(), "{name}");
        assert_eq!(annotated.frames.len(), total("packets") + total("injected"), "{name}");
        // In order, each once.
        let came: Vec<_> =
            annotated.frames.iter().filter(|frame| !frame.is_out()).map(files::Frame::bare).collect();
        assert_eq!(came, input.frames.iter().map(files::Frame::bare).collect::<Vec<_>>(), "{name}");
        // Verdicts: the dropped ones and no others.
        let dropped: Vec<_> =
            annotated.frames.iter().filter(|frame| frame.xdp == Some(1)).map(files::Frame::bare).collect();
        assert_eq!(dropped, drop.frames.iter().map(files::Frame::bare).collect::<Vec<_>>(), "{name}");
        assert!(annotated.frames.iter().all(|frame| matches!(frame.xdp, Some(1 | 2))), "{name}");
        for frame in &annotated.frames {
            let suffix = if frame.xdp == Some(1) { "@drop" } else { "@transmit" };
            assert!(frame.interface.ends_with(suffix), "{name}: {frame:?}");
            let verdict = match (frame.xdp, frame.is_out()) {
                (Some(1), _) => "verdict=drop reason=\"",
                (_, true) => "verdict=injected what=",
                (_, false) => "verdict=forward",
            };
            assert!(frame.comment.starts_with(verdict), "{name}: {frame:?}");
        }
        sent_any |= total("injected") > 0;
    }
    assert!(sent_any, "no lesson in which the firewall sends something");
}

/// Whether anybody looks at what leaves makes no difference to what happens, also where NAT writes into payloads.
#[test]
fn looking_changes_nothing() {
    for (capture, rules, args) in lessons() {
        let others = ["inside.pcapng", "dmz.pcapng"].map(|name| capture.with_file_name(name));
        let captures = [capture].into_iter().chain(others.into_iter().filter(|path| path.exists()));
        let mut all: Vec<String> = vec!["replay".into(), "--rules".into(), text(&rules)];
        all.extend(captures.map(|path| text(&path)).chain(args).chain(["--format".into(), "json".into()]));
        let (status, alone, err) = run(&all);
        assert_eq!(status, 0, "{err}");
        let folder = Folder::new();
        all.extend(["--captures".into(), text(folder.path())]);
        let (_, looked_at, _) = run(&all);
        assert!(alone == looked_at, "{}", rules.display());
    }
}

/// What was written is read back: device and model agree in every packet, under every rulebase of the lessons, with
/// all stages and with each one alone.
#[test]
fn the_models_own_captures_agree_with_it() {
    for (capture, rules, args) in lessons() {
        let folder = Folder::new();
        write(&capture, &rules, &args, &folder);
        for stages in [
            &["receive", "firewall", "transmit", "drop"][..],
            &["receive", "transmit"],
            &["receive", "firewall"],
        ] {
            agree(&folder, &rules, &args, stages);
        }
    }
}

fn agree(folder: &Folder, rules: &Path, args: &[String], stages: &[&str]) {
    let mut all = compare(folder, rules, args, stages);
    all.extend(["--format".into(), "json".into()]);
    let (status, out, err) = run(&all);
    let document: serde_json::Value =
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{}: {err}", rules.display()));
    let summary = &document["summary"];
    let differing: Vec<_> = document["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|session| session["packets"].as_array().unwrap())
        .filter(|packet| packet["agree"] != true)
        .collect();
    assert_eq!(
        (&summary["differ"], &summary["unknown"], status),
        (&0.into(), &0.into(), 0),
        "{} {stages:?}: {differing:#?}",
        rules.display()
    );
    assert_eq!(summary["device_sent"], summary["model_sent"], "{}", rules.display());
    assert!(summary["packets"].as_u64() > Some(0));
}

/// Under NAT, fragments of a datagram included: what leaves bears the translated address, with right checksums, and
/// the comparison finds every packet again.
#[test]
fn nat_shows_in_transmit_alone() {
    let rules = "[zones]\nuntrust = [\"0.0.0.0/0\", \"::/0\"]\ndmz = [\"192.0.2.0/24\", \"2001:db8:1::/64\"]\n\
        [[security]]\nname = \"All\"\nservice = \"any\"\n\
        [[nat]]\nname = \"Hide\"\nfrom = \"untrust\"\nto = \"dmz\"\n\
        [nat.source-translation.dynamic-ip-and-port]\ntranslated-address = \"192.0.2.250\"\n";
    for name in ["fragments", "web"] {
        let folder = Folder::new();
        let path = folder.path().join("rules.toml");
        std::fs::write(&path, rules).unwrap();
        write(&lesson(name).join("capture.pcapng"), &path, &[], &folder);
        let [firewall, transmit] = ["firewall", "transmit"].map(|name| File::read(folder.path(), name));
        let mut translated = 0;
        for (inside, outside) in firewall.frames.iter().zip(&transmit.frames) {
            assert_eq!((inside.nanos, inside.bytes.len()), (outside.nanos, outside.bytes.len()));
            let (inside, outside) = (inside.decode(), outside.decode());
            if inside.1 != outside.1 {
                translated += 1;
                assert!(outside.2, "{name}: right checksums where they were right: {outside:?}");
            }
        }
        assert!(translated > 4, "{name}: {translated} frames under NAT");
        if name == "fragments" {
            let is_fragment = |frame: &&files::Frame| frame.is_fragment();
            let later = transmit.frames.iter().filter(is_fragment);
            assert!(later.filter(|frame| frame.decode().1.0 == "192.0.2.250").count() > 4);
        }
        agree(&folder, &path, &[], &["receive", "firewall", "transmit", "drop"]);
    }
}

/// A link header around what the firewall sends: the addresses of the frame that brought it about, changed over on the
/// way back.
#[test]
fn what_the_firewall_sends_has_a_link_header() {
    let folder = Folder::new();
    let lesson = lesson("reset-actions");
    write(&lesson.join("capture.pcapng"), &lesson.join("rules.toml"), &[], &folder);
    let annotated = File::read(folder.path(), "annotated");
    let mut resets = 0;
    for (index, frame) in annotated.frames.iter().enumerate().filter(|(_, frame)| frame.is_out()) {
        let cause = annotated.frames[..index].iter().rfind(|frame| !frame.is_out()).unwrap();
        let decoded = frame.decode();
        if frame.link_type == 1 {
            let back = decoded.1.0 == cause.decode().1.1;
            let (to, from) = if back { (6..12, 0..6) } else { (0..6, 6..12) };
            assert_eq!(frame.bytes[..12], [&cause.bytes[to], &cause.bytes[from]].concat());
        }
        assert!(decoded.2, "right checksums");
        resets += usize::from(frame.with_packet(
            |packet| matches!(packet.layer4, Layer4::Tcp(tcp) if tcp.flags.contains(TcpFlags::RST)),
        ));
    }
    assert!(resets > 0);
}

/// A client that refuses the certificate of TLS inspection gets a RST that the server never sent (PANOS.md 8): it is not in
/// the receive stage, and in the firewall stage it stands in place of the client's alert.
#[test]
fn the_rst_after_a_refused_certificate_is_in_the_firewall_stage_alone() {
    let folder = Folder::new();
    let lesson = lesson("certificate-pinning");
    write(&lesson.join("capture.pcapng"), &lesson.join("rules.toml"), &[], &folder);
    let resets = |stage| {
        let frames = File::read(folder.path(), stage).frames;
        let of_server = frames.iter().filter(|frame| frame.decode().1.0 == "203.0.113.80");
        of_server
            .filter_map(|frame| {
                frame.with_packet(|packet| match packet.layer4 {
                    Layer4::Tcp(tcp) => tcp.flags.contains(TcpFlags::RST).then_some(tcp.dport),
                    _ => None,
                })
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(resets("receive"), [0; 0]);
    for stage in ["firewall", "transmit"] {
        assert_eq!(resets(stage), [40_002, 40_003, 40_004, 40_006], "{stage}");
    }
}

#[test]
fn the_same_run_writes_the_same_bytes() {
    let lesson = lesson("reset-actions");
    let bytes = || {
        let folder = Folder::new();
        write(&lesson.join("capture.pcapng"), &lesson.join("rules.toml"), &[], &folder);
        ["receive", "firewall", "transmit", "drop", "annotated"]
            .map(|name| std::fs::read(folder.path().join(format!("{name}.pcapng"))).unwrap())
    };
    assert!(bytes() == bytes());
}

/// Wireshark's own reader: `frame.verdict.ebpf_xdp == 1` lists the dropped frames and no others.
#[test]
fn wireshark_shows_the_verdicts() {
    if std::process::Command::new("tshark").arg("--version").output().is_err() {
        use std::io::Write as _;
        std::io::stderr().write_all(b"SKIPPED: no tshark\n").unwrap();
        return;
    }
    let folder = Folder::new();
    let lesson = lesson("reset-actions");
    write(&lesson.join("capture.pcapng"), &lesson.join("rules.toml"), &[], &folder);
    let file = text(&folder.path().join("annotated.pcapng"));
    let listed = |filter: &str| {
        let fields =
            ["-T", "fields", "-e", "frame.number", "-e", "frame.interface_name", "-e", "frame.comment"];
        let out = std::process::Command::new("tshark")
            .args(["-n", "-r", &file, "-Y", filter])
            .args(fields)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let annotated = File::read(folder.path(), "annotated");
    for (filter, xdp) in [("frame.verdict.ebpf_xdp == 1", 1), ("frame.verdict.ebpf_xdp == 2", 2)] {
        let expected: Vec<String> = (1..)
            .zip(&annotated.frames)
            .filter(|(_, frame)| frame.xdp == Some(xdp))
            .map(|(number, frame)| format!("{number}\t{}\t{}", frame.interface, frame.comment))
            .collect();
        assert!(!expected.is_empty());
        assert_eq!(listed(filter), expected, "{filter}");
    }
    // It finds nothing wrong with the files: every packet is dissected, none is malformed.
    assert_eq!(listed("_ws.malformed"), Vec::<String>::new());
}

#[test]
fn captures_do_not_replace_what_is_read() {
    let folder = Folder::new();
    let lesson = lesson("reset-actions");
    let input = folder.path().join("receive.pcapng");
    std::fs::copy(lesson.join("capture.pcapng"), &input).unwrap();
    let rules = text(&lesson.join("rules.toml"));
    let into = text(folder.path());
    let (status, _, err) =
        run(&["replay", &text(&input), "--rules", &rules, "--captures", &into].map(String::from));
    assert_eq!(status, 2);
    assert!(err.contains("would replace"), "{err}");
    let file = text(&input);
    let (status, _, err) = run(&["replay", &file, "--rules", &rules, "--captures", &file].map(String::from));
    assert_eq!(status, 2);
    assert!(err.contains("cannot write") && err.contains("receive.pcapng"), "{err}");
}

/// A fragment whose datagram never comes holds the others up only so far.
#[test]
fn what_waits_is_bounded() {
    let [client, server] = [Addr::v4([10, 0, 0, 1]), Addr::v4([198, 51, 100, 2])];
    let whole = Builder::new(client, server).udp(5_000, 53, &[7; 400]);
    let mut fragment = whole.clone();
    fragment[6] |= 0x20;
    // The checksum says the same of it: the sum has grown, so its complement is smaller (RFC 1624).
    let (sum, borrow) = u16::from_be_bytes([whole[10], whole[11]]).overflowing_sub(0x2000);
    fragment[10..12].copy_from_slice(&(sum - u16::from(borrow)).to_be_bytes());
    let world = World::from_toml("[zones]\nall = \"0.0.0.0/0\"").unwrap();
    let annotated = |max: usize| {
        let mut files: [Vec<u8>; 5] = Default::default();
        let mut captures = StageCaptures::new(files.each_mut()).unwrap().holding(max);
        let world = Arc::new(world.clone());
        let mut replay = Replay::new(world, Options::default(), vec![&mut captures]);
        for second in 0..20_000_u64 {
            let bytes = if second == 0 { &fragment } else { &whole };
            let (at, wire_len) = (Timestamp::from_nanos(second * 1_000_000), bytes.len() as u32);
            let (file, link_type, interface) = (0, LinkType::RAW, None);
            replay.frame(&Frame { at, file, link_type, interface, wire_len, bytes }).unwrap();
        }
        replay.finish().unwrap();
        let warnings = captures.finish().unwrap();
        let folder = Folder::new();
        std::fs::write(folder.path().join("annotated.pcapng"), &files[4]).unwrap();
        (File::read(folder.path(), "annotated").frames, warnings)
    };
    let (frames, warnings) = annotated(HELD_MAX);
    assert_eq!((frames.len(), warnings.len()), (20_000, 0));
    assert!(frames.is_sorted_by_key(|frame| frame.nanos));
    // What waits for the verdict of a batch of events fits, what waits for a fragment does not.
    let (frames, warnings) = annotated(1 << 20);
    assert_eq!(frames.len(), 20_000, "nothing is lost");
    let place = frames.iter().position(files::Frame::is_fragment).unwrap();
    assert!(place > 1_000 && frames[place].bytes == fragment, "{place}");
    assert_eq!(frames[place].xdp, Some(1));
    assert!(warnings.len() == 1 && warnings[0].contains("before earlier ones"), "{warnings:?}");
}
