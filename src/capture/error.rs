//! Why a file gives no capture at all.

use std::io;

/// A file that cannot be read as a capture: what, where, and what to do.
///
/// Damage after a readable start is no error: see [`super::Damage`].
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file cannot be opened.
    #[error("cannot open `{path}`: {source}")]
    Open {
        /// The path as given.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A directory.
    #[error("`{path}` is a directory: name the captures in it, for example `{path}/*.pcap*`")]
    Directory {
        /// The path as given.
        path: String,
    },
    /// Not one byte of data.
    #[error(
        "`{path}` is empty: not even a file header, so the capture that should be there was never written"
    )]
    Empty {
        /// The path as given.
        path: String,
    },
    /// The bytes before the first packet cannot be read or unpacked.
    #[error("cannot read `{path}` at byte {offset}: {source}")]
    Read {
        /// The path as given.
        path: String,
        /// Offset in the (unpacked) data.
        offset: u64,
        /// What the system or the decompressor said.
        source: io::Error,
    },
    /// A known capture format whose file header is cut off or wrong.
    #[error("`{path}` is a {format} file whose header is unusable at byte {offset}: {reason}")]
    Header {
        /// The path as given.
        path: String,
        /// `pcap` or `pcapng`.
        format: &'static str,
        /// Offset in the (unpacked) data.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Something else than a capture.
    #[error("`{path}` is no capture: {within}{what} (it starts {head}); {cure}")]
    NotACapture {
        /// The path as given.
        path: String,
        /// How it was packed, as in "gzip of ".
        within: String,
        /// What it is.
        what: &'static str,
        /// Its first bytes in hexadecimal.
        head: String,
        /// What to do.
        cure: &'static str,
    },
    /// Packed more than twice.
    #[error("`{path}` is packed too many times over ({within}): unpack it first")]
    Nested {
        /// The path as given.
        path: String,
        /// How it was packed.
        within: String,
    },
    /// The thread that reads ahead cannot be started.
    #[error("cannot start a thread to read `{path}` ahead: {source}; try `--threads 1`")]
    Thread {
        /// The path as given.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}
