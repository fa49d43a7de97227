//! Helpers: the program in this process, folders, and pcapng files as an independent reader sees them.

use std::path::{Path, PathBuf};

use firstpass::capture::LinkType;
use firstpass::cli::{self, ColorChoice, Streams};
use firstpass::packet::{Checksum, Checksums, DecodeOptions, Layer4, Packet, decode};
use firstpass::time::Timestamp;
use pcap_parser::{Block, PcapBlockOwned, PcapError};

/// A folder of the lessons.
pub(crate) fn lesson(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pcaps").join(name)
}

/// Runs the program: exit status, standard output, standard error.
pub(crate) fn run(args: &[String]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let mut streams = Streams {
            stdout: Box::new(&mut out),
            stderr: Box::new(&mut err),
            terminal: false,
            color: ColorChoice::Never,
        };
        let args = std::iter::once("firstpass".to_owned()).chain(args.iter().cloned());
        cli::main(args.map(Into::into), &mut streams)
    };
    (exit as u8, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// A folder that is gone when it is dropped.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A capture as `pcap-parser` reads it.
pub(crate) struct File {
    pub(crate) frames: Vec<Frame>,
}

/// A frame and what its block says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) nanos: u64,
    pub(crate) link_type: u16,
    pub(crate) interface: String,
    pub(crate) wire_len: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) comment: String,
    pub(crate) flags: Option<u32>,
    pub(crate) xdp: Option<u64>,
}

impl File {
    pub(crate) fn read(folder: &Path, name: &str) -> Self {
        Self::read_path(&folder.join(format!("{name}.pcapng")))
    }

    pub(crate) fn read_path(path: &Path) -> Self {
        let file = std::fs::File::open(path).unwrap();
        let mut reader = pcap_parser::create_reader(1 << 20, file).unwrap();
        let mut interfaces = Vec::new();
        let mut frames = Vec::new();
        loop {
            let (offset, block) = match reader.next() {
                Ok(next) => next,
                Err(PcapError::Eof) => return Self { frames },
                Err(PcapError::Incomplete(_)) => {
                    reader.refill().unwrap();
                    continue;
                }
                Err(error) => panic!("{}: {error:?}", path.display()),
            };
            let PcapBlockOwned::NG(block) = block else { panic!("{}: not pcapng", path.display()) };
            match block {
                Block::InterfaceDescription(interface) => {
                    let name = interface.options.iter().find(|option| option.code.0 == 2);
                    let name = name.map(|option| String::from_utf8(unpadded(option)).unwrap());
                    let resolution = interface.if_tsresol;
                    interfaces.push((interface.linktype.0 as u16, name.unwrap_or_default(), resolution));
                }
                Block::EnhancedPacket(packet) => {
                    let (link_type, interface, resolution) = interfaces[packet.if_id as usize].clone();
                    let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                    let value =
                        |code| packet.options.iter().find(|option| option.code.0 == code).map(unpadded);
                    let xdp = value(7).map(|value| {
                        assert_eq!((value.len(), value[0]), (9, 2), "eBPF XDP, then 64 bits");
                        u64::from_le_bytes(value[1..].try_into().unwrap())
                    });
                    frames.push(Frame {
                        nanos: ticks * 10_u64.pow(9 - u32::from(resolution)),
                        link_type,
                        interface,
                        wire_len: packet.origlen,
                        bytes: packet.data[..packet.caplen as usize].to_vec(),
                        comment: String::from_utf8(value(1).unwrap_or_default()).unwrap(),
                        flags: value(2).map(|value| u32::from_le_bytes(value.try_into().unwrap())),
                        xdp,
                    });
                }
                _ => {}
            }
            reader.consume(offset);
        }
    }
}

/// An option's value: the reader gives the bytes that pad it as well.
fn unpadded(option: &pcap_parser::PcapNGOption<'_>) -> Vec<u8> {
    option.value[..usize::from(option.len)].to_vec()
}

impl Frame {
    /// Whether the block says that it went out.
    pub(crate) fn is_out(&self) -> bool {
        self.flags == Some(2)
    }

    /// The frame itself, without what is said of it.
    pub(crate) fn bare(&self) -> (u64, u16, u32, &[u8]) {
        (self.nanos, self.link_type, self.wire_len, &self.bytes)
    }

    pub(crate) fn into_bare(self) -> (u64, u16, u32, Vec<u8>) {
        (self.nanos, self.link_type, self.wire_len, self.bytes)
    }

    pub(crate) fn with_packet<T>(&self, read: impl FnOnce(&Packet<'_>) -> T) -> T {
        let frame = firstpass::capture::Frame {
            at: Timestamp::from_nanos(self.nanos),
            file: 0,
            link_type: LinkType(self.link_type),
            interface: None,
            wire_len: self.wire_len,
            bytes: &self.bytes,
        };
        read(&decode(&frame, 1, DecodeOptions { checksums: Checksums::Verify }))
    }

    pub(crate) fn is_fragment(&self) -> bool {
        self.with_packet(|packet| matches!(packet.layer4, Layer4::Fragment(_)))
    }

    /// Protocol, source and destination address, and whether its checksums are not wrong.
    pub(crate) fn decode(&self) -> (u8, (String, String), bool) {
        self.with_packet(|packet| {
            let ends = (packet.ip.src.to_string(), packet.ip.dst.to_string());
            let good = !matches!(packet.checksum, Checksum::BadIp | Checksum::BadLayer4);
            (packet.ip.protocol.0, ends, good)
        })
    }
}
