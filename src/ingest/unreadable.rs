//! Seeds that could not be read. No event need tell that they can be now (whoever gives a permission or makes the target of
//! a link writes nothing there), so they are tried again every few seconds.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::time::{Duration, Instant};

use crate::item::{Diagnostic, SeedPath};
use crate::seed::{Options, Reader};
use crate::store::{Batch, StoreError};

/// Pause between two rounds.
const PAUSE: Duration = Duration::from_secs(5);
/// Seeds that are tried in one round: opening so many in vain takes about a millisecond.
const AT_ONCE: usize = 256;

/// The seeds that the store has as unreadable.
#[derive(Debug, Default)]
pub(super) struct Unreadable {
    /// With the code of what is wrong.
    paths: BTreeMap<SeedPath, &'static str>,
    /// Tried last.
    last: Option<SeedPath>,
    /// When the next are tried; `None` only while there are none.
    due: Option<Instant>,
    is_doubtful: bool,
}

impl Unreadable {
    /// As the store has them. Those that are no seeds under this configuration are forgotten.
    pub(super) fn open(batch: &mut Batch<'_>, options: &Options) -> Result<Self, StoreError> {
        let (paths, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            batch.unreadable()?.into_iter().partition(|(path, _)| options.selects(path.as_path()));
        others.keys().try_for_each(|path| batch.set_readable(path))?;
        let due = (!paths.is_empty()).then(|| Instant::now() + PAUSE);
        Ok(Self { paths, due, ..Self::default() })
    }

    pub(super) fn has(&self, path: &SeedPath) -> bool {
        self.paths.contains_key(path)
    }

    /// Whether this is what is wrong with that seed already.
    pub(super) fn knows(&self, found: &Diagnostic) -> bool {
        self.paths.get(&found.path) == Some(&found.code)
    }

    pub(super) fn add(&mut self, found: &Diagnostic) {
        self.paths.insert(found.path.clone(), found.code);
        self.due.get_or_insert_with(|| Instant::now() + PAUSE);
    }

    pub(super) fn remove(&mut self, path: &SeedPath) {
        self.paths.remove(path);
        if self.paths.is_empty() {
            self.due = None;
        }
    }

    /// The store did not keep what was noted here.
    pub(super) fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    pub(super) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// How long until some are to be tried.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// Those that are due and can be read by now, are gone, or cannot be read for another reason. What can be read is read
    /// twice; that happens once.
    pub(super) fn readable_again(&mut self, options: &Options) -> Vec<SeedPath> {
        if self.due.is_none_or(|due| due > Instant::now()) {
            return Vec::new();
        }
        let from = self.last.take().map_or(Unbounded, Excluded);
        let mut paths: Vec<SeedPath> =
            self.paths.range((from, Unbounded)).take(AT_ONCE).map(|(path, _)| path.clone()).collect();
        let tried = paths.len();
        let is_round_over = tried < AT_ONCE;
        self.last = paths.last().filter(|_| !is_round_over).cloned();
        let mut reader = Reader::new(options);
        paths.retain(|path| reader.read(path).err().is_none_or(|error| !self.knows(error.diagnostic())));
        // Where all of them can be read, so may all others: then nobody should wait for each part of them.
        let pause = if !is_round_over && paths.len() == tried { Duration::ZERO } else { PAUSE };
        self.due = Some(Instant::now() + pause);
        paths
    }
}
