//! What can go wrong with the store, for the operator.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// What to do about a store that cannot be written.
pub(super) const WRITABLE: &str = "the user that runs seedcast must be able to write the file and its directory, and their \
                                   file system must not be mounted read-only";

/// A failure of the store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The URL names no engine that this build has.
    #[error("store URL `{0}` is not understood: expected `sqlite:PATH`")]
    Url(String),
    /// The directory or file cannot be made or opened.
    #[error("cannot open store `{path}`: {reason}")]
    Open {
        /// The database file.
        path: PathBuf,
        /// The system's or the engine's words.
        reason: String,
    },
    /// Another process has it.
    #[error("store `{0}` is in use by another seedcast; stop that one, or give this one its own with --store")]
    InUse(PathBuf),
    /// It was written by a later version.
    #[error(
        "store `{path}` has version {found}, written by a newer seedcast; this one knows versions up to {known}: \
             install that version, or give another store with --store (it is filled by a scan)"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The highest version known here.
        known: u32,
    },
    /// It is no store of ours.
    #[error("`{path}` is {what}; give another path with --store")]
    Foreign {
        /// What lies there.
        path: PathBuf,
        /// In words.
        what: &'static str,
    },
    /// The file is damaged.
    #[error("store is corrupt: {0}")]
    Corrupt(String),
    /// The disk is full.
    #[error("no space left for the store; work resumes once there is: {0}")]
    Full(String),
    /// The file system or its permissions do not let it be written any more.
    #[error("the store cannot be written ({0}): {WRITABLE}")]
    ReadOnly(String),
    /// The disk failed, or the kernel made its file system read-only under us.
    #[error(
        "disk error in the store ({0}): see `dmesg`; repair the disk or remount it writable, then restart seedcast, since \
         files that are open stay read-only"
    )]
    Disk(String),
    /// Anything else the engine says.
    #[error("store: {0}")]
    Engine(String),
}

impl StoreError {
    /// What the system said of the file or its directory, with what to do where it is a matter of permissions.
    pub(super) fn refused(path: &Path, error: &io::Error) -> Self {
        let is_refused = matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
        let reason = if is_refused { format!("{error}: {WRITABLE}") } else { error.to_string() };
        Self::Open { path: path.to_owned(), reason }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase, ReadOnly, SystemIoFailure};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Corrupt(error.to_string()),
            Some(DiskFull) => Self::Full(error.to_string()),
            Some(SystemIoFailure) => Self::Disk(error.to_string()),
            Some(ReadOnly) => Self::ReadOnly(error.to_string()),
            _ => Self::Engine(error.to_string()),
        }
    }
}
