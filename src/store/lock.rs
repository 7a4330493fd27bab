//! One process a store.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::StoreError;
use super::open::with_suffix;

/// What the lock file of a store says, so that a file beside it is known to be ours whatever becomes of it.
const SIGN: &[u8] = b"seedcast\n";

/// An advisory lock on `PATH.lock`; the kernel releases it however the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    is_signed: bool,
}

impl Lock {
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let path = with_suffix(database, ".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| StoreError::refused(&path, &error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { file, is_signed: Self::is_signed(database) }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::InUse(database.to_owned())),
            Err(errno) => Err(StoreError::refused(&path, &errno.into())),
        }
    }

    /// Says that the file beside it is a store. To be called once it is known to be one.
    pub(super) fn sign(&self) {
        if !self.is_signed {
            // Without it a store is still one: on a full disk it is signed at the next start.
            let _ = self.file.write_all_at(SIGN, 0);
        }
    }

    /// Whether `database` was a store when it was last opened.
    pub(super) fn is_signed(database: &Path) -> bool {
        std::fs::read(with_suffix(database, ".lock")).is_ok_and(|text| text == SIGN)
    }
}
