//! What changes in the seed directory, told the moment it is finished.

mod away;
mod events;
mod mounts;
mod session;
mod state;
mod tree;
mod unfinished;

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::{Fingerprint, Options, ScanError};
use crate::item::SeedPath;
use session::Session;
use state::State;

/// What to look at. Everything is a hint: the same thing may be told twice, and a file may be gone again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A writer closed the seed, a finished file was moved in, or one that was held back has settled: read it now, whatever
    /// its fingerprint.
    Closed(SeedPath),
    /// The seed was deleted or moved away.
    Removed(SeedPath),
    /// A directory appeared, was moved or is gone: list it and compare with what is known below it. Relative, never empty.
    Subtree(PathBuf),
    /// List everything. Those that wait in the channel together need one listing.
    Rescan(Reason),
    /// The seed directory is gone or was replaced by something that cannot be listed. Nothing is known until
    /// `Rescan(RootReplaced)` follows.
    RootGone,
}

/// Why everything is to be listed. The later of two says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// There are no events, so this is how changes are found.
    Poll,
    /// `Options::reconcile` has passed.
    Reconcile,
    /// Events were lost, because more came than the kernel's queue holds.
    Overflow,
    /// The first listing.
    Start,
    /// There is another directory, or another file system, at the path of the seed directory.
    RootReplaced,
}

/// Why nothing is watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The seed directory cannot be listed.
    #[error(transparent)]
    Root(#[from] ScanError),
    /// The system gives no thread or descriptor.
    #[error("cannot start watching the seed directory")]
    Resources(#[source] io::Error),
}

/// Watches that are in place while nobody takes their events yet. What happens from now on will be told.
pub struct Watcher {
    options: Options,
    session: Session,
    writers: Writers,
}

/// Files that were being written when a watch ended, for the next one of the same directory.
#[derive(Clone, Debug, Default)]
pub struct Writers(Vec<PathBuf>);

/// A running watch. Dropping it stops the watch.
pub struct WatchHandle {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    is_stopping: AtomicBool,
    /// An eventfd(2): readable when the thread has to look at its deadlines or at `is_stopping`.
    wake: OwnedFd,
}

impl Watcher {
    /// Puts the watches in place.
    ///
    /// # Errors
    /// [`WatchError::Root`].
    pub fn new(options: Options) -> Result<Self, WatchError> {
        let session = Session::open(&options)?;
        Ok(Self { options, session, writers: Writers::default() })
    }

    /// Has files wait that were being written when an earlier watch ended.
    pub fn resume(&mut self, writers: Writers) {
        self.writers = writers;
    }

    /// Starts to tell what happens, from a thread of its own; the first change is `Rescan(Start)`. The watch ends when the
    /// receiver is dropped.
    ///
    /// # Errors
    /// [`WatchError::Resources`]. That the kernel has no watches left is no error: see [`WatchHandle::degraded`].
    pub fn start(self, sender: Sender<Change>) -> Result<WatchHandle, WatchError> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|errno| WatchError::Resources(errno.into()))?;
        let state = Mutex::new(State::new(self.options, self.session, self.writers, sender, Instant::now()));
        let shared = Arc::new(Shared { state, is_stopping: AtomicBool::new(false), wake });
        let thread = thread::Builder::new()
            .name("seed-watch".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.run()
            })
            .map_err(WatchError::Resources)?;
        Ok(WatchHandle { shared, thread: Some(thread) })
    }
}

impl WatchHandle {
    /// Takes those seeds of a listing that may be half written out of `seeds` and gives them back: files that are being
    /// written, and files written so short a time before `now` that somebody may be writing them unseen. They exist, and
    /// are not to be read; `Change::Closed` comes for each when it is finished, `Change::Removed` when it goes.
    ///
    /// Seeds whose fingerprint is known need not be asked for.
    #[must_use = "the seeds held back exist and are not to be withdrawn"]
    pub fn hold_back(&self, seeds: &mut Vec<(SeedPath, Fingerprint)>, now: SystemTime) -> Vec<SeedPath> {
        let held = {
            let mut state = self.shared.lock();
            state.pump();
            let clock = Instant::now();
            seeds
                .extract_if(.., |(path, found)| state.holds(path.as_path(), *found, now, clock))
                .map(|(p, _)| p)
                .collect()
        };
        self.shared.wake();
        held
    }

    /// Whether nobody is writing the seed, according to every event up to this moment; to be asked after reading it, with the
    /// fingerprint that came with the bytes, and with a moment before they were read. `false` means that they may be half
    /// of something and are to be dropped: `Change::Closed` will come.
    #[must_use]
    pub fn is_finished(&self, path: &SeedPath, found: Fingerprint, begun: SystemTime, now: SystemTime) -> bool {
        let is_finished = {
            let mut state = self.shared.lock();
            state.pump();
            state.is_finished(path.as_path(), found, begun, now, Instant::now())
        };
        if !is_finished {
            self.shared.wake();
        }
        is_finished
    }

    /// Whether a seed that was just read may get another name at once, as what `sed -i` and others write does: it appeared within a
    /// moment before `begun`. If so it waits, and `Change::Closed` comes for it if it is still there then.
    #[must_use]
    pub fn awaits_name(&self, path: &SeedPath, found: Fingerprint, begun: SystemTime) -> bool {
        let awaits = self.shared.lock().awaits_name(path.as_path(), found, begun, Instant::now());
        if awaits {
            self.shared.wake();
        }
        awaits
    }

    /// The files that are being written, according to every event up to this moment.
    #[must_use]
    pub fn writers(&self) -> Writers {
        let mut state = self.shared.lock();
        state.pump();
        state.writers()
    }

    /// How many seeds are held back because they were written a moment ago, and not because a writer is at work: zero again
    /// within seconds unless files keep changing.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        self.shared.lock().unsettled()
    }

    /// How many times events were lost.
    #[must_use]
    pub fn overflows(&self) -> u64 {
        self.shared.lock().overflows()
    }

    /// Why some directories, or all, are listed again and again instead of being watched, and what to do about it.
    #[must_use]
    pub fn degraded(&self) -> Option<String> {
        self.shared.lock().degraded()
    }

    /// Whether changes are still told.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Ends the watch; returns when nothing more will be sent.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for WatchHandle {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Ordering::Release);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed, and there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // It fails only when the counter is full, and then the thread is awake.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }

    fn run(&self) {
        loop {
            let (queue, deadline) = {
                let mut state = self.lock();
                state.pump();
                state.tick(Instant::now());
                if state.is_receiver_gone() {
                    return;
                }
                (state.queue(), state.deadline())
            };
            if self.is_stopping.load(Ordering::Acquire) {
                return;
            }
            self.sleep(queue.as_deref(), deadline.saturating_duration_since(Instant::now()));
        }
    }

    /// Waits for an event, a wake-up or the end of `time`.
    fn sleep(&self, queue: Option<&OwnedFd>, time: std::time::Duration) {
        let mut ready = vec![PollFd::new(&self.wake, PollFlags::IN)];
        ready.extend(queue.map(|queue| PollFd::new(queue, PollFlags::IN)));
        let timeout = Timespec::try_from(time).ok();
        // EINTR and ENOMEM mean looking too early, which does no harm.
        let _ = poll(&mut ready, timeout.as_ref());
        let _ = rustix::io::read(&self.wake, &mut [0_u8; 8]);
    }
}
