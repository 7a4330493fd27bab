//! Events → changes.

use std::collections::HashMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::inotify::ReadFlags;

use super::away::MOVE;
use super::events::Event;
use super::session::{Extent, Limit, Session};
use super::unfinished::{Entry, SETTLE, Unfinished, Verdict};
use super::{Change, Reason, mounts};
use crate::item::SeedPath;
use crate::seed::{Fingerprint, Mode, Options};

/// How often it is checked that the seed directory is the one that is watched: neither a new file system over it nor a
/// changed link to it gives an event. And how often, while it is gone, whether it is back.
const ROOT_CHECK: Duration = Duration::from_secs(2);
const ROOT_CHECK_WHILE_GONE: Duration = Duration::from_millis(250);

/// How often directories without a watch are listed.
const UNWATCHED_LISTING: Duration = Duration::from_secs(10);

pub(super) struct State {
    options: Options,
    sender: Sender<Change>,
    is_receiver_gone: bool,
    /// `None` while the seed directory is gone.
    session: Option<Session>,
    unfinished: Unfinished,
    /// Files that were not finished when they were moved, by the cookies of the moves, and until when the second half may come.
    moves: HashMap<u32, (Instant, Entry)>,
    overflows: u64,
    next_root_check: Instant,
    next_listing: Instant,
    next_unwatched_listing: Instant,
}

impl State {
    pub(super) fn new(options: Options, session: Session, sender: Sender<Change>, now: Instant) -> Self {
        let mut state = Self {
            sender,
            is_receiver_gone: false,
            session: Some(session),
            unfinished: Unfinished::default(),
            moves: HashMap::new(),
            overflows: 0,
            next_root_check: now + ROOT_CHECK,
            next_listing: now + options.reconcile,
            next_unwatched_listing: now + UNWATCHED_LISTING,
            options,
        };
        state.tell(Change::Rescan(Reason::Start));
        state
    }

    pub(super) fn is_receiver_gone(&self) -> bool {
        self.is_receiver_gone
    }

    pub(super) fn overflows(&self) -> u64 {
        self.overflows
    }

    pub(super) fn unsettled(&self) -> usize {
        self.unfinished.count_unsettled()
    }

    /// Whether bytes that were just read are all that the writer meant.
    ///
    /// 1. Who wrote before the bytes were read and has not closed the file is known by now.
    /// 2. Who has closed it since wrote more, and so it looks different; what looks different for another reason is
    ///    read again when it has settled.
    /// 3. A file that is opened to be written anew is seen empty before the event that says so is queued: the file
    ///    system may take milliseconds in between. One that stayed empty until it had settled is empty.
    /// 4. What had been as it was read for a while when reading began is what a listing would have taken for finished: there
    ///    is no need to look at the file again.
    pub(super) fn is_finished(
        &mut self,
        path: &Path,
        read: Fingerprint,
        begun: SystemTime,
        now: SystemTime,
        clock: Instant,
    ) -> bool {
        if self.unfinished.is_being_written(path) {
            return false;
        }
        if read.was_left_alone(SETTLE, begun) {
            return true;
        }
        let Some(found) = self.look(path) else { return false };
        if found != read {
            self.unfinished.unsettled(path.to_owned(), found, SETTLE, clock);
            return false;
        }
        found.size > 0 || self.unfinished.was_settled_empty(path, found) || !self.holds(path, found, now, clock)
    }

    fn look(&self, path: &Path) -> Option<Fingerprint> {
        rustix::fs::stat(self.options.directory.join(path)).ok().as_ref().map(Fingerprint::of)
    }

    /// Whether a seed that was met in a listing is to wait.
    pub(super) fn holds(&mut self, path: &Path, found: Fingerprint, now: SystemTime, clock: Instant) -> bool {
        if self.unfinished.is_being_written(path) {
            return true;
        }
        let wait = found.unsettled_for(SETTLE, now);
        if !wait.is_zero() {
            self.unfinished.unsettled(path.to_owned(), found, wait, clock);
        }
        !wait.is_zero()
    }

