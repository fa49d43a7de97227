//! App-ID against other people's captures: each conversation is shown to the decoders as the engine would show it, and
//! the label is held against nDPI's where nDPI decided by payload (confidence `DPI`).
//!
//! Reassembly here is a few lines on purpose: it must not share mistakes with the engine's.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test's harness")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use firstpass::app::tls::Shown;
use firstpass::app::{Candidates, Catalog, Heads, Identified, Identifier, quic, tls};
use firstpass::flow::{Direction, Protocol};
use pcap_parser::{Block, PcapBlockOwned, PcapError};

/// Of the conversations that nDPI knows by payload, so many must have an acceptable name, and so many may have a wrong
/// one: of its own test captures, and of others that an older nDPI has labelled (it knows FTP's data connections, and
/// HTTP by a request alone).
const REQUIRED: [(&str, f64, f64); 2] = [(".ndpi.tsv", 0.99, 0.001), (".ndpi42.tsv", 0.94, 0.001)];

/// Bytes kept of each side, and data packets after which a session is given up.
const HEAD_BYTES: usize = 16 * 1_024;
const PACKETS_MAX: usize = 64;

/// Not an application: nobody was certain.
const UNDECIDED: &str = "-";

#[test]
fn labels_agree_with_ndpi() {
    let Some(corpus) = corpus() else { return };
    let names = acceptable_names(&corpus);
    for (suffix, right_min, wrong_max) in REQUIRED {
        let mut tally = Tally::default();
        for capture in captures(&corpus) {
            let truth = PathBuf::from(format!("{}{suffix}", capture.display()));
            if truth.exists() {
                tally.add(&capture, &label_capture(&capture), &truth_rows(&truth), &names);
            }
        }
        tally.print(suffix);
        assert!(tally.right as f64 >= right_min * tally.all as f64, "{suffix}: too few labels agree");
        assert!(tally.wrong as f64 <= wrong_max * tally.all as f64, "{suffix}: too many labels are wrong");
    }
}

/// How far the labels agree.
#[derive(Default)]
struct Tally {
    right: usize,
    wrong: usize,
    all: usize,
    by_name: BTreeMap<String, (usize, usize)>,
    misses: Vec<String>,
}

impl Tally {
    fn add(
        &mut self,
        capture: &Path,
        labels: &BTreeMap<Key, Vec<String>>,
        rows: &[Row],
        names: &BTreeMap<String, Vec<String>>,
    ) {
        for row in rows {
            let good: BTreeSet<&String> =
                row.name.split('.').filter_map(|part| names.get(part)).flatten().collect();
            let Some(found) = labels.get(&row.key).filter(|_| !good.is_empty()) else { continue };
            let is_right = found.iter().any(|label| good.contains(label));
            let is_wrong = !is_right && found.iter().any(|label| label != UNDECIDED);
            self.all += 1;
            self.right += usize::from(is_right);
            self.wrong += usize::from(is_wrong);
            let name = row.name.split('.').next().unwrap_or_default();
            let (right, all) = self.by_name.entry(name.to_owned()).or_default();
            *right += usize::from(is_right);
            *all += 1;
            if !is_right {
                self.misses.push(format!("{} {:?}: {found:?}, want {good:?}", capture.display(), row.key));
            }
        }
    }

    fn print(&self, suffix: &str) {
        for (name, (right, all)) in &self.by_name {
            eprintln!("{name:16} {right:5} of {all}");
        }
        for miss in &self.misses {
            eprintln!("miss {miss}");
        }
        eprintln!("{suffix}: {} right and {} wrong of {}", self.right, self.wrong, self.all);
    }
}

/// Prints what each conversation of the captures named in `FIRSTPASS_LABEL` (separated by colons) is taken for, to look
/// at while writing a decoder.
#[test]
fn show_labels() {
    let Ok(list) = std::env::var("FIRSTPASS_LABEL") else { return };
    for capture in list.split(':') {
        for ((protocol, a, b), labels) in label_capture(Path::new(capture)) {
            eprintln!("{capture}\t{protocol}\t{a:?}\t{b:?}\t{}", labels.join(","));
        }
    }
}

