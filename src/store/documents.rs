//! Validators of documents, so that a restart does not make every copy in the world stale.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use crate::feed::rounded_up;
use crate::item::digest;

use super::row::utc_seconds;
use super::{Batch, Digest, StoreError};

/// When the bytes at a path last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validator {
    /// Digest of the identity bytes.
    pub digest: [u8; 16],
    /// Whole seconds; never goes back.
    pub last_modified: DateTime<Utc>,
}

impl Batch<'_> {
    /// Settles the modification time of the bytes now at `path`: the old one while they are the same, else `now`
    /// rounded up to a whole second, but never an earlier one than before.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn settle_document(
        &mut self,
        path: &str,
        bytes: &[u8],
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        let digest: Digest = digest::of(bytes);
        let old = self.document(path)?;
        if let Some(old) = old.filter(|old| old.digest == digest) {
            return Ok(old.last_modified);
        }
        let now = rounded_up(now);
        let last_modified = old.map_or(now, |old| old.last_modified.max(now));
        let sql = "INSERT OR REPLACE INTO documents (path, digest, last_modified) VALUES (?1, ?2, ?3)";
        self.connection().prepare_cached(sql)?.execute(params![path, digest, last_modified.timestamp()])?;
        Ok(last_modified)
    }

    fn document(&self, path: &str) -> Result<Option<Validator>, StoreError> {
        let mut query =
            self.connection().prepare_cached("SELECT digest, last_modified FROM documents WHERE path = ?1")?;
        let found: Option<([u8; 16], i64)> =
            query.query_row([path], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let validator = |(digest, seconds)| Ok(Validator { digest, last_modified: utc_seconds(seconds)? });
        found.map(validator).transpose()
    }

    /// A remembered word.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        meta(self.connection(), name)
    }

    /// Remembers a word.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_meta(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
        self.connection().prepare_cached(sql)?.execute([name, value])?;
        Ok(())
    }
}

pub(super) fn meta(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let mut query = connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    Ok(query.query_row([name], |row| row.get(0)).optional()?)
}
