//! RTSP (RFC 2326): target and headers of what the client asks.

use super::message::{Kind, Messages};
use crate::app::{Context, Fact};
use crate::flow::Direction;

const RTSP: Kind = Kind {
    response: b"RTSP/",
    headers: Context::RtspReqHeaders,
    target: Some(Context::RtspReqUriPath),
    has_frames: true,
};

/// Watches one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Rtsp {
    messages: Messages,
}

impl Rtsp {
    /// What it comes upon.
    pub(super) const CONTEXTS: &[Context] = &[Context::RtspReqHeaders, Context::RtspReqUriPath];

    /// Takes new bytes of one side.
    pub(super) fn feed(&mut self, direction: Direction, bytes: &[u8], out: &mut dyn FnMut(Fact<'_>)) {
        if direction == Direction::ClientToServer {
            self.messages.feed(&RTSP, bytes, out);
        }
    }
}
