//! Reaching files below the seed directory without ever leaving it.
//!
//! SECURITY: every component below the seed directory is opened on its own with O_NOFOLLOW, so that no symbolic link, not
//! even one put there between two steps, leads out. A link to a file is resolved first, checked, and then its
//! target is opened in the same way.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::{Errno, Result};

use super::Options;
use crate::item::{Diagnostic, SeedPath};

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opens the seed directory itself.
pub(super) fn open_root(options: &Options) -> Result<OwnedFd> {
    openat(CWD, &options.directory, DIRECTORY, Mode::empty())
}

/// Opens a directory by its path relative to `root`.
pub(super) fn open_directory(root: impl AsFd, path: &Path) -> Result<OwnedFd> {
    let mut directory: Option<OwnedFd> = None;
    for component in path.components() {
        // No relative path of ours has anything else; one from elsewhere must not climb.
        let Component::Normal(name) = component else { return Err(Errno::ACCESS) };
        let parent = directory.as_ref().map_or(root.as_fd(), AsFd::as_fd);
        directory = Some(openat(parent, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?);
    }
    directory.map_or_else(|| openat(&root, ".", DIRECTORY, Mode::empty()), Ok)
}

/// Opens the directory that holds the file at `path`, and gives the file's name in it.
pub(super) fn open_parent(root: impl AsFd, path: &Path) -> Result<(OwnedFd, &OsStr)> {
    let name = path.file_name().ok_or(Errno::ISDIR)?;
    Ok((open_directory(root, path.parent().unwrap_or(Path::new("")))?, name))
}

/// Facts about a name itself, be it a link.
pub(super) fn stat(directory: impl AsFd, name: impl rustix::path::Arg) -> Result<Stat> {
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
}

pub(super) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Where the symbolic link at `path` leads, as a path below the seed directory that has no link in it.
///
/// # Errors
/// A diagnostic when it leads out of the directory or nowhere.
pub(super) fn resolve_link(options: &Options, path: &Path) -> std::result::Result<PathBuf, Diagnostic> {
    let refuse = |code, reason: &str| Err(Diagnostic::rejected(&SeedPath::new(path), None, code, reason));
    let (Ok(root), Ok(target)) = (fs::canonicalize(&options.directory), fs::canonicalize(options.directory.join(path)))
    else {
        return refuse("symlink_dangling", "symbolic link that leads nowhere");
    };
    match target.strip_prefix(&root) {
        Ok(inside) => Ok(inside.to_owned()),
        Err(_) => refuse("symlink_outside", "symbolic link out of the seed directory; links are read only within it"),
    }
}

/// The diagnostic for something that is neither a file, a directory nor a link.
pub(super) fn not_a_file(path: &Path, kind: FileType) -> Diagnostic {
    let what = match kind {
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Directory => "a directory",
        _ => "of unknown kind",
    };
    Diagnostic::rejected(&SeedPath::new(path), None, "not_a_file", format!("{what}, not a regular file"))
}

/// The diagnostic for a link to a directory.
pub(super) fn link_to_directory(path: &Path) -> Diagnostic {
    let reason = "symbolic link to a directory; only links to files are followed";
    Diagnostic::rejected(&SeedPath::new(path), None, "symlink_directory", reason)
}

/// The diagnostic for a file over the limit.
pub(super) fn too_large(path: &Path, size: u64, max_bytes: u64) -> Diagnostic {
    let reason = format!("{size} bytes, more than `seeds.max_bytes` = {max_bytes}");
    Diagnostic::rejected(&SeedPath::new(path), None, Diagnostic::TOO_LARGE, reason)
}
