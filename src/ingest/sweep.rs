//! A listing of the directory against what is known: what to read, what is gone.

use std::path::Path;
use std::time::SystemTime;

use crate::item::{Diagnostic, SeedPath};
use crate::seed::{self, ScanError, WatchHandle};
use crate::store::{Batch, StoreError};

use super::read::stamp;

/// What a listing says is to be done.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// New, changed or back again: to be read.
    pub to_read: Vec<SeedPath>,
    /// Known, and not there any more.
    pub vanished: Vec<SeedPath>,
    /// What is wrong with what lies there.
    pub diagnostics: Vec<Diagnostic>,
    /// How many seeds the listing shows.
    pub seen: usize,
    /// Whether every directory could be read: otherwise absence proves nothing.
    pub is_whole: bool,
}

/// Why a sweep did not come about.
#[derive(Debug)]
pub(super) enum SweepError {
    Scan(ScanError),
    Store(StoreError),
}

impl From<StoreError> for SweepError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Lists `below` (empty: everything) and compares.
pub(super) fn sweep(
    options: &seed::Options,
    below: &Path,
    batch: &Batch<'_>,
    watch: Option<&WatchHandle>,
    is_forced: bool,
    now: SystemTime,
) -> Result<Sweep, SweepError> {
    let listing = seed::scan(options, below).map_err(SweepError::Scan)?;
    let mut sweep = Sweep {
        diagnostics: listing.diagnostics,
        seen: listing.seeds.len(),
        is_whole: listing.is_whole,
        ..Sweep::default()
    };
    let mut known = batch.known_below(&SeedPath::new(below))?.into_iter().peekable();
    let mut fresh = Vec::new();
    for (path, fingerprint) in listing.seeds {
        while let Some(gone) = known.next_if(|seed| seed.path < path) {
            sweep.vanished.extend((!gone.is_missing).then_some(gone.path));
        }
        let same = known.next_if(|seed| seed.path == path);
        let is_unchanged = same.is_some_and(|seed| seed.stamp == stamp(&fingerprint) && !seed.is_missing);
        if !is_unchanged || is_forced {
            fresh.push((path, fingerprint));
        }
    }
    sweep.vanished.extend(known.filter(|seed| !seed.is_missing).map(|seed| seed.path));
    if !sweep.is_whole {
        sweep.vanished.clear();
    }
    // Files that may be half written exist, but are read only when they are finished; the watch tells when.
    if let Some(watch) = watch {
        let _held = watch.hold_back(&mut fresh, now);
    }
    sweep.to_read = fresh.into_iter().map(|(path, _)| path).collect();
    Ok(sweep)
}
