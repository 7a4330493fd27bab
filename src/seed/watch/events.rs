//! The kernel's queue of events: inotify(7).

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Result;

/// What is asked for. IN_MODIFY tells that a writer is at work; attribute changes and our own reads are not asked for.
const WATCHED: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::EXCL_UNLINK);

/// Number of a watch. The kernel gives the same one for the same directory, and does not use one twice.
pub(super) type WatchId = i32;

pub(super) struct Event {
    pub(super) watch: WatchId,
    pub(super) flags: ReadFlags,
    /// Joins the two halves of a move.
    pub(super) cookie: u32,
    /// Name in the watched directory; empty when the event is about the directory itself.
    pub(super) name: OsString,
}

pub(super) struct Queue {
    descriptor: Arc<OwnedFd>,
    /// Events taken from the kernel and not yet looked at.
    waiting: VecDeque<Event>,
}

impl Queue {
    pub(super) fn open() -> Result<Self> {
        let descriptor = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        Ok(Self { descriptor: Arc::new(descriptor), waiting: VecDeque::new() })
    }

    /// What becomes readable when there are events.
    pub(super) fn descriptor(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.descriptor)
    }

    pub(super) fn add(&self, directory: &Path, follows_link: bool) -> Result<WatchId> {
        let flags = if follows_link { WATCHED } else { WATCHED | WatchFlags::DONT_FOLLOW };
        inotify::add_watch(&*self.descriptor, directory, flags)
    }

    pub(super) fn remove(&self, watch: WatchId) {
        // The directory, and with it the watch, may be gone already.
        let _ = inotify::remove_watch(&*self.descriptor, watch);
    }

    /// Takes every event from the kernel, whose queue is short, into ours.
    pub(super) fn fill(&mut self) {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = Reader::new(&*self.descriptor, &mut buffer);
        // The only error other than "no more" is EINTR, and then there will be another call.
        while let Ok(event) = reader.next() {
            let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_owned()).unwrap_or_default();
            self.waiting.push_back(Event { watch: event.wd(), flags: event.events(), cookie: event.cookie(), name });
        }
    }

    pub(super) fn next(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }
}
