//! Which names are seeds: hidden and temporary ones are passed over, the globs of the configuration decide the rest.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Options;

/// Endings under which programs write a file that is not finished: editors, browsers, rsync's and other downloads.
const TEMPORARY_ENDINGS: [&[u8]; 6] = [b".tmp", b".part", b".swp", b".swx", b".swo", b".crdownload"];

/// Whether a file or directory of this name (the last component only) is never a seed nor holds any: `.x`, `x~`, `#x#`,
/// `4913` (vim's test file) and unfinished files by their ending, in any case.
#[must_use]
pub fn is_passed_over(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b".")
        || name.ends_with(b"~")
        || name == b"4913"
        || (name.len() > 1 && name.starts_with(b"#") && name.ends_with(b"#"))
        || TEMPORARY_ENDINGS.iter().any(|ending| {
            name.len().checked_sub(ending.len()).is_some_and(|start| name[start..].eq_ignore_ascii_case(ending))
        })
}

impl Options {
    /// Whether a file at this relative path is a seed, by its name and those of the directories around it.
    #[must_use]
    pub fn selects(&self, path: &Path) -> bool {
        path.parent().is_none_or(|parent| self.enters_all(parent)) && self.selects_file(path)
    }

    /// Whether this relative directory and those around it may hold seeds.
    pub(super) fn enters_all(&self, directory: &Path) -> bool {
        directory.ancestors().filter(|ancestor| !ancestor.as_os_str().is_empty()).all(|ancestor| self.enters(ancestor))
    }

    /// Whether a directory may hold seeds, given that the ones around it may.
    pub(super) fn enters(&self, directory: &Path) -> bool {
        directory.file_name().is_none_or(|name| !is_passed_over(name)) && !self.excludes(directory)
    }

    /// Whether a file is a seed, given that the directories around it may hold some.
    pub(super) fn selects_file(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| !is_passed_over(name))
            && !self.excludes(path)
            && self.include.as_ref().is_none_or(|globs| globs.is_match(path))
    }

    fn excludes(&self, path: &Path) -> bool {
        self.exclude.as_ref().is_some_and(|globs| globs.is_match(path))
    }
}
