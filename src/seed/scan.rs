//! Seed directory → every seed in it with its fingerprint.

mod look;

use std::cmp::Ordering;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;

use super::{Fingerprint, Options, beneath};
use crate::item::{Diagnostic, SeedPath};
use look::{Entry, Look, Seen};

/// A directory with at least this many names is looked at by several threads.
const MANY: usize = 1024;
/// How many threads.
const LOOKERS: usize = 8;

/// One listing of the whole directory or of a sub-tree.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Every seed, sorted by path.
    pub seeds: Vec<(SeedPath, Fingerprint)>,
    /// What lies there and is no seed though its name is that of one, and directories that could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// Directories that could not be listed, relative: the absence of a seed below one of them proves nothing.
    pub unreadable: Vec<PathBuf>,
}

/// Why there is no listing at all.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Nothing there.
    #[error("the seed directory `{}` does not exist; create it, or set `seeds.directory` to the one that holds the articles", .0.display())]
    Missing(PathBuf),
    /// A file or something else.
    #[error("`{}` is not a directory; `seeds.directory` names the directory that holds the articles", .0.display())]
    NotADirectory(PathBuf),
    /// No permission.
    #[error("no permission to list the seed directory `{}`; the user that runs the service needs to read and search it", .0.display())]
    Denied(PathBuf),
    /// Anything else.
    #[error("cannot list the seed directory `{}`", path.display())]
    Io {
        /// The seed directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ScanError {
    pub(super) fn new(options: &Options, errno: Errno) -> Self {
        let path = options.directory.clone();
        match errno {
            Errno::NOENT => Self::Missing(path),
            Errno::NOTDIR => Self::NotADirectory(path),
            Errno::ACCESS | Errno::PERM => Self::Denied(path),
            other => Self::Io { path, source: other.into() },
        }
    }
}

/// Lists every seed at and below `below`, a relative directory (empty for everything). One that does not exist, is not a
/// directory or may not hold seeds gives an empty listing.
///
/// # Errors
/// [`ScanError`], when the seed directory itself cannot be opened. Nothing may be concluded about its seeds then.
pub fn scan(options: &Options, below: &Path) -> Result<Listing, ScanError> {
    let mut seeds = Vec::new();
    let listing = walk(options, below, &mut |path, fingerprint| seeds.push((path, fingerprint)))?;
    Ok(Listing { seeds, ..listing })
}

/// Like [`scan`], but hands over every seed as it comes, sorted by path, and keeps none: `seeds` of the listing is empty.
///
/// # Errors
/// As [`scan`].
pub fn walk(
    options: &Options,
    below: &Path,
    take: &mut dyn FnMut(SeedPath, Fingerprint),
) -> Result<Listing, ScanError> {
    let root = beneath::open_root(options).map_err(|errno| ScanError::new(options, errno))?;
    let listing = Listing { seeds: Vec::new(), diagnostics: Vec::new(), unreadable: Vec::new() };
    let mut walk = Walk { look: Look { options, root }, listing, take };
    if options.enters_all(below) {
        walk.directory(below.to_owned());
    }
    Ok(walk.listing)
}

struct Walk<'a> {
    look: Look<'a>,
    listing: Listing,
    take: &'a mut dyn FnMut(SeedPath, Fingerprint),
}

/// A directory whose entries are being put in the listing.
///
/// In descending order, so that the next one is the last.
type Frame = Vec<(PathBuf, Entry)>;

impl Walk<'_> {
    /// Depth first, each directory in the order of its paths, which gives the order of all without sorting them.
    fn directory(&mut self, path: PathBuf) {
        let mut frames = vec![self.list(path)];
        while let Some(frame) = frames.last_mut() {
            match frame.pop() {
                Some((path, Entry::Seed(fingerprint))) => (self.take)(SeedPath::new(path), fingerprint),
                Some((path, Entry::Directory)) => frames.push(self.list(path)),
                None => drop(frames.pop()),
            }
        }
    }

    fn list(&mut self, path: PathBuf) -> Frame {
        match self.try_list(&path) {
            Ok(frame) => frame,
            // Gone since its parent was read, or replaced by something else: nothing is there.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Frame::new(),
            Err(errno) => {
                let reason = format!("directory cannot be listed: {}", io::Error::from(errno));
                self.listing.diagnostics.push(Diagnostic::rejected(
                    &SeedPath::new(path.clone()),
                    None,
                    "unlistable",
                    reason,
                ));
                self.listing.unreadable.push(path);
                Frame::new()
            }
        }
    }

    fn try_list(&mut self, path: &Path) -> rustix::io::Result<Frame> {
        let directory = beneath::open_directory(&self.look.root, path)?;
        let names = names(&directory)?;
        let look = |names| self.look.at_all(&directory, path, names);
        let seen: Vec<Seen> = if names.len() < MANY {
            look(&names)?
        } else {
            // As many at a time as files are read: mostly the disk is waited for, or the server that has it.
            thread::scope(|scope| {
                let parts = names.chunks(names.len().div_ceil(LOOKERS));
                let threads: Vec<_> = parts.map(|part| scope.spawn(move || look(part))).collect();
                let parts =
                    threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
                parts.collect::<rustix::io::Result<Vec<_>>>().map(|parts| parts.into_iter().flatten().collect())
            })?
        };
        let mut entries = Vec::with_capacity(seen.len());
        for seen in seen {
            match seen {
                Seen::Entry(path, entry) => entries.push((path, entry)),
                Seen::Refused(diagnostic) => self.listing.diagnostics.push(diagnostic),
            }
        }
        entries.sort_unstable_by(|a, b| in_order(b, a));
        Ok(entries)
    }
}

/// Every name in a directory except `.` and `..`, in no order, with its kind where the file system tells.
pub(super) fn names(directory: impl AsFd) -> rustix::io::Result<Vec<(CString, FileType)>> {
    let mut buffer = vec![MaybeUninit::uninit(); 32 * 1024];
    let mut entries = RawDir::new(directory, &mut buffer);
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            names.push((name.to_owned(), entry.file_type()));
        }
    }
    Ok(names)
}

pub(super) fn os_str(name: &CStr) -> &OsStr {
    OsStr::from_bytes(name.to_bytes())
}

/// The order of entries of one directory among all paths: below a directory, a slash follows its name.
fn in_order((one, is): &(PathBuf, Entry), (other, other_is): &(PathBuf, Entry)) -> Ordering {
    let (one, other) = (one.as_os_str().as_bytes(), other.as_os_str().as_bytes());
    let common = one.len().min(other.len());
    let next =
        |path: &[u8], entry: &Entry| path.get(common).copied().or(matches!(entry, Entry::Directory).then_some(b'/'));
    one[..common].cmp(&other[..common]).then_with(|| next(one, is).cmp(&next(other, other_is)))
}
