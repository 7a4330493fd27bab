//! Which pollers take the whole document again and again and never send a validator.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};

/// Polls of one document without a validator, by one address in a day, that make it an unconditional poller. Readers poll
/// a new feed twice without one, and one that was reinstalled does so again.
const POLLS: u32 = 10;
/// Counters in each of the two rows. Clients share counters when their digests collide in both rows, which at a
/// thousand clients happens to one in a hundred thousand.
const COLUMNS: usize = 1 << 14;

/// A count-min sketch over salted digests: no client is kept.
pub(super) struct UnconditionalPolls {
    rows: [Box<[AtomicU32]>; 2],
}

impl Default for UnconditionalPolls {
    fn default() -> Self {
        let row = || (0..COLUMNS).map(|_| AtomicU32::new(0)).collect();
        Self { rows: [row(), row()] }
    }
}

impl UnconditionalPolls {
    /// Notes a poll without a validator; true when it is the one that makes the client an unconditional
    /// poller.
    pub(super) fn note(&self, salt: &RandomState, client: u64, path: &str) -> bool {
        let digest = salt.hash_one((client, path));
        let bits = COLUMNS.trailing_zeros();
        let count = |row: usize| {
            let column = usize::try_from((digest >> (row * 32)) & 0xffff_ffff).expect("32 bits") & ((1 << bits) - 1);
            self.rows[row][column].fetch_add(1, Ordering::Relaxed) + 1
        };
        count(0).min(count(1)) == POLLS
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.rows.iter().flat_map(|row| row.iter()).for_each(|counter| counter.store(0, Ordering::Relaxed));
    }
}
