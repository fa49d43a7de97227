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
use firstpass::app::{Candidates, Catalog, Heads, Identified, Identifier};
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
        .into_iter()
        .map(|(key, list)| {
            let labels: BTreeSet<String> = list.into_iter().map(|talk| talk.label).collect();
            (key, labels.into_iter().collect())
        })
        .collect()
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
