//! Captures in: files of every common format to a stream of frames.

use crate::time::Timestamp;

/// One frame of a capture, borrowed from the reader's buffer until the next one is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// When it was captured.
    pub at: Timestamp,
    /// Index of its file in the run.
    pub file: u32,
    /// Link type (LINKTYPE_ number) of the interface it came by.
    pub link_type: u16,
    /// Length on the wire.
    pub wire_len: u32,
    /// The captured bytes.
    pub bytes: &'a [u8],
}
