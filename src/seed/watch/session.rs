//! The watches on one seed directory, from when it was found until it goes or events are lost.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, fstat};
use rustix::io::Errno;

use super::events::{Queue, WatchId};
use super::tree::Tree;
use crate::seed::scan::{names, os_str};
use crate::seed::{Mode, Options, ScanError, beneath};

pub(super) struct Session {
    /// Device and inode of the seed directory: another one at its path means that it was replaced.
    pub(super) identity: (u64, u64),
    /// `None` when there are no events to be had.
    pub(super) queue: Option<Queue>,
    pub(super) tree: Tree,
    /// Topmost directories for which the kernel had no watch left: they, with everything below, are listed again and again.
    pub(super) unwatched: Vec<PathBuf>,
    /// Directories that could not be watched or listed for another reason, to be tried again.
    pub(super) unreadable: Vec<PathBuf>,
    /// What the kernel said when there was no watch or no queue left.
    pub(super) limit: Option<Limit>,
}

/// Which limit of the kernel was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Watches,
    Instances,
}

impl Session {
    /// Watches the seed directory with every directory in it.
    pub(super) fn open(options: &Options) -> Result<Self, ScanError> {
        let root = beneath::open_root(options).map_err(|errno| ScanError::new(options, errno))?;
        let stat = fstat(&root).map_err(|errno| ScanError::new(options, errno))?;
        drop(root);
        let mut session = Self {
            identity: (stat.st_dev, stat.st_ino),
            queue: None,
            tree: Tree::default(),
            unwatched: Vec::new(),
            unreadable: Vec::new(),
            limit: None,
        };
        if options.mode == Mode::Poll {
            return Ok(session);
        }
        match Queue::open() {
            Ok(queue) => session.queue = Some(queue),
            Err(_) => {
                session.limit = Some(Limit::Instances);
                session.unwatched.push(PathBuf::new());
                return Ok(session);
            }
        }
        session.watch_below(options, Path::new(""));
        Ok(session)
    }

    /// Watches a directory and everything below it. Each is watched before it is listed, so that what appears in between is
    /// seen by one or the other. Gives whether the directory itself had been watched at this path before, and so with
    /// everything below.
    pub(super) fn watch_below(&mut self, options: &Options, top: &Path) -> bool {
        let Ok(root) = beneath::open_root(options) else { return false };
        let Some(queue) = &mut self.queue else { return false };
        let mut waiting = vec![top.to_owned()];
        while let Some(path) = waiting.pop() {
            // The kernel's queue is short and this may take long.
            queue.fill();
            let is_root = path.as_os_str().is_empty();
            match queue.add(&options.directory.join(&path), is_root) {
                Ok(watch) if is_root => self.tree.set_root(watch),
                Ok(watch) if path == top && self.tree.find(&path) == Some(watch) => return true,
                Ok(watch) => self.tree.put(watch, &path),
                Err(Errno::NOSPC | Errno::NOMEM) => {
                    self.limit = Some(Limit::Watches);
                    self.unwatched.push(path);
                    continue;
                }
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                Err(_) => {
                    self.unreadable.push(path);
                    continue;
                }
            }
            match directories(&root, options, &path) {
                Ok(found) => waiting.extend(found),
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(_) => self.unreadable.push(path),
            }
        }
        false
    }

    /// Whether the directory at a path is the one that is watched under it: one that was moved away may have come back.
    pub(super) fn is_in_place(&self, options: &Options, path: &Path, watch: WatchId) -> bool {
        self.queue.as_ref().is_some_and(|queue| queue.add(&options.directory.join(path), false) == Ok(watch))
    }

    /// Ends the watches on a directory that left the seed directory.
    pub(super) fn unwatch(&mut self, watch: WatchId) {
        for watch in self.tree.remove(watch) {
            if let Some(queue) = &self.queue {
                queue.remove(watch);
            }
        }
    }
}

/// The directories in a directory that may hold seeds.
fn directories(root: impl AsFd, options: &Options, path: &Path) -> rustix::io::Result<Vec<PathBuf>> {
    let directory = beneath::open_directory(root, path)?;
    let mut found = Vec::new();
    for (name, kind) in names(&directory)? {
        let is_directory = match kind {
            FileType::Directory => true,
            FileType::Unknown => {
                beneath::stat(&directory, &name).is_ok_and(|stat| beneath::kind(&stat) == FileType::Directory)
            }
            _ => false,
        };
        let path = path.join(os_str(&name));
        if is_directory && options.enters(&path) {
            found.push(path);
        }
    }
    Ok(found)
}