    pub(super) fn degraded(&self) -> Option<String> {
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

    /// What becomes readable when there are events.
    pub(super) fn queue(&self) -> Option<Arc<OwnedFd>> {
        Some(self.session.as_ref()?.queue.as_ref()?.descriptor())
    }

    /// When `tick` has something to do, unless events come first.
    pub(super) fn deadline(&self) -> Instant {
        let degraded = self.session.as_ref().is_some_and(|session| !session.unwatched.is_empty());
        [self.next_root_check, self.next_listing]
            .into_iter()
            .chain(degraded.then_some(self.next_unwatched_listing))
            .chain(self.unfinished.deadline())
            .chain(self.moves.values().map(|(until, _)| *until))
            .chain(self.session.as_ref().and_then(|session| session.away.deadline()))
            .min()
            .expect("two are always there")
    }

    /// Takes in every event up to this moment.
    pub(super) fn pump(&mut self) {
        if let Some(queue) = self.session.as_mut().and_then(|session| session.queue.as_mut()) {
            queue.fill();
        }
        while let Some(event) = self.session.as_mut().and_then(|session| session.queue.as_mut()?.next()) {
            self.take(&event);
        }
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.next_root_check <= now {
            self.check_root(false, now);
        }
        self.end_moves(now);
        self.look_at_unfinished(now);
        if self.next_unwatched_listing <= now {
            self.next_unwatched_listing = now + UNWATCHED_LISTING;
            self.list_unwatched();
        }
        if self.next_listing <= now {
            self.next_listing = now + self.options.reconcile;
            if self.session.is_some() {
                self.retry_unreadable();
                self.watch_mounts();
                let is_polling = self.options.mode == Mode::Poll;
                self.tell(Change::Rescan(if is_polling { Reason::Poll } else { Reason::Reconcile }));
            }
        }
    }

    fn tell(&mut self, change: Change) {
        self.is_receiver_gone |= self.sender.send(change).is_err();
    }

    fn closed(&mut self, path: PathBuf) {
        if self.options.selects_file(&path) {
            self.tell(Change::Closed(SeedPath::new(path)));
        }
    }

    fn removed(&mut self, path: PathBuf) {
        if self.options.selects_file(&path) {
            self.tell(Change::Removed(SeedPath::new(path)));
        }
    }

    fn take(&mut self, event: &Event) {
        let Some(session) = &mut self.session else { return };
        if event.flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            return self.start_again();
        }
        let Some((top, directory)) = session.tree.place(event.watch) else { return };
        if session.tree.is_root(event.watch)
            && event
                .flags
                .intersects(ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT | ReadFlags::IGNORED)
        {
            return self.check_root(true, Instant::now());
        }
        if event.flags.contains(ReadFlags::UNMOUNT) && session.tree.is_root(top) {
            // What the file system had covered is there again.
            session.tree.remove(event.watch);
            return self.appeared(directory, Extent::Everything);
        }
        if event.flags.contains(ReadFlags::IGNORED) {
            session.unwatch(event.watch);
            return;
        }
        if event.name.is_empty() {
            return;
        }
        let path = directory.join(&event.name);
        if !session.tree.is_root(top) {
            return session.away.heard(top, &path, event, Instant::now());
        }
        if event.flags.contains(ReadFlags::ISDIR) {
            self.take_directory(event, path);
        } else {
            self.take_file(event, path);
        }
    }

