//! Seed directory → every seed in it with its fingerprint.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;

use super::{Fingerprint, Options, beneath};
use crate::item::{Diagnostic, SeedPath};

/// One listing of the whole directory or of a sub-tree.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Every seed, sorted by path.
    pub seeds: Vec<(SeedPath, Fingerprint)>,
    /// What lies there and is no seed though its name is that of one, and directories that could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether everything could be read. When not, the absence of a seed below one of `unreadable` proves nothing.
    pub is_whole: bool,
    /// Directories that could not be listed, relative.
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
    let listing = Listing { seeds: Vec::new(), diagnostics: Vec::new(), is_whole: true, unreadable: Vec::new() };
    let mut walk = Walk { options, root, listing, take };
    if options.enters_all(below) {
        walk.directory(below.to_owned());
    }
    Ok(walk.listing)
}

struct Walk<'a> {
    options: &'a Options,
    root: OwnedFd,
    listing: Listing,
    take: &'a mut dyn FnMut(SeedPath, Fingerprint),
}

/// A directory whose entries are being put in the listing.
///
/// In descending order, so that the next one is the last.
type Frame = Vec<(PathBuf, Entry)>;

enum Entry {
    Directory,
    Seed(Fingerprint),
}

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
                    "unreadable",
                    reason,
                ));
                self.listing.is_whole = false;
                self.listing.unreadable.push(path);
                Frame::new()
            }
        }
    }

    fn try_list(&mut self, path: &Path) -> rustix::io::Result<Frame> {
        let directory = beneath::open_directory(&self.root, path)?;
        let names = names(&directory)?;
        let mut entries = Vec::with_capacity(names.len());
        for (name, kind) in names {
            let path = path.join(os_str(&name));
            match self.entry(&directory, &name, kind, &path) {
                Ok(Some(entry)) => entries.push((path, entry)),
                Ok(None) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        entries.sort_unstable_by(|a, b| in_path(b).cmp(in_path(a)));
        Ok(entries)
    }

    fn entry(
        &mut self,
        directory: &OwnedFd,
        name: &CStr,
        kind: FileType,
        path: &Path,
    ) -> rustix::io::Result<Option<Entry>> {
        if kind == FileType::Directory {
            return Ok(self.options.enters(path).then_some(Entry::Directory));
        }
        if !self.options.selects_file(path) && kind != FileType::Unknown {
            return Ok(None);
        }
        let stat = beneath::stat(directory, name)?;
        match beneath::kind(&stat) {
            FileType::Directory => Ok(self.options.enters(path).then_some(Entry::Directory)),
            _ if !self.options.selects_file(path) => Ok(None),
            FileType::RegularFile => Ok(self.seed(path, Fingerprint::of(&stat))),
            FileType::Symlink => Ok(self.link(path)),
            other => Ok(self.refuse(beneath::not_a_file(path, other))),
        }
    }

    fn seed(&mut self, path: &Path, fingerprint: Fingerprint) -> Option<Entry> {
        if fingerprint.size > self.options.max_bytes {
            return self.refuse(beneath::too_large(path, fingerprint.size, self.options.max_bytes));
        }
        Some(Entry::Seed(fingerprint))
    }

    fn link(&mut self, path: &Path) -> Option<Entry> {
        let target = match beneath::resolve_link(self.options, path) {
            Ok(target) => target,
            Err(diagnostic) => return self.refuse(diagnostic),
        };
        let found = beneath::open_parent(&self.root, &target)
            .and_then(|(directory, name)| beneath::stat(directory, name))
            .map(|stat| (beneath::kind(&stat), Fingerprint::of(&stat)));
        match found {
            Ok((FileType::RegularFile, fingerprint)) => self.seed(path, fingerprint),
            Ok((FileType::Directory, _)) | Err(Errno::ISDIR) => self.refuse(beneath::link_to_directory(path)),
            Ok((other, _)) => self.refuse(beneath::not_a_file(path, other)),
            // It changed between two looks; the next listing will see what it is.
            Err(_) => None,
        }
    }

    fn refuse(&mut self, diagnostic: Diagnostic) -> Option<Entry> {
        self.listing.diagnostics.push(diagnostic);
        None
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

/// The bytes by which an entry takes its place among paths: below a directory, a slash follows its name.
fn in_path((path, entry): &(PathBuf, Entry)) -> impl Iterator<Item = u8> {
    let slash = matches!(entry, Entry::Directory).then_some(b'/');
    path.as_os_str().as_bytes().iter().copied().chain(slash)
}
