//! A listing of the directory against what is known: what to read, what is gone.

use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::time::SystemTime;

use crate::item::{Diagnostic, SeedPath};
use crate::seed::{self, Fingerprint, ScanError, WatchHandle};
use crate::store::{Batch, KnownSeed, StoreError};

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
    /// Whether every directory that is known to hold seeds could be read: otherwise absence there proves nothing.
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
    now: SystemTime,
) -> Result<Sweep, SweepError> {
    let mut known = Known { batch, below: SeedPath::new(below), page: VecDeque::new(), last: None, is_last: false };
    let mut sweep = Sweep::default();
    let mut fresh = Vec::new();
    let mut merge = |path: SeedPath, fingerprint: Fingerprint| -> Result<(), StoreError> {
        sweep.seen += 1;
        while let Some(gone) = known.next_if(|seed| seed.path < path)? {
            sweep.vanished.extend((!gone.is_missing).then_some(gone.path));
        }
        let same = known.next_if(|seed| seed.path == path)?;
        let is_unchanged = same.is_some_and(|seed| seed.stamp == stamp(&fingerprint) && !seed.is_missing);
        if !is_unchanged {
            fresh.push((path, fingerprint));
        }
        Ok(())
    };
    let mut merged = Ok(());
    let listing = seed::walk(options, below, &mut |path, fingerprint| {
        if merged.is_ok() {
            merged = merge(path, fingerprint);
        }
    });
    let listing = listing.map_err(SweepError::Scan)?;
    merged?;
    while let Some(gone) = known.next_if(|_| true)? {
        sweep.vanished.extend((!gone.is_missing).then_some(gone.path));
    }
    // An article that has grown too large is not gone: what it said before stands, as with any edit that spoils one.
    let too_large = listing.diagnostics.iter().filter(|found| found.code == Diagnostic::TOO_LARGE);
    let too_large: HashSet<&SeedPath> = too_large.map(|found| &found.path).collect();
    sweep.vanished.retain(|path| !too_large.contains(path));
    sweep.diagnostics = listing.diagnostics;
    sweep.is_whole = true;
    for directory in &listing.unreadable {
        sweep.vanished.retain(|path| !path.as_path().starts_with(directory));
        sweep.is_whole &= batch.known_below(&SeedPath::new(directory.clone()), None, 1)?.is_empty();
    }
    // Files that may be half written exist, but are read only when they are finished; the watch tells when.
    if let Some(watch) = watch {
        let _held = watch.hold_back(&mut fresh, now);
    }
    sweep.to_read = fresh.into_iter().map(|(path, _)| path).collect();
    Ok(sweep)
}

/// Rows that are read at a time.
const PAGE: usize = 4096;

/// What is known below a directory, in the order of paths, a page of rows at a time.
struct Known<'a, 'store> {
    batch: &'a Batch<'store>,
    below: SeedPath,
    page: VecDeque<KnownSeed>,
    last: Option<SeedPath>,
    is_last: bool,
}

impl Known<'_, '_> {
    fn next_if(&mut self, is_wanted: impl FnOnce(&KnownSeed) -> bool) -> Result<Option<KnownSeed>, StoreError> {
        if self.page.is_empty() && !self.is_last {
            self.page = self.batch.known_below(&self.below, self.last.as_ref(), PAGE)?.into();
            self.is_last = self.page.len() < PAGE;
            self.last = self.page.back().map(|seed| seed.path.clone());
        }
        Ok(if self.page.front().is_some_and(is_wanted) { self.page.pop_front() } else { None })
    }
}
