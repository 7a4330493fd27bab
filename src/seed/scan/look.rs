//! Name in a directory → seed, directory, or why it is neither.

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use rustix::io::Errno;

use super::os_str;
use crate::item::Diagnostic;
use crate::seed::{Fingerprint, Options, beneath};

pub(super) enum Entry {
    Directory,
    Seed(Fingerprint),
}

/// What a name turned out to be.
pub(super) enum Seen {
    Entry(PathBuf, Entry),
    Refused(Diagnostic),
}

/// Looks at what names stand for.
pub(super) struct Look<'a> {
    pub options: &'a Options,
    pub root: OwnedFd,
}

impl Look<'_> {
    /// What those names in the directory at `path` stand for that are of interest and still there.
    pub(super) fn at_all(
        &self,
        directory: &OwnedFd,
        path: &Path,
        names: &[(CString, FileType)],
    ) -> rustix::io::Result<Vec<Seen>> {
        let mut seen = Vec::with_capacity(names.len());
        for (name, kind) in names {
            match self.at(directory, name, *kind, path.join(os_str(name))) {
                Ok(found) => seen.extend(found),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(seen)
    }

    fn at(&self, directory: &OwnedFd, name: &CStr, kind: FileType, path: PathBuf) -> rustix::io::Result<Option<Seen>> {
        if kind != FileType::Unknown {
            let is_wanted =
                if kind == FileType::Directory { self.options.enters(&path) } else { self.options.selects_file(&path) };
            if !is_wanted {
                return Ok(None);
            }
        }
        if kind == FileType::Directory {
            return Ok(Some(Seen::Entry(path, Entry::Directory)));
        }
        let stat = beneath::stat(directory, name)?;
        Ok(match beneath::kind(&stat) {
            FileType::Directory => self.options.enters(&path).then_some(Seen::Entry(path, Entry::Directory)),
            _ if !self.options.selects_file(&path) => None,
            FileType::RegularFile => Some(self.seed(path, Fingerprint::of(&stat))),
            FileType::Symlink => self.link(path),
            other => Some(Seen::Refused(beneath::not_a_file(&path, other))),
        })
    }

    fn seed(&self, path: PathBuf, fingerprint: Fingerprint) -> Seen {
        if fingerprint.size > self.options.max_bytes {
            return Seen::Refused(beneath::too_large(&path, fingerprint.size, self.options.max_bytes));
        }
        Seen::Entry(path, Entry::Seed(fingerprint))
    }

    fn link(&self, path: PathBuf) -> Option<Seen> {
        let target = match beneath::resolve_link(self.options, &path) {
            Ok(target) => target,
            Err(diagnostic) => return Some(Seen::Refused(diagnostic)),
        };
        let found = beneath::open_parent(&self.root, &target)
            .and_then(|(directory, name)| beneath::stat(directory, name))
            .map(|stat| (beneath::kind(&stat), Fingerprint::of(&stat)));
        match found {
            Ok((FileType::RegularFile, fingerprint)) => Some(self.seed(path, fingerprint)),
            Ok((FileType::Directory, _)) | Err(Errno::ISDIR) => Some(Seen::Refused(beneath::link_to_directory(&path))),
            Ok((other, _)) => Some(Seen::Refused(beneath::not_a_file(&path, other))),
            // It changed between two looks; the next listing will see what it is.
            Err(_) => None,
        }
    }
}
