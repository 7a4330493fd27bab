//! Which watch stands for which directory, also after directories were moved.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::events::WatchId;

/// The watched directories. Each knows its name and parent only, so that a move of a directory with everything in it changes one.
#[derive(Default)]
pub(super) struct Tree {
    root: Option<WatchId>,
    directories: HashMap<WatchId, Directory>,
}

#[derive(Default)]
struct Directory {
    /// `None` for the root, and for one that has no place now.
    parent: Option<WatchId>,
    name: OsString,
    children: HashMap<OsString, WatchId>,
}

impl Tree {
    pub(super) fn set_root(&mut self, watch: WatchId) {
        self.root = Some(watch);
        self.directories.insert(watch, Directory::default());
    }

    pub(super) fn is_root(&self, watch: WatchId) -> bool {
        self.root == Some(watch)
    }

    /// The path of a watched directory relative to the topmost one above it: the root, or one that has no place now.
    pub(super) fn place(&self, mut watch: WatchId) -> Option<(WatchId, PathBuf)> {
        let mut names = Vec::new();
        let mut directory = self.directories.get(&watch)?;
        while let Some(parent) = directory.parent {
            names.push(directory.name.as_os_str());
            watch = parent;
            directory = self.directories.get(&watch)?;
        }
        Some((watch, names.iter().rev().collect()))
    }

    /// The watch of the directory at a path.
    pub(super) fn find(&self, path: &Path) -> Option<WatchId> {
        path.iter().try_fold(self.root?, |watch, name| self.directories.get(&watch)?.children.get(name).copied())
    }

    /// Puts a watch at a path whose parent is watched and where no other watch is; one that stood elsewhere is moved with
    /// everything below it.
    pub(super) fn put(&mut self, watch: WatchId, path: &Path) {
        let (Some(name), Some(parent)) = (path.file_name(), path.parent().and_then(|parent| self.find(parent))) else {
            return;
        };
        if self.is_within(parent, watch) {
            return;
        }
        self.unlink(watch);
        let directory = self.directories.entry(watch).or_default();
        directory.parent = Some(parent);
        name.clone_into(&mut directory.name);
        if let Some(parent) = self.directories.get_mut(&parent) {
            parent.children.insert(name.to_owned(), watch);
        }
    }

    /// Takes the place from a watch, which keeps everything below it.
    pub(super) fn detach(&mut self, watch: WatchId) {
        self.unlink(watch);
        if let Some(directory) = self.directories.get_mut(&watch) {
            directory.parent = None;
        }
    }

    /// Forgets a watch and everything below it, and says which watches these were.
    pub(super) fn remove(&mut self, watch: WatchId) -> Vec<WatchId> {
        self.unlink(watch);
        let mut removed = Vec::new();
        let mut waiting = vec![watch];
        while let Some(watch) = waiting.pop() {
            if let Some(directory) = self.directories.remove(&watch) {
                waiting.extend(directory.children.into_values());
                removed.push(watch);
            }
        }
        removed
    }

    /// Takes a watch out of its parent, unless another directory has taken its name.
    fn unlink(&mut self, watch: WatchId) {
        let Some(directory) = self.directories.get(&watch) else { return };
        let (parent, name): (_, &OsStr) = (directory.parent, &directory.name);
        let name = name.to_owned();
        if let Some(parent) = parent.and_then(|parent| self.directories.get_mut(&parent))
            && parent.children.get(&name) == Some(&watch)
        {
            parent.children.remove(&name);
        }
    }

    /// Whether a directory is `above` or lies below it.
    fn is_within(&self, mut watch: WatchId, above: WatchId) -> bool {
        loop {
            if watch == above {
                return true;
            }
            match self.directories.get(&watch).and_then(|directory| directory.parent) {
                Some(parent) => watch = parent,
                None => return false,
            }
        }
    }
}
