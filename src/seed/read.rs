//! Seed path → bytes of the file, whole.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::{Errno, read};

use super::{Fingerprint, Options, beneath};
use crate::item::{Diagnostic, SeedPath};

/// How often a file that changes under our eyes is read before it is left for later.
const ATTEMPTS: u32 = 4;

/// Why a file that is there gave no bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no seed and will not become one unless it is changed: a link out of the directory, a FIFO.
    #[error("{0}")]
    Refused(Diagnostic),
    /// It cannot be read now (no permission, too large, an I/O error, no free descriptors, changing all the time): what is known of
    /// it stands, and it is to be tried again at the next listing.
    #[error("{0}")]
    Unreadable(Diagnostic),
}

impl ReadError {
    /// What to tell the person who has to mend the file.
    #[must_use]
    pub fn diagnostic(&self) -> &Diagnostic {
        match self {
            Self::Refused(diagnostic) | Self::Unreadable(diagnostic) => diagnostic,
        }
    }
}

/// Reads seeds one after the other.
///
/// It keeps the directory of the last one open, since the next mostly lies beside it; so it is for a row of files read
/// at once, not for longer. What cannot be had through a directory that was kept is looked for again from the root.
#[derive(Debug)]
pub struct Reader<'a> {
    options: &'a Options,
    kept: Option<(PathBuf, OwnedFd)>,
}

/// What one attempt gave.
enum Attempt {
    Gone,
    Whole(Vec<u8>, Fingerprint),
    Changed,
}

impl<'a> Reader<'a> {
    /// A reader that has no directory open yet.
    #[must_use]
    pub fn new(options: &'a Options) -> Self {
        Self { options, kept: None }
    }

    /// Reads a seed with the fingerprint that belongs to exactly these bytes; `None` when it is gone.
    ///
    /// A regular file only, at most `max_bytes` long, that was the same before and after; nothing else is ever opened.
    ///
    /// # Errors
    /// [`ReadError`], when there is something that cannot be had.
    pub fn read(&mut self, path: &SeedPath) -> Result<Option<(Vec<u8>, Fingerprint)>, ReadError> {
        let parent = path.as_path().parent().unwrap_or(Path::new(""));
        if self.kept.as_ref().is_some_and(|(kept, _)| kept == parent)
            && let Ok(Attempt::Whole(bytes, fingerprint)) = self.attempt(path)
        {
            return Ok(Some((bytes, fingerprint)));
        }
        for _ in 0..ATTEMPTS {
            self.kept = None;
            match self.attempt(path)? {
                Attempt::Gone => return Ok(None),
                Attempt::Whole(bytes, fingerprint) => return Ok(Some((bytes, fingerprint))),
                Attempt::Changed => {}
            }
        }
        Err(unreadable(path, "changing", "changes while it is read"))
    }

    fn attempt(&mut self, seed: &SeedPath) -> Result<Attempt, ReadError> {
        let (options, path) = (self.options, seed.as_path());
        let Some(directory) = self.directory(seed)? else { return Ok(Attempt::Gone) };
        let Some(stat) = look(directory, seed, path)? else { return Ok(Attempt::Gone) };
        match beneath::kind(&stat) {
            FileType::RegularFile => fetch(options, seed, directory, path, &stat),
            FileType::Symlink => follow(options, seed),
            // A directory has taken the place of the file.
            FileType::Directory => Ok(Attempt::Gone),
            other => Err(ReadError::Refused(beneath::not_a_file(path, other))),
        }
    }

    /// The directory that holds the seed: the one that was kept, or opened from the root. `None` when it is gone.
    fn directory(&mut self, seed: &SeedPath) -> Result<Option<&OwnedFd>, ReadError> {
        if self.kept.is_none() {
            let root = open_root(self.options, seed)?;
            let parent = seed.as_path().parent().unwrap_or(Path::new(""));
            let Some(directory) = here(seed, beneath::open_directory(&root, parent))? else { return Ok(None) };
            self.kept = Some((parent.to_owned(), directory));
        }
        Ok(self.kept.as_ref().map(|(_, directory)| directory))
    }
}

