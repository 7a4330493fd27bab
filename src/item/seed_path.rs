//! Where a seed lies below the seed directory.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Path of a seed relative to the seed directory. File names are bytes: any name that the file system holds is held
/// here unchanged; only `Display` replaces what is not UTF-8. The order is that of the bytes, as in the store.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeedPath(OsString);

impl SeedPath {
    /// Takes a path relative to the seed directory.
    #[must_use]
    pub fn new(relative: impl Into<PathBuf>) -> Self {
        Self(relative.into().into_os_string())
    }

    /// The path from its stored bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(OsString::from_vec(bytes.to_vec()))
    }

    /// The bytes of the path, as the file system has them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The path, relative to the seed directory.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// Directories between the seed directory and the file, outermost first.
    pub fn directories(&self) -> impl Iterator<Item = &OsStr> {
        self.as_path().parent().into_iter().flat_map(Path::iter)
    }
}

impl fmt::Display for SeedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A control character in a file name must not reach a terminal or split a log line.
        for c in self.0.to_string_lossy().chars() {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

impl fmt::Debug for SeedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeedPath({self})")
    }
}
