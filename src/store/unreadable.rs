//! Seeds that could not be read, beside what was found in those that could.

use crate::item::{Diagnostic, SeedPath};

use super::row::{damaged, path_from};
use super::{Batch, StoreError};

/// The condition that a diagnostic is about a seed that gave no bytes.
fn is_unread() -> String {
    format!("code IN ('{}')", Diagnostic::UNREAD.join("', '"))
}

impl Batch<'_> {
    /// The seeds of which this was noted last, each with its code of [`Diagnostic::UNREAD`], in no order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unreadable(&self) -> Result<Vec<(SeedPath, &'static str)>, StoreError> {
        let sql = format!("SELECT path, code FROM diagnostics WHERE {}", is_unread());
        let mut query = self.connection().prepare_cached(&sql)?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let path = path_from(row, 0)?;
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
        self.add_diagnostic(found)
    }

    /// Notes that a seed could be read, or is gone.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_readable(&mut self, path: &SeedPath) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM diagnostics WHERE path = ?1 AND {}", is_unread());
        self.connection().prepare_cached(&sql)?.execute([path.as_bytes()])?;
        Ok(())
    }
}
