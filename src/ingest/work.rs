//! What has come in since the last batch, each thing once.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use crate::item::SeedPath;
use crate::seed::{Change, Reason};

/// Changes taken into one batch at most, so that the first of a flood is not kept waiting for the last.
pub(super) const BATCH: usize = 2048;

/// Changes put together.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// To be read, in order of arrival.
    pub closed: Vec<SeedPath>,
    seen: HashSet<SeedPath>,
    /// Said to be gone.
    pub removed: BTreeSet<SeedPath>,
    /// To be listed.
    pub subtrees: BTreeSet<PathBuf>,
    /// Everything is to be listed.
    pub rescan: Option<Reason>,
    /// The seed directory is gone.
    pub is_root_gone: bool,
}

impl Work {
    pub(super) fn add(&mut self, change: Change) {
        match change {
            Change::Closed(path) => {
                if self.seen.insert(path.clone()) {
                    self.closed.push(path);
                }
            }
            Change::Removed(path) => {
                self.removed.insert(path);
            }
            Change::Subtree(path) => {
                self.subtrees.insert(path);
            }
            Change::Rescan(reason) => {
                // One listing answers all; what makes removals doubtful must not be lost among the others.
                self.rescan = self.rescan.max(Some(reason));
                self.is_root_gone = false;
            }
            Change::RootGone => self.is_root_gone = true,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.closed.len() + self.removed.len() >= BATCH
    }
}
