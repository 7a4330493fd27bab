//! What the ingest thread tells about its work.

use std::sync::atomic::{AtomicU64, Ordering};

use super::counter::Counter;
use super::histogram::Histogram;
use super::pulse::Pulse;

/// Figures that the ingest thread writes and the admin listener reads.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Beats with every round and every file.
    pub ingest: Pulse,
    /// Rests between calls to the store.
    pub store: Pulse,
    /// From the last change of a seed's file (its status-change time, as the file system keeps it) to its documents
    /// being shown. Without the first scan.
    pub visible: Histogram,
    /// From taking a batch of seeds to its documents being shown.
    pub batch: Histogram,
    /// Making a batch durable.
    pub commit: Histogram,
    /// Documents shown since the start.
    pub documents: Counter,
    /// Listings of the whole directory.
    pub listings: Counter,
    /// Times that events were lost.
    pub overflows: Counter,
    read: [Counter; ReadOutcome::ALL.len()],
    queue: AtomicU64,
}

/// What came of reading a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// New bytes that gave an item.
    Parsed,
    /// The bytes known already.
    Same,
    /// New bytes that gave none.
    Rejected,
    /// It could not be read.
    Unreadable,
    /// It was gone.
    Gone,
}

impl ReadOutcome {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Parsed, Self::Same, Self::Rejected, Self::Unreadable, Self::Gone];

    /// The word in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parsed => "parsed",
            Self::Same => "same",
            Self::Rejected => "rejected",
            Self::Unreadable => "unreadable",
            Self::Gone => "gone",
        }
    }
}

impl Metrics {
    /// A seed was read.
    pub fn read(&self, outcome: ReadOutcome) {
        self.read[outcome as usize].add_one();
    }

    /// How often reading came out so.
    #[must_use]
    pub fn reads(&self, outcome: ReadOutcome) -> u64 {
        self.read[outcome as usize].value()
    }

    /// So many changed seeds are known of and not shown yet.
    pub fn set_queue(&self, seeds: usize) {
        self.queue.store(u64::try_from(seeds).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// One seed less is waiting.
    pub fn shorten_queue(&self) {
        let _ = self.queue.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seeds| seeds.checked_sub(1));
    }

    /// Changed seeds that are known of and not shown yet.
    #[must_use]
    pub fn queue(&self) -> u64 {
        self.queue.load(Ordering::Relaxed)
    }
}