    fn take_directory(&mut self, event: &Event, path: PathBuf) {
        if !self.options.enters(&path) {
            // Neither it nor what is in it concerns us.
        } else if event.flags.contains(ReadFlags::MOVED_TO) {
            self.appeared(path, Extent::Everything);
        } else if event.flags.contains(ReadFlags::CREATE) {
            self.appeared(path, Extent::New);
        } else if event.flags.contains(ReadFlags::MOVED_FROM) {
            // Another one may have taken its place by now.
            if let Some(session) = &mut self.session {
                session.watch_below(&self.options, &path, Extent::New, &mut self.unfinished);
            }
            self.tell(Change::Subtree(path));
        } else if event.flags.contains(ReadFlags::DELETE) {
            // One that has been found in its place since keeps its writers.
            if self.session.as_ref().is_some_and(|session| session.tree.find(&path).is_none()) {
                self.unfinished.forget_below(&path);
            }
            self.tell(Change::Subtree(path));
        }
    }

    fn take_file(&mut self, event: &Event, path: PathBuf) {
        let now = Instant::now();
        if event.flags.contains(ReadFlags::CREATE) {
            match fs::symlink_metadata(self.options.directory.join(&path)) {
                Ok(found) if found.is_file() && found.nlink() == 1 => self.unfinished.created(path, now),
                // A hard link to what was written elsewhere, or no regular file: nobody will close it.
                Ok(_) => self.closed(path),
                Err(_) => {}
            }
        } else if event.flags.contains(ReadFlags::MODIFY) {
            self.unfinished.modified(path, now);
        } else if event.flags.contains(ReadFlags::CLOSE_WRITE) {
            self.unfinished.take(&path);
            self.closed(path);
        } else if event.flags.contains(ReadFlags::MOVED_TO) {
            self.unfinished.take(&path);
            match self.moves.remove(&event.cookie) {
                Some((_, entry)) => self.unfinished.put(path, entry),
                _ => self.closed(path),
            }
        } else if event.flags.contains(ReadFlags::MOVED_FROM) {
            if let Some(entry) = self.unfinished.take(&path) {
                self.moves.insert(event.cookie, (now + MOVE, entry));
            }
            self.removed(path);
        } else if event.flags.contains(ReadFlags::DELETE) {
            self.unfinished.take(&path);
            self.removed(path);
        }
    }

    /// A directory is there: watches it and everything in it, and has it listed unless that was done before.
    fn appeared(&mut self, path: PathBuf, extent: Extent) {
        let Some(session) = &mut self.session else { return };
        let was_watched = session.watch_below(&self.options, &path, extent, &mut self.unfinished);
        if extent == Extent::Everything || !was_watched {
            self.tell(Change::Subtree(path));
        }
    }

    /// What was moved and did not come back is no longer ours.
    fn end_moves(&mut self, now: Instant) {
        self.moves.retain(|_, (until, _)| *until > now);
        if let Some(session) = &mut self.session {
            session.end_away(now);
        }
    }

    fn look_at_unfinished(&mut self, now: Instant) {
        while let Some(path) = self.unfinished.next_due(now) {
            let found = self.look(&path);
            match self.unfinished.looked(path.clone(), found, now) {
                Verdict::Finished => self.closed(path),
                Verdict::Gone => self.removed(path),
                Verdict::Unfinished => {}
            }
        }
    }

    fn list_unwatched(&mut self) {
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

    fn retry_unreadable(&mut self) {
        let Some(session) = &mut self.session else { return };
        let mut unreadable = std::mem::take(&mut session.unreadable);
        unreadable.sort_unstable();
        unreadable.dedup();
        for path in unreadable {
            session.watch_below(&self.options, &path, Extent::Everything, &mut self.unfinished);
        }
    }

    /// A file system that was mounted over a watched directory is watched in its place.
    fn watch_mounts(&mut self) {
        let Some(session) = self.session.as_mut().filter(|session| session.queue.is_some()) else { return };
        for path in mounts::below(&self.options.directory) {
            if self.options.enters_all(&path) {
                session.watch_below(&self.options, &path, Extent::New, &mut self.unfinished);
            }
        }
    }

    /// Finds out whether the seed directory is still the one that is watched, given whether its watch is known to be lost.
    fn check_root(&mut self, is_lost: bool, now: Instant) {
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
    fn start_again(&mut self) {
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
