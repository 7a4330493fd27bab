//! Seeds that could not be read, beside what was found in those that could.

use rusqlite::params;

use crate::item::{Diagnostic, SeedPath};

use super::row::damaged;
use super::{Batch, StoreError};

impl Batch<'_> {
    /// The seeds of which this was noted last, each with its code of [`Diagnostic::UNREAD`], in no order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unreadable(&self) -> Result<Vec<(SeedPath, &'static str)>, StoreError> {
        let sql = "SELECT path, code FROM diagnostics WHERE code IN (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut query = self.connection().prepare_cached(sql)?;
        let mut rows = query.query(Diagnostic::UNREAD)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let path = SeedPath::from_bytes(row.get_ref(0)?.as_blob().map_err(|_| damaged("path"))?);
            let code = row.get_ref(1)?.as_str().map_err(|_| damaged("code"))?;
            found.extend(Diagnostic::UNREAD.into_iter().find(|known| *known == code).map(|code| (path, code)));
        }
        Ok(found)
    }

    /// Notes that a seed cannot be read. What was found in it before stands.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_unreadable(&mut self, found: &Diagnostic) -> Result<(), StoreError> {
        self.set_readable(&found.path)?;
        let sql = "INSERT INTO diagnostics (path, line, rejected, code, reason) VALUES (?1, NULL, 1, ?2, ?3)";
        let mut insert = self.connection().prepare_cached(sql)?;
        insert.execute(params![found.path.as_bytes(), found.code, found.reason])?;
        Ok(())
    }

    /// Notes that a seed could be read, or is gone.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_readable(&mut self, path: &SeedPath) -> Result<(), StoreError> {
        let sql = "DELETE FROM diagnostics WHERE path = ?1 AND code IN (?2, ?3, ?4, ?5, ?6, ?7)";
        let [a, b, c, d, e, f] = Diagnostic::UNREAD;
        self.connection().prepare_cached(sql)?.execute(params![path.as_bytes(), a, b, c, d, e, f])?;
        Ok(())
    }
}
