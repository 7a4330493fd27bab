//! The seed directory: what lies there, what changed, and the bytes of one file.
//!
//! [`scan`] lists, [`Watcher`] tells what to look at, [`Reader`] gives the bytes of one file. Events are hints: every
//! one of them only says "look there", and a listing of the whole directory is the truth.
//!
//! How a file is never taken while it is half written:
//! 1. [`Change::Closed`] is sent only when a writer closed the file, or a finished file was moved in.
//! 2. After a listing, [`WatchHandle::hold_back`] takes out the files that are being written or were written a moment
//!    ago; the watcher sends `Closed` for each of them when they are done.
//! 3. After reading, [`WatchHandle::is_finished`] tells whether no writer came back in the meantime; when one did, the
//!    bytes are to be dropped, because another `Closed` will come.

mod beneath;
mod fingerprint;
mod name;
mod read;
mod scan;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use globset::GlobSet;

pub use fingerprint::Fingerprint;
pub use name::is_passed_over;
pub use read::{ReadError, Reader};
pub use scan::{Listing, ScanError, scan, walk};
pub use watch::{Change, Reason, WatchError, WatchHandle, Watcher, Writers};

/// The largest that `seeds.max_bytes` may be: what is stored of a seed must be readable again at once.
pub const MAX_BYTES: i64 = 32 << 20;

/// Which files of which directory are seeds, and how changes are noticed.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seed directory. It may itself be a symbolic link; nothing below it is reached through one that leaves it.
    pub directory: PathBuf,
    /// How changes are noticed.
    pub mode: Mode,
    /// Globs over the relative path that a seed must match; `None` takes every file.
    pub include: Option<GlobSet>,
    /// Globs over the relative path that take files, and whole directories, out again.
    pub exclude: Option<GlobSet>,
    /// The greatest size of a seed in bytes; a greater one is a diagnostic.
    pub max_bytes: u64,
    /// How often the whole directory is to be listed whatever the events say; in [`Mode::Poll`] the only way in which
    /// changes are noticed.
    pub reconcile: Duration,
}

/// How changes are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// inotify(7), for local file systems.
    Events,
    /// Listing again and again, for file systems that give no events (NFS, SMB, FUSE).
    Poll,
}
