//! Questions that the writer and the readers both ask.

use rusqlite::Connection;

use super::items::{ItemRow, item, item_by_handle};
use super::{Batch, StoreError};

/// One consistent state of the store: that of a batch, or of the last commit before a reader began.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    pub(super) connection: &'a Connection,
}

impl<'a> Reading<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self { connection }
    }

    /// The item with this number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn item(&self, seq: i64) -> Result<Option<ItemRow>, StoreError> {
        item(self.connection, seq)
    }

    /// The item that `/items/{handle}/` names, whatever its state.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn item_by_handle(&self, handle: &str) -> Result<Option<ItemRow>, StoreError> {
        item_by_handle(self.connection, handle)
    }

    /// A remembered word.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        super::documents::meta(self.connection, name)
    }
}

impl Batch<'_> {
    /// The item with this number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn item(&self, seq: i64) -> Result<Option<ItemRow>, StoreError> {
        self.reading().item(seq)
    }
}
