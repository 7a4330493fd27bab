//! All or nothing: the changes that become durable together.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::bloom_filter::BloomFilter;
use super::{Reading, StoreError};

/// An open transaction. Dropped without [`Batch::commit`], it leaves no trace.
#[derive(Debug)]
pub struct Batch<'store> {
    transaction: Transaction<'store>,
    /// The digests of all keys and ids, while the store is filled for the first time.
    bloom: Option<&'store mut BloomFilter>,
}

impl<'store> Batch<'store> {
    pub(super) fn begin(
        connection: &'store mut Connection,
        behavior: TransactionBehavior,
        bloom: Option<&'store mut BloomFilter>,
    ) -> Result<Self, StoreError> {
        Ok(Self { transaction: connection.transaction_with_behavior(behavior)?, bloom })
    }

    /// Whether nothing has this digest, so that there is no need to look.
    pub(super) fn is_new(&self, digest: u64) -> bool {
        self.bloom.as_ref().is_some_and(|filter| !filter.may_know(digest))
    }

    /// Notes that something has this digest. It stays noted when the batch is dropped, which only costs a search in vain.
    pub(super) fn known(&mut self, digest: u64) {
        if let Some(filter) = &mut self.bloom {
            filter.add(digest);
        }
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