/// The server names in TLS are those that tshark reads, those in QUIC those that nDPI reads; no name is missed. Prints
/// which service is behind each.
#[test]
fn server_names_agree() {
    let Some(corpus) = corpus() else { return };
    let catalog = Catalog::builtin().unwrap();
    let (mut right, mut by_certificate) = (0, 0);
    for capture in captures(&corpus) {
        let beside =
            |suffix: &str| fs::read_to_string(format!("{}{suffix}", capture.display())).unwrap_or_default();
        let (truth, ndpi) = (beside(".truth.json"), beside(".ndpi.out"));
        let mut want = tls_names(&truth);
        want.extend(quic_names(&ndpi));
        for (key, list) in talks(&capture) {
            for talk in list {
                let found = talk.server_name();
                let shown = talk.service(&catalog);
                let want: Vec<&String> =
                    want.iter().filter(|(of, _)| *of == key).map(|(_, name)| name).collect();
                if let Some(found) = &found {
                    assert!(
                        want.contains(&found) || want.is_empty(),
                        "{}: {found}, {want:?}",
                        capture.display()
                    );
                    right += usize::from(want.contains(&found));
                } else if talk.begins_with_tls() {
                    assert!(want.is_empty(), "{}: {want:?} is missed", capture.display());
                }
                if let Shown::Service(service) = shown {
                    by_certificate += usize::from(service.source == tls::Source::Certificate);
                    let (app, source) = (catalog.name(service.app), service.source.what());
                    eprintln!("{app}\tby {source}: {}", service.detail.escape_ascii());
                } else if let Some(found) = found {
                    eprintln!("-\t{found}");
                }
            }
        }
    }
    eprintln!("{right} names as others read them, {by_certificate} services by certificate");
    assert!(right >= 15 && by_certificate >= 1);
}

/// Conversations over TCP with the server names that tshark found.
fn tls_names(truth: &str) -> Vec<(Key, String)> {
    let truth: serde_json::Value = serde_json::from_str(truth).unwrap_or_default();
    let rows = truth["tcp"].as_array().cloned().unwrap_or_default();
    rows.iter()
        .filter_map(|row| {
            let end = |side: &str| {
                Some((row[side][0].as_str()?.parse().ok()?, row[side][1].as_str()?.parse().ok()?))
            };
            let name = row["sni"].as_str().filter(|name| !name.is_empty())?;
            Some((key(6, end("client")?, end("server")?), name.to_owned()))
        })
        .collect()
}

/// Conversations in QUIC with the server names that nDPI found.
fn quic_names(ndpi: &str) -> Vec<(Key, String)> {
    ndpi.lines()
        .filter(|line| line.contains("/QUIC"))
        .filter_map(|line| {
            let (_, name) = line.split_once("[Hostname/SNI: ")?;
            let mut words = line.split_whitespace().skip_while(|word| *word != "UDP").skip(1);
            let mut end = || {
                let (ip, port) = words.find(|word| word.contains(':'))?.rsplit_once(':')?;
                Some((ip.trim_matches(['[', ']']).parse().ok()?, port.parse().ok()?))
            };
            Some((key(17, end()?, end()?), name.split(']').next()?.to_owned()))
        })
        .collect()
}

fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("FIRSTPASS_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    if path.join("pcaps").is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: no captures at {}; set FIRSTPASS_CORPUS", path.display());
    None
}

fn captures(corpus: &Path) -> Vec<PathBuf> {
    let mut captures: Vec<PathBuf> = fs::read_dir(corpus.join("pcaps"))
        .unwrap()
        .flat_map(|family| fs::read_dir(family.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| matches!(path.extension().and_then(|e| e.to_str()), Some("pcap" | "pcapng" | "cap")))
        .collect();
    captures.sort();
    captures
}

/// nDPI's names with the catalog's names that mean the same.
fn acceptable_names(corpus: &Path) -> BTreeMap<String, Vec<String>> {
    let table = fs::read_to_string(corpus.join("appid/ndpi_to_panos.tsv")).unwrap();
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let (ndpi, panos) = (columns.next()?, columns.next()?);
            Some((ndpi.to_owned(), panos.split('|').map(str::to_owned).collect()))
        })
        .collect()
}

type End = (IpAddr, u16);
/// Protocol and both ends, the lower one first.
type Key = (u8, End, End);

struct Row {
    key: Key,
    name: String,
}

fn truth_rows(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let [l4, a, b, proto, confidence] = ["l4", "a", "b", "proto", "confidence"].map(column);
    lines
        .filter_map(|line| {
            let row: Vec<&str> = line.split('\t').collect();
            let protocol = match *row.get(l4)? {
                "TCP" => 6,
                "UDP" => 17,
                _ => return None,
            };
            let end = |text: &str| {
                let (ip, port) = text.rsplit_once(':')?;
                Some((ip.trim_matches(['[', ']']).parse().ok()?, port.parse().ok()?))
            };
            let key = key(protocol, end(row.get(a)?)?, end(row.get(b)?)?);
            (row.get(confidence)? == &"DPI").then(|| Row { key, name: (*row[proto]).to_owned() })
        })
        .collect()
}

