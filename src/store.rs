//! Identity and history: what each item is called, when it was first seen, what subscribers were given.
//!
//! The directory is the truth for what exists; the store for what cannot be read from it again. SQL appears only
//! here, and no SQLite type in any signature, so that another engine can stand behind [`Store`].

mod batch;
mod bloom_filter;
mod documents;
mod error;
mod feeds;
mod figures;
mod filling;
mod hub;
mod items;
mod lock;
mod members;
mod open;
mod place;
mod reader;
mod reading;
mod row;
mod seeds;
mod stamp;
mod unreadable;
mod whose;

use rusqlite::{Connection, TransactionBehavior};

pub use batch::Batch;
pub use documents::Validator;
pub use error::StoreError;
pub use feeds::FeedRow;
pub use figures::{FeedFigures, Figures, Finding};
pub use filling::MemberIndexes;
pub use hub::{
    Attempt, AttemptEnd, Bounds, Claim, Due, Kind, Kinds, NOTHING, NewSubscription, SubscriptionRow, Subscriptions,
    Wanted,
};
pub use items::{Body, ItemRow, State};
pub use members::{ARCHIVE_PAGE, Selected, TOMBSTONES};
pub use open::{Opened, Origin, StoreUrl};
pub use place::{Filled, Light, Placing};
pub use reader::Reader;
pub use reading::Reading;
pub use seeds::{Digest, KnownSeed, SeedRow};
pub use stamp::Stamp;

/// Name of a store's file where none is given.
pub const FILE_NAME: &str = "seedcast.db";

/// Pages of the log that are many enough to be put into the file together.
const LONG_LOG: i64 = 500;

/// The writing side. Items, seeds and documents are written by one thread (`ingest`); the hub writes its subscriptions on a
/// connection of its own.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    location: StoreUrl,
    /// What went in while it is filled for the first time.
    bloom: Option<bloom_filter::BloomFilter>,
    /// Held as long as the store is open: a second process must not write to it.
    _lock: lock::Lock,
}

impl Store {
    /// Starts a batch: everything in it becomes durable together at [`Batch::commit`], or not at all.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn batch(&mut self) -> Result<Batch<'_>, StoreError> {
        Batch::begin(&mut self.connection, TransactionBehavior::Immediate, self.bloom.as_mut())
    }

    /// A batch that only reads, so that others may write meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn snapshot(&mut self) -> Result<Batch<'_>, StoreError> {
        Batch::begin(&mut self.connection, TransactionBehavior::Deferred, self.bloom.as_mut())
    }

    /// Puts a long log into the file, for when nobody waits for a change: whoever commits when it is longer still has to.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn tidy(&mut self) -> Result<(), StoreError> {
        let pages = |row: &rusqlite::Row<'_>| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?);
        if self.connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], pages)? > LONG_LOG {
            self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// A handle for other threads that only read; sees what was committed.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.location.clone())
    }
}