/// Reads what a symbolic link leads to, when that is a regular file below the seed directory.
fn follow(options: &Options, seed: &SeedPath) -> Result<Attempt, ReadError> {
    let path = seed.as_path();
    let target = beneath::resolve_link(options, path).map_err(ReadError::Refused)?;
    if target.as_os_str().is_empty() {
        return Err(ReadError::Refused(beneath::link_to_directory(path)));
    }
    let root = open_root(options, seed)?;
    let opened = beneath::open_parent(&root, &target).map(|(directory, _)| directory);
    let Some(directory) = here(seed, opened)? else { return Ok(Attempt::Changed) };
    let Some(stat) = look(&directory, seed, &target)? else { return Ok(Attempt::Changed) };
    match beneath::kind(&stat) {
        FileType::RegularFile => fetch(options, seed, &directory, &target, &stat),
        FileType::Directory => Err(ReadError::Refused(beneath::link_to_directory(path))),
        FileType::Symlink => Ok(Attempt::Changed),
        other => Err(ReadError::Refused(beneath::not_a_file(path, other))),
    }
}

/// A missing root says nothing about the seed: it may be a mount that will be back.
fn open_root(options: &Options, seed: &SeedPath) -> Result<OwnedFd, ReadError> {
    beneath::open_root(options).map_err(|errno| failed(seed, errno))
}

/// Facts about a name without opening it: opening a device can have effects. `None` when it is gone.
fn look(directory: &OwnedFd, seed: &SeedPath, path: &Path) -> Result<Option<Stat>, ReadError> {
    let name = path.file_name().ok_or_else(|| failed(seed, Errno::ISDIR))?;
    here(seed, beneath::stat(directory, name))
}

/// `None` for what is not there.
fn here<T>(seed: &SeedPath, found: rustix::io::Result<T>) -> Result<Option<T>, ReadError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(errno) => Err(failed(seed, errno)),
    }
}

/// Reads a regular file that looked like `before`.
fn fetch(
    options: &Options,
    seed: &SeedPath,
    directory: &OwnedFd,
    path: &Path,
    before: &Stat,
) -> Result<Attempt, ReadError> {
    let before = Fingerprint::of(before);
    if before.size > options.max_bytes {
        return Err(ReadError::Unreadable(beneath::too_large(seed.as_path(), before.size, options.max_bytes)));
    }
    let name = path.file_name().expect("a path that was looked at has a name");
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match openat(directory, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Ok(Attempt::Changed),
        Err(errno) => return Err(failed(seed, errno)),
    };
    // One byte more than expected, so that a file that grows is noticed; its end is where its size says.
    let size = usize::try_from(before.size).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(size.saturating_add(1));
    while bytes.len() < size {
        match read(&file, spare_capacity(&mut bytes)) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(failed(seed, errno)),
        }
    }
    let after = fstat(&file).map_err(|errno| failed(seed, errno))?;
    let is_file = beneath::kind(&after) == FileType::RegularFile;
    let after = Fingerprint::of(&after);
    let is_whole = is_file && before == after && bytes.len() == size;
    Ok(if is_whole { Attempt::Whole(bytes, after) } else { Attempt::Changed })
}

fn failed(seed: &SeedPath, errno: Errno) -> ReadError {
    let reason = match errno {
        Errno::ACCESS => "permission denied; let the user or group that runs seedcast read it (`chmod g+r`, group \
                          `seedcast` under systemd)"
            .to_owned(),
        other => std::io::Error::from(other).to_string(),
    };
    unreadable(seed, Diagnostic::UNREADABLE, &format!("cannot be read: {reason}"))
}

fn unreadable(seed: &SeedPath, code: &'static str, reason: &str) -> ReadError {
    ReadError::Unreadable(Diagnostic::rejected(seed, None, code, reason))
}
