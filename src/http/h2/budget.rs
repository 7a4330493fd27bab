//! How much a client may send.

use super::super::settings::Limits;

/// Bytes that a client may send a second beside its requests, for settings, pings and windows: 15,000 frames, each of which
/// makes work here ...
const BYTES_BESIDE: usize = 256 * 1024;
/// ... and with each request, above what head and body may have.
const FRAMING_BYTES: usize = 16 * 1024;
/// What ends floods of frames that are no requests.
#[derive(Debug)]
pub(super) struct Budget {
    of_stream: usize,
    most: usize,
    left: usize,
    received: usize,
    begun: usize,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        let of_stream = limits.head_bytes + limits.body_bytes + FRAMING_BYTES;
        let most = BYTES_BESIDE + of_stream.saturating_mul(super::STREAMS as usize);
        Self { of_stream, most, left: 0, received: 0, begun: 0 }
    }

    /// Whether what was received by the end of another second is within what this second and the streams begun so far
    /// allow.
    pub(super) fn allows(&mut self, received: usize, begun: usize) -> bool {
        let (bytes, streams) = (received.wrapping_sub(self.received), begun.wrapping_sub(self.begun));
        (self.received, self.begun) = (received, begun);
        let more = BYTES_BESIDE.saturating_add(self.of_stream.saturating_mul(streams));
        let left = self.left.saturating_add(more).min(self.most.max(more)).checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}
