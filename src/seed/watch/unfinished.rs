//! Files that may be half written: from the first sign of a writer until it closes the file.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Writers;
use crate::seed::Fingerprint;

/// For how long a file must have stayed the same before it is taken for finished when nothing but its times tells.
pub(super) const SETTLE: Duration = Duration::from_secs(2);

/// For how long a new file with bytes in it may go without a sign of a writer before it is taken for one that was written under
/// another name, or none, and linked here. A writer's event follows its bytes within microseconds.
const LINKED: Duration = Duration::from_millis(100);

/// The same for a file that was being written when events were lost, which says nothing about its writer: the pauses of a slow one are
/// longer.
const DOUBT: Duration = Duration::from_secs(20);

/// How often a file that was written and not closed is looked at. When nothing changed in between, it is taken for finished:
/// `truncate(2)` writes without opening, so that there is nothing to close.
pub(super) const STALE: Duration = Duration::from_secs(300);

/// What is known about the writer of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The file appeared, and nobody wrote to it since.
    Created,
    /// Somebody wrote to it and has not closed it.
    Writing,
    /// Somebody was at it when events were lost, and may have closed it since.
    Doubtful,
    /// Nothing but its times: it was met in a listing.
    Unsettled,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    stage: Stage,
    /// What it looked like last time.
    fingerprint: Option<Fingerprint>,
    /// When to look again.
    due: Instant,
}

/// What a look at a file gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Finished,
    Gone,
    Unfinished,
}

#[derive(Default)]
pub(super) struct Unfinished {
    entries: HashMap<PathBuf, Entry>,
    /// When to look at which entry. What does not agree with `entries` has been overtaken by events.
    due: BinaryHeap<Reverse<(Instant, PathBuf)>>,
    unsettled: usize,
    /// Empty files that were told as settled and not read yet.
    settled_empty: HashMap<PathBuf, Fingerprint>,
}

impl Unfinished {
    /// Somebody was at these files when another watch ended, and may have closed them before this one began.
    pub(super) fn resume(writers: Writers, now: Instant) -> Self {
        let mut unfinished = Self::default();
        for path in writers.0 {
            unfinished.put(path, Entry { stage: Stage::Doubtful, fingerprint: None, due: now });
        }
        unfinished
    }

    /// Files that somebody is at.
    pub(super) fn writers(&self) -> Writers {
        Writers(self.entries.keys().filter(|path| self.is_being_written(path)).cloned().collect())
    }
    /// A file appeared.
    pub(super) fn created(&mut self, path: PathBuf, now: Instant) {
        self.put(path, Entry { stage: Stage::Created, fingerprint: None, due: now + LINKED });
    }

    /// A file was written to.
    pub(super) fn modified(&mut self, path: PathBuf, now: Instant) {
        match self.entries.get_mut(&path) {
            Some(entry) if matches!(entry.stage, Stage::Created | Stage::Writing) => entry.stage = Stage::Writing,
            _ => self.put(path, Entry { stage: Stage::Writing, fingerprint: None, due: now + LINKED }),
        }
    }

    /// A file that was met in a listing, written so short a time ago that it is to be looked at after `wait`.
    pub(super) fn unsettled(&mut self, path: PathBuf, fingerprint: Fingerprint, wait: Duration, now: Instant) {
        if self.entries.get(&path).is_some_and(|entry| entry.fingerprint == Some(fingerprint)) {
            return;
        }
        self.put(path, Entry { stage: Stage::Unsettled, fingerprint: Some(fingerprint), due: now + wait });
    }

    /// Whether there is a writer, or may be one.
    pub(super) fn is_being_written(&self, path: &Path) -> bool {
        self.entries.get(path).is_some_and(|entry| entry.stage != Stage::Unsettled)
    }

    pub(super) fn count_unsettled(&self) -> usize {
        self.unsettled
    }

