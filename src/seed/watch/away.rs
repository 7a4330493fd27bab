//! Directories that are no longer where they were: moved out of the seed directory, or on their way to another place in it.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::inotify::ReadFlags;

use super::events::{Event, WatchId};
use super::unfinished::{STALE, Unfinished};

/// How long a directory stays watched without a place. The kernel queues both halves of a move at once.
pub(super) const MOVE: Duration = Duration::from_millis(100);

/// The topmost directories without a place. Their watches stay for a while, so that nothing is missed when they are found again.
#[derive(Default)]
pub(super) struct Away {
    directories: HashMap<WatchId, Directory>,
}

struct Directory {
    /// When its watch ends.
    until: Instant,
    /// The files in it that may be half written, by their paths relative to it.
    files: Unfinished,
}

impl Away {
    /// A directory left its place with the unfinished files in it. Where there are writers, it is watched for as long as one is
    /// believed to be at work: should it come back, it must be known who has closed his file meanwhile.
    pub(super) fn put(&mut self, watch: WatchId, files: Unfinished, now: Instant) {
        let time = if files.has_writers() { STALE } else { MOVE };
        self.directories.insert(watch, Directory { until: now + time, files });
    }

    /// A directory has a place again, or is gone: what is unfinished in it.
    pub(super) fn take(&mut self, watch: WatchId) -> Unfinished {
        self.directories.remove(&watch).map(|directory| directory.files).unwrap_or_default()
    }

    /// What is unfinished below a path in a directory.
    pub(super) fn take_below(&mut self, watch: WatchId, path: &Path) -> Unfinished {
        self.directories.get_mut(&watch).map(|directory| directory.files.take_below(path)).unwrap_or_default()
    }

    /// Something happened at a path in a directory. What it holds when it comes back will be listed, so that only the writers count.
    pub(super) fn heard(&mut self, watch: WatchId, path: &Path, event: &Event, now: Instant) {
        const ENDS: ReadFlags =
            ReadFlags::CLOSE_WRITE.union(ReadFlags::MOVED_FROM).union(ReadFlags::MOVED_TO).union(ReadFlags::DELETE);
        let Some(directory) = self.directories.get_mut(&watch) else { return };
        if event.flags.intersects(ENDS) {
            directory.files.forget_below(path);
        } else if event.flags.contains(ReadFlags::MODIFY) {
            directory.files.modified(path.to_owned(), now);
        }
    }

    /// When the next watch ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.directories.values().map(|directory| directory.until).min()
    }

    /// Those that did not come back in time.
    pub(super) fn over(&mut self, now: Instant) -> Vec<WatchId> {
        self.directories.extract_if(|_, directory| directory.until <= now).map(|(watch, _)| watch).collect()
    }
}
