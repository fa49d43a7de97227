//! Writes the first inputs of every fuzz target, made of the sessions in captures: `seeds FOLDER CAPTURE...`.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, error, fs};

use firstpass::capture::{CaptureFile, Options, Source};
use firstpass::flow::{Addr, Direction};
use firstpass::packet::{DecodeOptions, Layer4, TcpFlags, decode};
use firstpass_fuzz::{Dialogue, packets};
// What is built for coverage is linked with what counts it.
use libfuzzer_sys as _;

/// Bytes of a session that a seed takes: more only slows the fuzzer down.
const BYTES_MAX: usize = 3_000;
/// Pieces of a session that a seed takes.
const PIECES_MAX: usize = 24;

/// Targets that read conversations over TCP, and over UDP.
const OVER_TCP: [&str; 6] = ["text", "tls", "tls_secrets", "http", "binary_tcp", "alg"];
const OVER_UDP: [&str; 5] = ["text", "tls", "quic", "names", "binary_udp"];

/// Patterns of the kinds that rulebases have.
const PATTERNS: [&str; 8] = [
    "example\\.org",
    "(GET|POST) /.*login",
    "SSH-2\\.0",
    "[A-Za-z0-9]{8}",
    "\\x 16 03 01 \\x.*example",
    "abc.*def.?ghi",
    "(one|two|three)+\\r\\n",
    "^USER [^ ]*anonymous",
];

/// Conversations that announce others, the client's words first.
const ANNOUNCEMENTS: [&[&str]; 5] = [
    &[
        "PORT 192,0,2,1,195,80\r\nEPRT |2|2001:db8::1|1025|\r\n",
        "227 (192,0,2,1,195,80)\r\n229 (|||1026|)\r\n",
    ],
    &[
        "INVITE sip:b@192.0.2.7:5060 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1:5061;rport\r\nm: \"a\" <sip:a@192.0.2.1>\r\n\
         CSeq: 1 INVITE\r\nc: application/sdp\r\nl: 93\r\n\r\nv=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.1\r\n\
         m=audio 4000/2 RTP/AVP 0\r\na=rtcp:5000\r\n",
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 192.0.2.1;received=198.51.100.1;rport=9\r\nCSeq: 1 INVITE\r\n\
         Content-Type: application/sdp\r\n\r\nc=IN IP6 2001:db8::1\r\nm=image 4000 udptl t38\r\n",
    ],
    &[
        "SETUP rtsp://a RTSP/1.0\r\nTransport: RTP/AVP;unicast;client_port=4588-4589,x-real-rdt/udp;client_port=6970\r\n\r\n",
        "RTSP/1.0 200 OK\r\nTransport: RTP/AVP;server_port=6256-6257;source=192.0.2.1\r\n\r\n$\0\0\u{2}ab",
    ],
    &[
        "CRCX 1 a@b MGCP 1.0\r\nN: c@[192.0.2.1]:2727\r\n\r\nc=IN IP4 192.0.2.9\r\nm=audio 3456 RTP/AVP 0\r\n",
        "200 1 OK\r\n.\r\n200 2 OK\r\n\r\nc=IN IP4 192.0.2.9\r\nm=audio 3456 RTP/AVP 0\r\n",
    ],
    &[
        "PRIVMSG b :\u{1}DCC SEND \"c d\" 3221225985 5000 1\u{1}\r\n",
        ":b!c@d NOTICE e :\u{1}DCC CHAT chat 2001:db8::1 5000\u{1}\r\n",
    ],
];

/// Two ends and whether it is UDP.
type Ends = ((Addr, u16), (Addr, u16), bool);

#[derive(Debug, Default)]
struct Session {
    port: u16,
    client: Option<(Addr, u16)>,
    /// Next sequence number of each side.
    next: [Option<u32>; 2],
    pieces: Vec<(Direction, Vec<u8>)>,
}

impl Session {
    /// The part of a TCP segment that is new.
    fn add(&mut self, direction: Direction, seq: u32, bytes: &[u8]) {
        let next = self.next[direction.index()].get_or_insert(seq);
        let known = next.wrapping_sub(seq) as usize;
        // What comes early counts as well: a seed need not be exact.
        let new = if known < 1 << 30 { bytes.get(known..).unwrap_or_default() } else { bytes };
        *next = seq.wrapping_add(u32::try_from(bytes.len()).unwrap_or(0));
        if !new.is_empty() {
            self.pieces.push((direction, new.to_vec()));
        }
    }

    /// Its first pieces.
    fn dialogue(&self) -> Dialogue<'_> {
        let mut left = BYTES_MAX;
        let pieces = self.pieces.iter().take(PIECES_MAX).map_while(|(direction, piece)| {
            let piece = &piece[..piece.len().min(left)];
            left -= piece.len();
            (!piece.is_empty()).then_some((*direction, piece))
        });
        Dialogue { port: self.port, cut: 7, pieces: pieces.collect() }
    }
}

