//! The content of a message: what it is encoded in taken off (RFC 9110, 8.4), and the files in it.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::file::{File, Found};
use super::mail::{Mail, Part};

/// So many bytes are taken into a decoder at a time: each can become a thousand.
const PIECE: usize = 1_024;

/// The content of one message, as its bytes come.
#[derive(Debug)]
pub(super) struct Content {
    coding: Coding,
    shape: Shape,
    /// So many bytes may still come out of a decoder.
    room: u64,
    /// The room was not enough.
    pub(super) is_over: bool,
}

#[derive(Debug)]
enum Coding {
    Plain,
    Gzip(Box<MultiGzDecoder<Buffer>>),
    /// What `deflate` means shows with the first byte: zlib as it should be, or bare (RFC 9110, 8.4.1.2).
    Deflate,
    Zlib(Box<ZlibDecoder<Buffer>>),
    Bare(Box<DeflateDecoder<Buffer>>),
    /// Another one, or broken: nothing is known of what is in it.
    Unknown,
}

#[derive(Debug)]
enum Shape {
    File(File),
    /// Parts with heads of their own.
    Parts(Box<Parts>),
}

/// The parts of a mail, or of a form.
#[derive(Debug, Default)]
pub(super) struct Parts {
    mail: Mail,
    file: Option<File>,
}

/// What a decoder writes to.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    room: u64,
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len() as u64;
        if len > self.room {
            return Err(io::Error::other("no more room"));
        }
        self.room -= len;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Content {
    /// Content that is about to come. `coding` is `Content-Encoding`, `media` is `Content-Type`; no more than `room`
    /// bytes are decompressed.
    pub(super) fn new(coding: &[u8], media: &[u8], name: Vec<u8>, room: u64) -> Self {
        let is_parts = media.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
        let shape = if is_parts {
            let mut parts = Parts::default();
            // A form's content is a mail's without its head.
            for text in [b"content-type: ".as_slice(), media, b"\r\n\r\n"] {
                parts.feed(&[], text, &mut |_, _| {});
            }
            Shape::Parts(Box::new(parts))
        } else {
            Shape::File(File::new(name))
        };
        Self { coding: Coding::of(coding, room), shape, room, is_over: false }
    }

    /// Takes the next bytes.
    pub(super) fn feed(&mut self, eicar: &[u8], bytes: &[u8], out: &mut dyn FnMut(&[u8], Found)) {
        if matches!(self.coding, Coding::Plain) {
            self.shape.feed(eicar, bytes, out);
            return;
        }
        if matches!(self.coding, Coding::Deflate)
            && let Some(&first) = bytes.first()
        {
            let buffer = Buffer { bytes: Vec::new(), room: self.room };
            // The method is 8 in the low half of a zlib header (RFC 1950, 2.2).
            self.coding = if first & 0x0f == 8 {
                Coding::Zlib(Box::new(ZlibDecoder::new(buffer)))
            } else {
                Coding::Bare(Box::new(DeflateDecoder::new(buffer)))
            };
        }
        for piece in bytes.chunks(PIECE) {
            let (plain, is_sound) = self.coding.decode(piece);
            self.shape.feed(eicar, &plain, out);
            if !is_sound {
                self.is_over |= self.coding.is_full();
                self.coding = Coding::Unknown;
                return;
            }
        }
    }

    /// It has ended.
    pub(super) fn end(mut self, eicar: &[u8], out: &mut dyn FnMut(&[u8], Found)) {
        let rest = self.coding.finish();
        self.shape.feed(eicar, &rest, out);
        match self.shape {
            Shape::File(file) => file.end(out),
            Shape::Parts(mut parts) => parts.end(eicar, out),
        }
    }
}

impl Coding {
    fn of(name: &[u8], room: u64) -> Self {
        let buffer = || Buffer { bytes: Vec::new(), room };
        let name = name.trim_ascii();
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        if name.is_empty() || is("identity") {
            Self::Plain
        } else if is("gzip") || is("x-gzip") {
            Self::Gzip(Box::new(MultiGzDecoder::new(buffer())))
        } else if is("deflate") {
            Self::Deflate
        } else {
            Self::Unknown
        }
    }

    /// What comes out, and whether more may come.
    fn decode(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        let result = match self {
            Self::Gzip(decoder) => decoder.write_all(bytes).and_then(|()| decoder.flush()),
            Self::Zlib(decoder) => decoder.write_all(bytes).and_then(|()| decoder.flush()),
            Self::Bare(decoder) => decoder.write_all(bytes).and_then(|()| decoder.flush()),
            Self::Plain | Self::Deflate | Self::Unknown => return (Vec::new(), true),
        };
        (self.take(), result.is_ok())
    }

    fn finish(&mut self) -> Vec<u8> {
        let _ = match self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Zlib(decoder) => decoder.try_finish(),
            Self::Bare(decoder) => decoder.try_finish(),
            Self::Plain | Self::Deflate | Self::Unknown => Ok(()),
        };
        self.take()
    }

    fn take(&mut self) -> Vec<u8> {
        self.buffer().map(|buffer| std::mem::take(&mut buffer.bytes)).unwrap_or_default()
    }

    /// Whether more came out than there was room for.
    fn is_full(&mut self) -> bool {
        // A decoder writes at most so much at once.
        self.buffer().is_some_and(|buffer| buffer.room < 64 * 1_024)
    }

    fn buffer(&mut self) -> Option<&mut Buffer> {
        match self {
            Self::Gzip(decoder) => Some(decoder.get_mut()),
            Self::Zlib(decoder) => Some(decoder.get_mut()),
            Self::Bare(decoder) => Some(decoder.get_mut()),
            Self::Plain | Self::Deflate | Self::Unknown => None,
        }
    }
}

impl Shape {
    fn feed(&mut self, eicar: &[u8], bytes: &[u8], out: &mut dyn FnMut(&[u8], Found)) {
        match self {
            Self::File(file) => file.feed(eicar, bytes, out),
            Self::Parts(parts) => parts.feed(eicar, bytes, out),
        }
    }
}

impl Parts {
    /// Takes the next bytes of the mail.
    pub(super) fn feed(&mut self, eicar: &[u8], bytes: &[u8], out: &mut dyn FnMut(&[u8], Found)) {
        let Self { mail, file } = self;
        mail.feed(bytes, &mut |part| heard(file, eicar, part, out));
    }

    /// The mail has ended: what comes next is another one.
    pub(super) fn end(&mut self, eicar: &[u8], out: &mut dyn FnMut(&[u8], Found)) {
        let Self { mail, file } = self;
        mail.end(&mut |part| heard(file, eicar, part, out));
        *mail = Mail::default();
    }
}

fn heard(file: &mut Option<File>, eicar: &[u8], part: Part<'_>, out: &mut dyn FnMut(&[u8], Found)) {
    match part {
        Part::Begin(name) => {
            if let Some(before) = file.replace(File::new(name)) {
                before.end(out);
            }
        }
        Part::Bytes(bytes) => {
            if let Some(file) = file {
                file.feed(eicar, bytes, out);
            }
        }
        Part::End => {
            if let Some(file) = file.take() {
                file.end(out);
            }
        }
    }
}