    pub(super) fn put(&mut self, path: PathBuf, entry: Entry) {
        self.due.push(Reverse((entry.due, path.clone())));
        self.unsettled += usize::from(entry.stage == Stage::Unsettled);
        if let Some(old) = self.entries.insert(path, entry) {
            self.unsettled -= usize::from(old.stage == Stage::Unsettled);
        }
    }

    /// A file was closed or is gone.
    pub(super) fn take(&mut self, path: &Path) -> Option<Entry> {
        self.settled_empty.remove(path);
        let entry = self.entries.remove(path)?;
        self.unsettled -= usize::from(entry.stage == Stage::Unsettled);
        Some(entry)
    }

    /// Whether an empty file was told as settled when it looked like this: its times alone may never say so.
    pub(super) fn was_settled_empty(&mut self, path: &Path, found: Fingerprint) -> bool {
        self.settled_empty.remove(path) == Some(found)
    }

    /// A directory, or a file, is gone.
    pub(super) fn forget_below(&mut self, directory: &Path) {
        for path in self.below(directory) {
            self.take(&path);
        }
    }

    /// A directory left its place: takes out what is in it, by paths relative to it.
    pub(super) fn take_below(&mut self, directory: &Path) -> Self {
        let mut taken = Self::default();
        for path in self.below(directory) {
            if let (Some(entry), Ok(rest)) = (self.take(&path), path.strip_prefix(directory)) {
                taken.put(rest.to_owned(), entry);
            }
        }
        taken
    }

    /// A directory has got a place; the writers in it go on under its name.
    pub(super) fn put_below(&mut self, directory: &Path, taken: Self) {
        for (rest, entry) in taken.entries {
            self.put(directory.join(rest), entry);
        }
    }

    /// Whether anybody is writing.
    pub(super) fn has_writers(&self) -> bool {
        self.entries.len() > self.unsettled
    }

    fn below(&self, directory: &Path) -> Vec<PathBuf> {
        self.entries.keys().filter(|path| path.starts_with(directory)).cloned().collect()
    }

    /// Events were lost: a writer may have closed its file unseen, and only time can tell.
    pub(super) fn doubt(&mut self, now: Instant) {
        let paths: Vec<PathBuf> = self.entries.keys().cloned().collect();
        for path in paths {
            let (stage, due) =
                if self.is_being_written(&path) { (Stage::Doubtful, now) } else { (Stage::Unsettled, now + SETTLE) };
            self.put(path, Entry { stage, fingerprint: None, due });
        }
    }

    /// When the next look is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.peek().map(|Reverse((due, _))| *due)
    }

    /// One file that is due to be looked at; tell what it looks like by `looked`.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<PathBuf> {
        while self.deadline().is_some_and(|due| due <= now) {
            let Reverse((due, path)) = self.due.pop()?;
            if self.entries.get(&path).is_some_and(|entry| entry.due == due) {
                return Some(path);
            }
        }
        None
    }

    /// Decides by what a file looks like now, `None` when it is gone. Anything but `Unfinished` means that it is no longer here.
    pub(super) fn looked(&mut self, path: PathBuf, found: Option<Fingerprint>, now: Instant) -> Verdict {
        let Some(old) = self.take(&path) else { return Verdict::Gone };
        let Some(found) = found else { return Verdict::Gone };
        let is_unchanged = old.fingerprint == Some(found);
        let (stage, wait) = match old.stage {
            Stage::Created if found.size > 0 => return Verdict::Finished,
            Stage::Writing | Stage::Doubtful | Stage::Unsettled if is_unchanged => {
                if found.size == 0 {
                    self.settled_empty.insert(path, found);
                }
                return Verdict::Finished;
            }
            Stage::Created | Stage::Writing => (Stage::Writing, STALE),
            Stage::Doubtful => (Stage::Doubtful, DOUBT),
            Stage::Unsettled => (Stage::Unsettled, SETTLE),
        };
        self.put(path, Entry { stage, fingerprint: Some(found), due: now + wait });
        Verdict::Unfinished
    }
}
