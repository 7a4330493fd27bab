//! How far a long reading is, for whoever watches the log.

use std::time::{Duration, Instant};

/// Time between two lines.
const EVERY: Duration = Duration::from_secs(5);

/// One reading of many seeds.
#[derive(Debug)]
pub(super) struct Progression {
    begun: Instant,
    told: Instant,
    of: usize,
    done: usize,
}

impl Progression {
    pub(super) fn begin(of: usize) -> Self {
        let begun = Instant::now();
        Self { begun, told: begun, of, done: 0 }
    }

    /// How many are still to come.
    pub(super) fn left(&self) -> usize {
        self.of - self.done
    }

    /// So many more are through.
    pub(super) fn advance(&mut self, count: usize) {
        self.done += count;
        if self.told.elapsed() < EVERY {
            return;
        }
        self.told = Instant::now();
        let milliseconds = self.begun.elapsed().as_millis().max(1);
        let done = self.done as u128;
        let per_second = done * 1000 / milliseconds;
        let left_seconds = (self.of - self.done) as u128 / per_second.max(1);
        tracing::info!(done = self.done, of = self.of, per_second, left_seconds, "reading seeds");
    }
}
