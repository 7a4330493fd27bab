//! Whether everything is watched: the seed directory itself, and what events do not tell of.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use super::{State, UNWATCHED_LISTING};
use crate::item::SeedPath;
use crate::seed::watch::session::{Extent, Limit, Session};
use crate::seed::watch::unfinished::Unfinished;
use crate::seed::watch::{Change, Reason, mounts};

/// How often it is checked that the seed directory is the one that is watched: neither a new file system over it nor a
/// changed link to it gives an event. And how often, while it is gone, whether it is back.
pub(super) const ROOT_CHECK: Duration = Duration::from_secs(2);
const ROOT_CHECK_WHILE_GONE: Duration = Duration::from_millis(250);

/// How often directories that cannot be read are tried again. Archives are unpacked and copied with directories that others may
/// read only when all is in them.
pub(super) const UNREADABLE_LOOK: Duration = Duration::from_secs(5);

impl State {
    pub(in crate::seed::watch) fn degraded(&self) -> Option<String> {
        let session = self.session.as_ref()?;
        let first = session.unwatched.first()?;
        let every = UNWATCHED_LISTING.as_secs();
        Some(match session.limit? {
            Limit::Instances => format!(
                "no inotify instance is left: the whole seed directory is listed every {every} s instead of being watched; \
                 raise the limit with `sysctl fs.inotify.max_user_instances=1024`"
            ),
            Limit::Watches => format!(
                "no inotify watch is left: {count} directories (the first is `{first}`) are listed every {every} s instead \
                 of being watched; raise the limit with `sysctl fs.inotify.max_user_watches=1048576`",
                count = session.unwatched.len(),
                first = SeedPath::new(first),
            ),
        })
    }

    pub(super) fn list_unwatched(&mut self) {
        let Some(session) = &mut self.session else { return };
        let mut unwatched = std::mem::take(&mut session.unwatched);
        unwatched.sort_unstable();
        unwatched.dedup();
        if unwatched.iter().any(|path| path.as_os_str().is_empty()) {
            if let Ok(session) = Session::open(&self.options) {
                self.session = Some(session);
            }
            return self.tell(Change::Rescan(Reason::Poll));
        }
        for path in unwatched {
            self.appeared(path, Extent::Everything);
        }
    }

    /// Directories that could not be watched or listed: no event tells that they can be now.
    pub(super) fn retry_unreadable(&mut self) {
        let Some(session) = &mut self.session else { return };
        let mut unreadable = std::mem::take(&mut session.unreadable);
        unreadable.sort_unstable();
        unreadable.dedup();
        let mut readable = Vec::new();
        for path in unreadable {
            let before = session.unreadable.len();
            session.watch_below(&self.options, &path, Extent::Everything, &mut self.unfinished);
            if !session.unreadable[before..].contains(&path) {
                readable.push(path);
            }
        }
        readable.into_iter().for_each(|path| self.tell(Change::Subtree(path)));
    }

    /// A file system that was mounted over a watched directory is watched in its place.
    pub(super) fn watch_mounts(&mut self) {
        let Some(session) = self.session.as_mut().filter(|session| session.queue.is_some()) else { return };
        for path in mounts::below(&self.options.directory) {
            if self.options.enters_all(&path) {
                session.watch_below(&self.options, &path, Extent::New, &mut self.unfinished);
            }
        }
    }

    /// Finds out whether the seed directory is still the one that is watched, given whether its watch is known to be lost.
    pub(super) fn check_root(&mut self, is_lost: bool, now: Instant) {
        let found = fs::metadata(&self.options.directory).ok().filter(fs::Metadata::is_dir);
        let identity = found.map(|found| (found.dev(), found.ino()));
        let known = self.session.as_ref().map(|session| session.identity);
        if is_lost || identity.is_none() || identity != known {
            self.moves.clear();
            self.unfinished = Unfinished::default();
            match Session::open(&self.options) {
                Ok(session) => {
                    self.session = Some(session);
                    self.next_listing = now + self.options.reconcile;
                    self.tell(Change::Rescan(Reason::RootReplaced));
                }
                Err(_) if self.session.take().is_some() => self.tell(Change::RootGone),
                Err(_) => {}
            }
        }
        self.next_root_check = now + if self.session.is_some() { ROOT_CHECK } else { ROOT_CHECK_WHILE_GONE };
    }

    /// Events were lost, among them perhaps those of new directories: everything is watched anew.
    pub(super) fn start_again(&mut self) {
        let now = Instant::now();
        self.overflows += 1;
        match Session::open(&self.options) {
            Ok(session) => {
                self.session = Some(session);
                self.moves.clear();
                self.unfinished.doubt(now);
                self.next_listing = now + self.options.reconcile;
                self.tell(Change::Rescan(Reason::Overflow));
            }
            Err(_) => self.check_root(true, now),
        }
    }
}
