//! Reading beside the writer, for pages that are made on demand.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::open::connect_reader;
use super::{Reading, StoreError, StoreUrl};

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

    /// Asks any number of questions of one state of the store.
    ///
    /// # Errors
    /// When the store cannot be read, or what `ask` gives.
    pub fn read<T, E: From<StoreError>>(&self, ask: impl FnOnce(Reading<'_>) -> Result<T, E>) -> Result<T, E> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => connect_reader(self.location.path())?,
        };
        let answer = {
            let transaction = connection.transaction().map_err(StoreError::from)?;
            ask(Reading::new(&transaction))
        };
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(connection);
        }
        answer
    }

    pub(super) fn with<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.read(|reading| ask(reading.connection))
    }
}
