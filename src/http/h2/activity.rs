//! Whether something goes on in a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Counts streams, to tell a connection at work from an idle and from a stuck one.
#[derive(Debug, Default)]
pub(super) struct Streams {
    begun: AtomicUsize,
    open: AtomicUsize,
    changes: AtomicUsize,
}

impl Streams {
    pub(super) fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn changes(&self) -> usize {
        self.changes.load(Ordering::Relaxed)
    }
}

/// A stream from its request until the last byte of its answer was written.
#[derive(Debug)]
pub(super) struct OpenStream(Arc<Streams>);

impl OpenStream {
    pub(super) fn new(streams: &Arc<Streams>) -> Self {
        streams.begun.fetch_add(1, Ordering::Relaxed);
        streams.open.fetch_add(1, Ordering::Relaxed);
        streams.changes.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(streams))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.changes.fetch_add(1, Ordering::Relaxed);
    }
}

/// When something last went on in a connection.
#[derive(Debug)]
pub(super) struct Activity {
    changes: usize,
    written: usize,
    since: Instant,
}

impl Activity {
    pub(super) fn new(now: Instant) -> Self {
        Self { changes: 0, written: 0, since: now }
    }

    /// For how long nothing has: no stream has begun or ended, nor has more been written than answers to pings.
    pub(super) fn quiet(&mut self, now: Instant, changes: usize, written: usize, bytes_per_second: u64) -> Duration {
        let quiet = now.saturating_duration_since(self.since);
        let bytes = u64::try_from(written.wrapping_sub(self.written)).unwrap_or(u64::MAX);
        let goes_on = bytes > 0 && bytes >= bytes_per_second.saturating_mul(quiet.as_secs().max(1));
        if changes == self.changes && !goes_on {
            return quiet;
        }
        *self = Self { changes, written, since: now };
        Duration::ZERO
    }
}
