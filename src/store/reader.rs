//! Reading beside the writer, for pages that are made on demand.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::items::{ItemRow, item_by_handle};
use super::open::connect_reader;
use super::{StoreError, StoreUrl};

/// Connections kept open between uses; more may be open at one moment.
const KEPT: usize = 4;

/// Reads what is committed. May be shared by any number of threads; a call blocks on the disk.
#[derive(Debug)]
pub struct Reader {
    location: StoreUrl,
    idle: Mutex<Vec<Connection>>,
}

impl Reader {
    pub(super) fn new(location: StoreUrl) -> Self {
        Self { location, idle: Mutex::default() }
    }

    /// The item that `/items/{handle}/` names, whatever its state.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn item_by_handle(&self, handle: &str) -> Result<Option<ItemRow>, StoreError> {
        self.with(|connection| item_by_handle(connection, handle))
    }

    pub(super) fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => connect_reader(self.location.path())?,
        };
        let result = read(&connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(connection);
        }
        result
    }
}
