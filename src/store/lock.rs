//! One process a store.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::StoreError;
use super::error::WRITABLE;

/// An advisory lock on `PATH.lock`; the kernel releases it however the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let open = |error: std::io::Error| {
            let is_refused = matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
            let reason = if is_refused { format!("{error}: {WRITABLE}") } else { error.to_string() };
            StoreError::Open { path: path.clone(), reason }
        };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(open)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::InUse(database.to_owned())),
            Err(errno) => Err(open(errno.into())),
        }
    }
}
