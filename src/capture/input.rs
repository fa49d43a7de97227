//! From a path to a stream of unpacked bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;

use super::ahead::ReadAhead;
use super::buffer;
use super::error::CaptureError;
use super::sniff::Compression;

/// How captures are read.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Read and unpack in a thread of its own.
    pub read_ahead: bool,
    /// Bytes of each file's buffer at the start.
    pub buffer: usize,
}

impl Default for Options {
    /// No thread, 320 KiB.
    fn default() -> Self {
        Self { read_ahead: false, buffer: buffer::DEFAULT_SIZE }
    }
}

/// How far a file, or several, have been read: for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes taken from the file as it lies on disk, packed or not.
    pub read: u64,
    /// Its size; `None` for a stream.
    pub size: Option<u64>,
}

/// An open file, unpacked.
pub(super) struct Input {
    pub(super) stream: Box<dyn Read + Send>,
    pub(super) meter: Meter,
    /// How it was packed, outermost first, as in `gzip of zstd of `.
    pub(super) within: String,
}

/// Counts what a [`Metered`] reader takes.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    read: Arc<AtomicU64>,
    size: Option<u64>,
}

impl Meter {
    pub(super) fn progress(&self) -> Progress {
        Progress { read: self.read.load(Ordering::Relaxed), size: self.size }
    }
}

struct Metered<R> {
    input: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A capture in a capture in a capture is somebody's joke.
const NESTED_MAX: usize = 2;

impl Input {
    /// Opens a path, or standard input for `-`, and unpacks it as its content says.
    pub(super) fn open(path: &Path, options: &Options) -> Result<Self, CaptureError> {
        let name = || path.display().to_string();
        if path.as_os_str() == "-" {
            return Self::new("standard input", Box::new(io::stdin()), None, options);
        }
        let file = File::open(path).map_err(|source| CaptureError::Open { path: name(), source })?;
        let metadata = file.metadata().map_err(|source| CaptureError::Open { path: name(), source })?;
        if metadata.is_dir() {
            return Err(CaptureError::Directory { path: name() });
        }
        Self::new(&name(), Box::new(file), metadata.is_file().then_some(metadata.len()), options)
    }

    /// Unpacks a stream as its content says.
    pub(super) fn new(
        path: &str,
        stream: Box<dyn Read + Send>,
        size: Option<u64>,
        options: &Options,
    ) -> Result<Self, CaptureError> {
        let meter = Meter { size, ..Meter::default() };
        let mut stream: Box<dyn Read + Send> =
            Box::new(Metered { input: stream, read: Arc::clone(&meter.read) });
        let mut within = String::new();
        for layer in 0.. {
            let mut head = [0; 4];
            let count = read_head(&mut stream, &mut head).map_err(|source| CaptureError::Read {
                path: path.to_owned(),
                offset: 0,
                source,
            })?;
            let compression = Compression::of(head.get(..count).unwrap_or_default());
            stream = Box::new(Cursor::new(head).take(count as u64).chain(stream));
            let Some(compression) = compression else { break };
            within.push_str(compression.name());
            within.push_str(" of ");
            if layer == NESTED_MAX {
                return Err(CaptureError::Nested { path: path.to_owned(), within });
            }
            stream = unpack(stream, compression).map_err(|source| CaptureError::Read {
                path: path.to_owned(),
                offset: 0,
                source,
            })?;
        }
        if options.read_ahead {
            let ahead = ReadAhead::new(stream)
                .map_err(|source| CaptureError::Thread { path: path.to_owned(), source })?;
            stream = Box::new(ahead);
        }
        Ok(Self { stream, meter, within })
    }
}

/// Reads until `head` is full or the stream ends.
fn read_head(stream: &mut impl Read, head: &mut [u8; 4]) -> io::Result<usize> {
    let mut count = 0;
    while let Some(rest) = head.get_mut(count..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest) {
            Ok(0) => break,
            Ok(read) => count += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

fn unpack(stream: Box<dyn Read + Send>, compression: Compression) -> io::Result<Box<dyn Read + Send>> {
    let stream = BufReader::with_capacity(128 * 1024, stream);
    Ok(match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(stream)),
        Compression::Lz4 => Box::new(Lz4Frames(FrameDecoder::new(stream))),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(stream)?),
    })
}

/// All frames of an lz4 file: the decoder stops after each one.
struct Lz4Frames<R: Read>(FrameDecoder<R>);

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(out)?;
            if read > 0 || out.is_empty() || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(read);
            }
        }
    }
}
