//! All or nothing: the changes that become durable together.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{Reading, StoreError};

/// An open transaction. Dropped without [`Batch::commit`], it leaves no trace.
#[derive(Debug)]
pub struct Batch<'store> {
    transaction: Transaction<'store>,
}

impl<'store> Batch<'store> {
    pub(super) fn begin(connection: &'store mut Connection) -> Result<Self, StoreError> {
        Ok(Self { transaction: connection.transaction_with_behavior(TransactionBehavior::Immediate)? })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.transaction
    }

    /// What the store says within this batch.
    #[must_use]
    pub fn reading(&self) -> Reading<'_> {
        Reading::new(&self.transaction)
    }

    /// Makes everything in the batch durable.
    ///
    /// # Errors
    /// When it could not be written; then nothing of it was.
    pub fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit()?)
    }
}