fn key(protocol: u8, a: End, b: End) -> Key {
    (protocol, a.min(b), a.max(b))
}

/// Each conversation's labels: one for each time its ports were used.
fn label_capture(path: &Path) -> BTreeMap<Key, Vec<String>> {
    talks(path)
        .into_iter()
        .map(|(key, list)| {
            let labels: BTreeSet<String> = list.into_iter().map(|talk| talk.label).collect();
            (key, labels.into_iter().collect())
        })
        .collect()
}

/// The conversations of a capture, those over the same ports in order.
fn talks(path: &Path) -> BTreeMap<Key, Vec<Talk>> {
    let catalog = Catalog::builtin().unwrap();
    let identifier = Identifier::new(&catalog);
    let mut talks: BTreeMap<Key, Vec<Talk>> = BTreeMap::new();
    each_packet(path, |link_type, bytes| {
        let Some(packet) = Segment::of(link_type, bytes) else { return };
        let key = key(packet.protocol.0, packet.from, packet.to);
        let list = talks.entry(key).or_default();
        if list.last().is_none_or(|talk| talk.is_over(&packet)) {
            list.push(Talk::new(&identifier, &packet));
        }
        list.last_mut().unwrap().add(&identifier, &catalog, &packet);
    });
    talks
}

/// One TCP segment or UDP datagram.
struct Segment<'a> {
    protocol: Protocol,
    from: End,
    to: End,
    ttl: u8,
    seq: u32,
    syn: bool,
    bytes: &'a [u8],
}

impl<'a> Segment<'a> {
    fn of(link_type: i32, frame: &'a [u8]) -> Option<Self> {
        let sliced = match link_type {
            0 => LaxSlicedPacket::from_ip(frame.get(4..)?).ok()?,
            1 => LaxSlicedPacket::from_ethernet(frame).ok()?,
            12 | 14 | 101 | 228 | 229 => LaxSlicedPacket::from_ip(frame).ok()?,
            113 => {
                let ether_type = EtherType(u16::from_be_bytes(*frame.get(14..)?.first_chunk()?));
                LaxSlicedPacket::from_ether_type(ether_type, frame.get(16..)?)
            }
            _ => return None,
        };
        let (from, to, ttl): (IpAddr, IpAddr, u8) = match sliced.net? {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                (header.source_addr().into(), header.destination_addr().into(), header.ttl())
            }
            LaxNetSlice::Ipv6(ip) => {
                let header = ip.header();
                (header.source_addr().into(), header.destination_addr().into(), header.hop_limit())
            }
            LaxNetSlice::Arp(_) => return None,
        };
        match sliced.transport? {
            TransportSlice::Tcp(tcp) => Some(Self {
                protocol: Protocol::TCP,
                from: (from, tcp.source_port()),
                to: (to, tcp.destination_port()),
                ttl,
                seq: tcp.sequence_number().wrapping_add(tcp.syn().into()),
                syn: tcp.syn() && !tcp.ack(),
                bytes: tcp.payload(),
            }),
            TransportSlice::Udp(udp) => Some(Self {
                protocol: Protocol::UDP,
                from: (from, udp.source_port()),
                to: (to, udp.destination_port()),
                ttl,
                seq: 0,
                syn: false,
                bytes: udp.payload(),
            }),
            _ => None,
        }
    }
}

/// A conversation while it is watched.
struct Talk {
    client: End,
    server: End,
    ttl: u8,
    midstream: bool,
    protocol: Protocol,
    heads: [Vec<u8>; 2],
    datagrams: Vec<(Direction, u32)>,
    next: [Option<u32>; 2],
    early: [BTreeMap<u32, Vec<u8>>; 2],
    candidates: Candidates,
    packets: usize,
    label: String,
    done: bool,
}

impl Talk {
    fn new(identifier: &Identifier, packet: &Segment<'_>) -> Self {
        Self {
            client: packet.from,
            server: packet.to,
            ttl: packet.ttl,
            midstream: packet.protocol == Protocol::TCP && !packet.syn,
            protocol: packet.protocol,
            heads: [Vec::new(), Vec::new()],
            datagrams: Vec::new(),
            next: [None; 2],
            early: [BTreeMap::new(), BTreeMap::new()],
            candidates: identifier.start(packet.protocol),
            packets: 0,
            label: UNDECIDED.to_owned(),
            done: false,
        }
    }

    /// Whether this SYN begins another one.
    fn is_over(&self, packet: &Segment<'_>) -> bool {
        packet.syn && self.packets > 0 && !self.next.contains(&Some(packet.seq))
    }

