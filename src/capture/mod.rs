//! Captures in and out: files of every common format to a stream of frames, and frames to files.
//!
//! [`CaptureFile`] reads one capture, [`Merge`] several in order of time; both are a [`Source`]. Reading is
//! streaming: memory does not grow with the length of a capture. A capture that is damaged or cut off is read up to
//! the damage, which [`CaptureInfo::damage`] then holds; only a file that gives no capture at all is a
//! [`CaptureError`].

mod ahead;
mod buffer;
mod clock;
mod error;
mod file;
mod input;
mod link;
mod merge;
mod pcap;
mod pcapng;
mod sniff;
pub mod write;

pub use ahead::ReadAhead;
pub use error::CaptureError;
pub use file::{CaptureFile, CaptureInfo, Damage};
pub use input::{Options, Progress};
pub use link::LinkType;
pub use merge::Merge;

use crate::time::Timestamp;

/// One frame of a capture, borrowed from the reader's buffer until the next one is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// When it was captured.
    pub at: Timestamp,
    /// Index of its file in the run.
    pub file: u32,
    /// Link type of the interface it came by.
    pub link_type: LinkType,
    /// What the capture calls that interface (pcapng), where it has a name.
    pub interface: Option<&'a CaptureInterface>,
    /// Length on the wire in bytes, never less than the captured bytes.
    pub wire_len: u32,
    /// The captured bytes.
    pub bytes: &'a [u8],
}

impl Frame<'_> {
    /// How many bytes the capture does not hold, because of its snap length.
    pub fn missing(&self) -> u32 {
        self.wire_len.saturating_sub(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX))
    }
}

/// What a pcapng file calls one of its interfaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct CaptureInterface {
    /// `if_name`, such as `eth0`; empty where there is none.
    pub name: String,
    /// `if_description`; empty where there is none.
    pub description: String,
}

/// A stream of frames.
pub trait Source {
    /// The next frame, or `None` at the end. Once `None` is returned, every later call returns `None` too.
    ///
    /// There is no error here: what ends a capture early is in [`CaptureInfo::damage`] afterwards.
    fn next_frame(&mut self) -> Option<Frame<'_>>;

    /// The next frame, and the key logs of TLS in decryption secrets blocks (pcapng) that were come upon since the last
    /// call: all before the frame, and where captures are merged perhaps some behind it. [`Self::next_frame`] leaves them
    /// for a later call.
    fn next_with_secrets(&mut self, secrets: &mut Vec<Vec<u8>>) -> Option<Frame<'_>> {
        let _ = secrets;
        self.next_frame()
    }

    /// How far the underlying files have been read.
    fn progress(&self) -> Progress;
}
