//! The watches on one seed directory, from when it was found until it goes or events are lost.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::fs::{FileType, fstat};
use rustix::io::Errno;

use super::away::Away;
use super::events::{Queue, WatchId};
use super::tree::Tree;
use super::unfinished::Unfinished;
use crate::seed::scan::{names, os_str};
use crate::seed::{Mode, Options, ScanError, beneath};

pub(super) struct Session {
    /// Device and inode of the seed directory: another one at its path means that it was replaced.
    pub(super) identity: (u64, u64),
    /// `None` when there are no events to be had.
    pub(super) queue: Option<Queue>,
    pub(super) tree: Tree,
    /// Directories that left their places a moment ago.
    pub(super) away: Away,
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

/// How far to go where a directory is watched already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Not at all: what was below it when it was found is watched, and what came later told of itself.
    New,
    /// Through everything: it was moved, perhaps while it was being gone through, or something in it could not be listed.
    Everything,
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
            away: Away::default(),
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
        session.watch_below(options, Path::new(""), Extent::Everything, &mut Unfinished::default());
        Ok(session)
    }

    /// Watches a directory and everything below it. Each is watched before it is listed, so that what appears in between is
    /// seen by one or the other. What is there now counts, whatever events are still to come: a directory that was watched at
    /// another place moves here with its unfinished files, and one that was here before makes room. Gives whether the
    /// directory itself had been watched at this path before.
    pub(super) fn watch_below(
        &mut self,
        options: &Options,
        top: &Path,
        extent: Extent,
        unfinished: &mut Unfinished,
    ) -> bool {
        if self.queue.is_none() {
            return false;
        }
        let Ok(root) = beneath::open_root(options) else {
            self.unreadable.push(top.to_owned());
            return false;
        };
        let mut was_watched = false;
        let mut waiting = vec![top.to_owned()];
        while let Some(path) = waiting.pop() {
            let Some(queue) = &mut self.queue else { break };
            // The kernel's queue is short and this may take long.
            queue.fill();
            let is_root = path.as_os_str().is_empty();
            match queue.add(&options.directory.join(&path), is_root) {
                Ok(watch) if is_root => self.tree.set_root(watch),
                Ok(watch) if self.tree.find(&path) == Some(watch) => {
                    was_watched |= path == top;
                    if was_watched && extent == Extent::New {
                        break;
                    }
                }
                Ok(watch) => self.place(watch, &path, unfinished),
                Err(Errno::NOSPC | Errno::NOMEM) => {
                    self.limit = Some(Limit::Watches);
                    self.make_room(&path, unfinished);
                    self.unwatched.push(path);
                    continue;
                }
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                    self.make_room(&path, unfinished);
                    continue;
                }
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
        was_watched
    }

    /// Puts a watch at a path, wherever it was.
    fn place(&mut self, watch: WatchId, path: &Path, unfinished: &mut Unfinished) {
        self.make_room(path, unfinished);
        let files = match self.tree.place(watch) {
            None => Unfinished::default(),
            Some((top, _)) if top == watch => self.away.take(watch),
            Some((top, old)) if self.tree.is_root(top) => unfinished.take_below(&old),
            Some((top, old)) => self.away.take_below(top, &old),
        };
        self.tree.put(watch, path);
        unfinished.put_below(path, files);
    }

    /// The directory that was at a path is there no longer, and where it is will be seen.
    fn make_room(&mut self, path: &Path, unfinished: &mut Unfinished) {
        if let Some(watch) = self.tree.find(path) {
            self.tree.detach(watch);
            self.away.put(watch, unfinished.take_below(path), Instant::now());
        }
    }

    /// Ends the watches on directories that left their places and did not come back.
    pub(super) fn end_away(&mut self, now: Instant) {
        for watch in self.away.over(now) {
            self.unwatch(watch);
        }
    }

    /// Ends the watches on a directory and everything below it.
    pub(super) fn unwatch(&mut self, watch: WatchId) {
        self.away.take(watch);
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