    fn add(&mut self, identifier: &Identifier, catalog: &Catalog, packet: &Segment<'_>) {
        let direction =
            if packet.from == self.client { Direction::ClientToServer } else { Direction::ServerToClient };
        if !self.take(direction, packet) || self.done {
            return;
        }
        self.packets += 1;
        let [client, server] = &self.heads;
        let heads = Heads {
            v6: false,
            protocol: self.protocol,
            sport: self.client.1,
            dport: self.server.1,
            ttl: self.ttl,
            midstream: self.midstream,
            client,
            server,
            datagrams: &self.datagrams,
        };
        match identifier.inspect(catalog, &mut self.candidates, &heads) {
            Identified::Found(app, _) | Identified::FoundIn(app, ..) => {
                self.label = catalog.name(app).to_owned();
                self.done = true;
            }
            Identified::Exhausted => self.done = true,
            Identified::Pending => self.done = self.packets >= PACKETS_MAX,
        }
    }

    fn begins_with_tls(&self) -> bool {
        self.protocol == Protocol::TCP && self.heads[0].starts_with(&[0x16, 3])
    }

    /// The client's datagrams.
    fn datagrams(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.heads[0].as_slice();
        self.datagrams.iter().filter(|(side, _)| *side == Direction::ClientToServer).map(move |(_, len)| {
            let (datagram, after) = rest.split_at(*len as usize);
            rest = after;
            datagram
        })
    }

    /// The server name in its ClientHello.
    fn server_name(&self) -> Option<String> {
        let name = if self.protocol == Protocol::TCP {
            tls::client_hello(&self.heads[0]).complete()?.server_name()?.to_vec()
        } else {
            quic::server_name(self.datagrams())?
        };
        Some(String::from_utf8_lossy(&name).into_owned())
    }

    fn service(&self, catalog: &Catalog) -> Shown<'_> {
        if self.protocol == Protocol::TCP {
            tls::service_of(catalog, self.server.1, &self.heads[0], &self.heads[1])
        } else {
            quic::service_of(catalog, self.datagrams())
        }
    }

    /// Adds the payload to what is known in order; whether that is more now.
    fn take(&mut self, direction: Direction, packet: &Segment<'_>) -> bool {
        let head = &mut self.heads[direction.index()];
        if packet.protocol == Protocol::UDP {
            let bytes = &packet.bytes[..packet.bytes.len().min(HEAD_BYTES - head.len())];
            head.extend_from_slice(bytes);
            self.datagrams.push((direction, u32::try_from(bytes.len()).unwrap()));
            return true;
        }
        let next = self.next[direction.index()].get_or_insert(packet.seq);
        if packet.bytes.is_empty() {
            return false;
        }
        let early = &mut self.early[direction.index()];
        early.insert(packet.seq, packet.bytes.to_vec());
        let before = head.len();
        let fits = |next: u32, seq: u32, len: usize| {
            let known = next.wrapping_sub(seq) as usize;
            known < len && known < 1 << 30
        };
        while let Some(seq) =
            early.iter().find(|(seq, bytes)| fits(*next, **seq, bytes.len())).map(|(seq, _)| *seq)
        {
            let bytes = early.remove(&seq).unwrap();
            let new = &bytes[next.wrapping_sub(seq) as usize..];
            head.extend_from_slice(&new[..new.len().min(HEAD_BYTES - head.len())]);
            *next = next.wrapping_add(u32::try_from(new.len()).unwrap());
        }
        head.len() > before
    }
}

/// Calls `see` with the link type and the bytes of each packet, as far as the file can be read.
fn each_packet(path: &Path, mut see: impl FnMut(i32, &[u8])) {
    let file = fs::File::open(path).unwrap();
    let Ok(mut reader) = pcap_parser::create_reader(1 << 20, file) else { return };
    let mut link_types = Vec::new();
    loop {
        match reader.next() {
            Ok((size, block)) => {
                match block {
                    PcapBlockOwned::LegacyHeader(header) => link_types.push(header.network.0),
                    PcapBlockOwned::Legacy(packet) => see(link_types[0], packet.data),
                    PcapBlockOwned::NG(Block::SectionHeader(_)) => link_types.clear(),
                    PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                        link_types.push(interface.linktype.0);
                    }
                    PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                        let caplen = packet.data.len().min(packet.caplen as usize);
                        if let Some(link_type) = link_types.get(packet.if_id as usize) {
                            see(*link_type, &packet.data[..caplen]);
                        }
                    }
                    PcapBlockOwned::NG(Block::SimplePacket(packet)) => see(link_types[0], packet.data),
                    PcapBlockOwned::NG(_) => {}
                }
                reader.consume(size);
            }
            Err(PcapError::Incomplete(_)) => {
                if reader.refill().is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}