fn sessions(path: &str, all: &mut BTreeMap<(String, Ends), Session>) -> Result<(), Box<dyn error::Error>> {
    let mut file = CaptureFile::open(path, &Options::default())?;
    while let Some(frame) = file.next_frame() {
        let packet = decode(&frame, 1, DecodeOptions::default());
        let (sport, dport, seq, bytes, is_udp, is_syn) = match packet.layer4 {
            Layer4::Tcp(tcp) => {
                let is_syn = tcp.flags.contains(TcpFlags::SYN);
                (tcp.sport, tcp.dport, tcp.payload_seq(), tcp.payload.bytes, false, is_syn)
            }
            Layer4::Udp(udp) => (udp.sport, udp.dport, 0, udp.payload.bytes, true, false),
            _ => continue,
        };
        let (src, dst) = ((packet.ip.src, sport), (packet.ip.dst, dport));
        let ends = (src.min(dst), src.max(dst), is_udp);
        let session = all.entry((path.to_owned(), ends)).or_default();
        if session.client.is_none() {
            (session.client, session.port) = (Some(src), dport);
        }
        let direction =
            if session.client == Some(src) { Direction::ClientToServer } else { Direction::ServerToClient };
        if is_udp {
            session.pieces.push((direction, bytes.to_vec()));
        } else if is_syn {
            session.next[direction.index()] = Some(seq);
        } else {
            session.add(direction, seq, bytes);
        }
    }
    Ok(())
}

/// One file of a target's corpus; the same bytes have the same name.
fn write(folder: &Path, target: &str, data: &[u8]) -> std::io::Result<()> {
    let hash = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let folder = folder.join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("{hash:016x}")), data)
}

fn main() -> Result<(), Box<dyn error::Error>> {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let folder = Path::new(&folder);
    let mut all = BTreeMap::new();
    for capture in arguments {
        sessions(&capture, &mut all)?;
    }
    for (index, ((_, (_, _, is_udp)), session)) in all.iter().enumerate() {
        let dialogue = session.dialogue();
        if dialogue.pieces.is_empty() {
            continue;
        }
        let targets = if *is_udp { &OVER_UDP[..] } else { &OVER_TCP };
        for target in targets {
            write(folder, target, &dialogue.write())?;
        }
        let rules = u8::try_from(index % packets::RULES.len())?;
        write(folder, "engine", &packets::write(rules, &dialogue.pieces, *is_udp))?;
        if !is_udp {
            let mut signature = dialogue.clone();
            signature
                .pieces
                .insert(0, (Direction::ClientToServer, PATTERNS[index % PATTERNS.len()].as_bytes()));
            write(folder, "signature", &signature.write())?;
        }
    }
    announcements(folder)?;
    sealed_hello(folder)
}

/// What gateways listen for, which few lesson captures have.
fn announcements(folder: &Path) -> Result<(), Box<dyn error::Error>> {
    let (client, server) = (Direction::ClientToServer, Direction::ServerToClient);
    for pieces in ANNOUNCEMENTS {
        let sides = [client, server].into_iter().cycle();
        let pieces = sides.zip(pieces).map(|(side, piece)| (side, piece.as_bytes())).collect();
        write(folder, "alg", &Dialogue { port: 5060, cut: 7, pieces }.write())?;
    }
    Ok(())
}

/// A ClientHello in an Initial packet, which lesson captures have only with keys of their own.
fn sealed_hello(folder: &Path) -> Result<(), Box<dyn error::Error>> {
    const HELLO: &[u8] =
        b"\x01\0\0\x43\x03\x03abcdefghijklmnopqrstuvwxyz012345\0\0\x02\x13\x01\x01\0\0\x18\0\0\0\x14\
        \0\x12\0\0\x0fmail.google.com";
    let crypto = |from: usize, to: usize| -> Vec<u8> {
        let short = |value: usize| u8::try_from(value & 0x3f).unwrap_or(0);
        let long = |value: usize| {
            [0x40 | u8::try_from(value >> 8).unwrap_or(0), u8::try_from(value & 0xff).unwrap_or(0)]
        };
        [&[6, short(from)][..], &long(to - from), &HELLO[from..to]].concat()
    };
    let whole = [&[1][..], &crypto(0, HELLO.len())].concat();
    let halves = [[&[1][..], &crypto(30, HELLO.len())].concat(), [&[3][..], &crypto(0, 30)].concat()];
    let client = Direction::ClientToServer;
    for pieces in [vec![(client, &whole[..])], halves.iter().map(|half| (client, &half[..])).collect()] {
        write(folder, "quic", &Dialogue { port: 443, cut: 1, pieces }.write())?;
    }
    Ok(())
}
