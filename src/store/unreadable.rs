//! Seeds that could not be read, beside what was found in those that could.

use rusqlite::params;

use crate::item::{Diagnostic, SeedPath};

use super::row::damaged;
use super::{Batch, StoreError};

impl Batch<'_> {
    /// The seeds of which this was noted last, in no order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unreadable(&self) -> Result<Vec<SeedPath>, StoreError> {
        let mut query = self.connection().prepare_cached("SELECT path FROM diagnostics WHERE code = ?1")?;
        let mut rows = query.query([Diagnostic::UNREADABLE])?;
        let mut paths = Vec::new();
        while let Some(row) = rows.next()? {
            paths.push(SeedPath::from_bytes(row.get_ref(0)?.as_blob().map_err(|_| damaged("path"))?));
        }
        Ok(paths)
    }

    /// Notes that a seed cannot be read. What was found in it before stands, as its item does.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_unreadable(&mut self, found: &Diagnostic) -> Result<(), StoreError> {
        self.set_readable(&found.path)?;
        let sql = "INSERT INTO diagnostics (path, line, rejected, code, reason) VALUES (?1, NULL, 1, ?2, ?3)";
        let mut insert = self.connection().prepare_cached(sql)?;
        insert.execute(params![found.path.as_bytes(), Diagnostic::UNREADABLE, found.reason])?;
        Ok(())
    }

    /// Notes that a seed could be read, or is gone.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_readable(&mut self, path: &SeedPath) -> Result<(), StoreError> {
        let sql = "DELETE FROM diagnostics WHERE path = ?1 AND code = ?2";
        self.connection().prepare_cached(sql)?.execute(params![path.as_bytes(), Diagnostic::UNREADABLE])?;
        Ok(())
    }
}
