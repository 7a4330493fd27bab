//! Seed path → bytes of the file, whole.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use super::{Fingerprint, Options, beneath};
use crate::item::{Diagnostic, SeedPath};

/// How often a file that changes under our eyes is read before it is left for later.
const ATTEMPTS: u32 = 4;

/// Why a file that is there gave no bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no seed and will not become one unless it is changed: a link out of the directory, a FIFO, too large.
    #[error("{0}")]
    Refused(Diagnostic),
    /// It cannot be read now (no permission, an I/O error, no free descriptors, changing all the time): what is known of
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

/// What one attempt gave.
enum Attempt {
    Gone,
    Whole(Vec<u8>, Fingerprint),
    Changed,
}

/// Reads a seed with the fingerprint that belongs to exactly these bytes; `None` when it is gone.
///
/// A regular file only, at most `max_bytes` long, that was the same before and after; nothing else is ever opened.
///
/// # Errors
/// [`ReadError`], when there is something that cannot be had.
pub fn read(options: &Options, path: &SeedPath) -> Result<Option<(Vec<u8>, Fingerprint)>, ReadError> {
    for _ in 0..ATTEMPTS {
        match attempt(options, path)? {
            Attempt::Gone => return Ok(None),
            Attempt::Whole(bytes, fingerprint) => return Ok(Some((bytes, fingerprint))),
            Attempt::Changed => {}
        }
    }
    Err(unreadable(path, "changing", "changes while it is read"))
}

fn attempt(options: &Options, seed: &SeedPath) -> Result<Attempt, ReadError> {
    let path = seed.as_path();
    // A missing root says nothing about the seed: it may be a mount that will be back.
    let root = beneath::open_root(options).map_err(|errno| failed(seed, errno))?;
    let Some((directory, stat)) = locate(&root, seed, path)? else { return Ok(Attempt::Gone) };
    match beneath::kind(&stat) {
        FileType::RegularFile => fetch(options, seed, &directory, path),
        FileType::Symlink => {
            let target = beneath::resolve_link(options, path).map_err(ReadError::Refused)?;
            if target.as_os_str().is_empty() {
                return Err(ReadError::Refused(beneath::link_to_directory(path)));
            }
            let Some((directory, stat)) = locate(&root, seed, &target)? else { return Ok(Attempt::Changed) };
            match beneath::kind(&stat) {
                FileType::RegularFile => fetch(options, seed, &directory, &target),
                FileType::Directory => Err(ReadError::Refused(beneath::link_to_directory(path))),
                FileType::Symlink => Ok(Attempt::Changed),
                other => Err(ReadError::Refused(beneath::not_a_file(path, other))),
            }
        }
        // A directory has taken the place of the file.
        FileType::Directory => Ok(Attempt::Gone),
        other => Err(ReadError::Refused(beneath::not_a_file(path, other))),
    }
}

/// The directory that holds `path`, and facts about it without opening it: opening a device can have effects.
fn locate(root: impl AsFd, seed: &SeedPath, path: &Path) -> Result<Option<(OwnedFd, rustix::fs::Stat)>, ReadError> {
    let found = beneath::open_parent(root, path)
        .and_then(|(directory, name)| beneath::stat(&directory, name).map(|stat| (directory, stat)));
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(errno) => Err(failed(seed, errno)),
    }
}

fn fetch(options: &Options, seed: &SeedPath, directory: &OwnedFd, path: &Path) -> Result<Attempt, ReadError> {
    let name = path.file_name().expect("a path that was located has a name");
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match openat(directory, name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Ok(Attempt::Changed),
        Err(errno) => return Err(failed(seed, errno)),
    };
    let before = fstat(&file).map_err(|errno| failed(seed, errno))?;
    if beneath::kind(&before) != FileType::RegularFile {
        return Ok(Attempt::Changed);
    }
    let before = Fingerprint::of(&before);
    if before.size > options.max_bytes {
        return Err(ReadError::Refused(beneath::too_large(seed.as_path(), before.size, options.max_bytes)));
    }
    // One byte more than expected, so that the end is seen without growing, and a file that grows is noticed.
    let mut bytes = Vec::with_capacity(usize::try_from(before.size).unwrap_or(0) + 1);
    let limit = before.size + 1;
    (&file).take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(seed, "unreadable", &error.to_string()))?;
    let after = Fingerprint::of(&fstat(&file).map_err(|errno| failed(seed, errno))?);
    let is_whole = before == after && u64::try_from(bytes.len()) == Ok(after.size);
    Ok(if is_whole { Attempt::Whole(bytes, after) } else { Attempt::Changed })
}

fn failed(seed: &SeedPath, errno: Errno) -> ReadError {
    unreadable(seed, "unreadable", &format!("cannot be read: {}", std::io::Error::from(errno)))
}

fn unreadable(seed: &SeedPath, code: &'static str, reason: &str) -> ReadError {
    ReadError::Unreadable(Diagnostic::rejected(seed, None, code, reason))
}
