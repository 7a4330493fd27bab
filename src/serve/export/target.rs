//! Files below the directory of an export, each replaced whole.
//!
//! SECURITY: the directory may be one that others write to. Nothing below it is reached through a symbolic link, and a file
//! comes to be only where none was.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, mkdirat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Why something could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {reason}; {}", path.display(), advice(reason))]
pub(super) struct WriteError {
    path: PathBuf,
    reason: io::Error,
}

fn advice(reason: &io::Error) -> &'static str {
    match reason.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some room, then run the export again",
        _ => "mend that or name another directory with --out, then run the export again",
    }
}

/// The directory of an export.
pub(super) struct Target {
    path: PathBuf,
    root: OwnedFd,
}

impl Target {
    /// Makes the directory, if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, WriteError> {
        let failed = |reason| WriteError { path: path.to_owned(), reason };
        fs::create_dir_all(path).map_err(failed)?;
        let root = openat(CWD, path, DIRECTORY, Mode::empty()).map_err(|errno| failed(errno.into()))?;
        Ok(Self { path: path.to_owned(), root })
    }

    pub(super) fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        fs::read(self.path.join(file))
    }

    /// Size of a file in bytes; `None` where there is none.
    pub(super) fn size(&self, file: &Path) -> Option<u64> {
        let (directory, name) = self.parent(file, false).ok()?;
        let stat = statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        is_file.then(|| u64::try_from(stat.st_size).ok()).flatten()
    }

    /// Whether there is anything of that name.
    pub(super) fn has(&self, file: &Path) -> bool {
        self.path.join(file).symlink_metadata().is_ok()
    }

    /// Puts a file in its place, whatever was there; the directories above it are made.
    pub(super) fn replace(&self, file: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        let write = || -> io::Result<()> {
            let (directory, name) = self.parent(file, true)?;
            let new = unfinished(Path::new(name));
            // What a broken off export left, or somebody else put there.
            forgive_absence(unlinkat(&directory, &new, AtFlags::empty()))?;
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = File::from(openat(&directory, &new, flags, Mode::from_raw_mode(0o666))?);
            let written = (&opened).write_all(bytes).and_then(|()| Ok(renameat(&directory, &new, &directory, name)?));
            if written.is_err() {
                // What is left of it is of no use to anyone.
                let _ = unlinkat(&directory, &new, AtFlags::empty());
            }
            written
        };
        write().map_err(|reason| self.failed(file, reason))
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, file: &Path) -> Result<(), WriteError> {
        match self.parent(file, false) {
            Ok((directory, name)) => forgive_absence(unlinkat(&directory, name, AtFlags::empty())),
            Err(reason) => forgive_absence(Err(reason)),
        }
        .map_err(|errno| self.failed(file, errno.into()))
    }

    /// Returns when all that was written is on the disk.
    pub(super) fn sync(&self) -> Result<(), WriteError> {
        rustix::fs::syncfs(&self.root).map_err(|errno| self.failed(Path::new(""), errno.into()))
    }

    /// The directory of a file, and its name there.
    fn parent<'p>(&self, file: &'p Path, makes: bool) -> rustix::io::Result<(OwnedFd, &'p Path)> {
        let mut directory = self.root.try_clone().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let mut components = file.components().peekable();
        while let Some(component) = components.next() {
            // The lists of files lie where anyone may have written to them.
            let Component::Normal(name) = component else { return Err(Errno::NOENT) };
            if components.peek().is_none() {
                return Ok((directory, Path::new(name)));
            }
            if makes {
                match mkdirat(directory.as_fd(), name, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(errno),
                }
            }
            directory = openat(directory.as_fd(), name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Err(Errno::NOENT)
    }

    fn failed(&self, file: &Path, reason: io::Error) -> WriteError {
        WriteError { path: self.path.join(file), reason }
    }
}

/// Where a file is written before it takes its place.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.new"))
}

fn forgive_absence(done: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match done {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
        other => other,
    }
}
