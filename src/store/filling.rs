//! The first scan: an empty store is filled at once. Nothing in it was shown to anyone yet, so that when the filling is
//! broken off, the next start simply begins anew; until then nothing waits for the disk.

use std::fs::{File, remove_file};
use std::path::{Path, PathBuf};

use super::bloom_filter::BloomFilter;
use super::open::{CACHE_KIB, LONGEST_LOG, with_suffix};
use super::{Store, StoreError};

/// Page cache while filling, in KiB: as much of the trees with random keys (identity keys, handles) as half a million items
/// need; with more, pages come back from what the system keeps of the file.
const FILLING_CACHE_KIB: i32 = 32 * 1024;

/// Pages of the log with which it goes into the file while filling: many pages change with every batch, and each need be
/// copied only once in a while.
const FILLING_LOG_PAGES: i32 = 16 * 1024;

/// Indexes that are faster to build at the end, from sorted rows; nothing asks for them before.
const LATE_INDEXES: [&str; 3] = ["members_by_item", "members_newest", "members_changed"];

impl Store {
    /// Leaves a mark beside the store and stops waiting for the disk.
    ///
    /// # Errors
    /// When the mark or the store cannot be written.
    pub fn begin_filling(&mut self) -> Result<(), StoreError> {
        let mark = mark(self.location.path());
        let made = File::create(&mark).and_then(|file| file.sync_all());
        made.map_err(|error| StoreError::Open { path: mark, reason: error.to_string() })?;
        // What is there already, were there anything, would be missing in the filter.
        let is_empty: bool =
            self.connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM items)", [], |row| row.get(0))?;
        self.bloom = is_empty.then(BloomFilter::new);
        // The log is still written, so that others may read meanwhile; only a loss of power could damage the file.
        self.connection.pragma_update(None, "synchronous", "off")?;
        self.connection.pragma_update(None, "cache_size", -FILLING_CACHE_KIB)?;
        self.connection.pragma_update(None, "wal_autocheckpoint", FILLING_LOG_PAGES)?;
        // Indexes of millions of members are sorted in files, beside the store, where there is room for them.
        if let Some(folder) = folder(self.location.path()).to_str() {
            self.connection.pragma_update(None, "temp_store_directory", folder)?;
            self.connection.pragma_update(None, "temp_store", "file")?;
        }
        Ok(())
    }

    /// Makes all that was filled in durable, and takes the mark away.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn end_filling(&mut self) -> Result<(), StoreError> {
        let path = self.location.path().to_owned();
        self.bloom = None;
        self.connection.pragma_update(None, "synchronous", "full")?;
        self.connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        self.connection.pragma_update(None, "wal_autocheckpoint", LONGEST_LOG)?;
        self.connection.pragma_update(None, "temp_store", "memory")?;
        // The log goes into the file, which is synced after that if there was anything in the log. It must be the engine that
        // does so: to close any other descriptor of the file would take away the locks that the engine has on it.
        let something = "INSERT OR REPLACE INTO meta (name, value) VALUES ('filled', hex(randomblob(8)))";
        self.connection.execute(something, [])?;
        let is_busy: bool = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_busy {
            return Err(StoreError::Engine("it is being read, so that its log cannot be emptied".to_owned()));
        }
        let failed = |error: std::io::Error| StoreError::Engine(format!("cannot finish `{}`: {error}", path.display()));
        // The pages that were kept for filling are given back.
        self.connection.pragma_update(None, "shrink_memory", "")?;
        match remove_file(mark(&path)) {
            // An earlier attempt came this far.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            removed => removed.map_err(failed)?,
        }
        File::open(folder(&path)).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

impl super::Batch<'_> {
    /// Takes away the indexes of feed members while feeds are filled; gives what makes them again.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn drop_member_indexes(&mut self) -> Result<MemberIndexes, StoreError> {
        let mut statements = Vec::new();
        for name in LATE_INDEXES {
            let sql = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?1";
            statements.push(self.connection().query_row(sql, [name], |row| row.get(0))?);
            self.connection().execute_batch(&format!("DROP INDEX {name}"))?;
        }
        Ok(MemberIndexes { statements })
    }

    /// Makes them again.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn make_member_indexes(&mut self, indexes: &MemberIndexes) -> Result<(), StoreError> {
        indexes.statements.iter().try_for_each(|sql| Ok(self.connection().execute_batch(sql)?))
    }
}

/// The statements that make the indexes of feed members.
#[derive(Debug)]
#[must_use = "the indexes are gone until they are made again"]
pub struct MemberIndexes {
    statements: Vec<String>,
}

/// The directory of the store.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn mark(path: &Path) -> PathBuf {
    with_suffix(path, ".filling")
}

/// Removes a store whose filling was broken off.
pub(super) fn discard_half_filled(path: &Path) -> Result<(), StoreError> {
    let mark = mark(path);
    if !mark.exists() {
        return Ok(());
    }
    tracing::info!(path = %path.display(), "the first scan was broken off and begins anew");
    for part in
        [path.to_owned(), with_suffix(path, "-wal"), with_suffix(path, "-shm"), with_suffix(path, "-journal"), mark]
    {
        match remove_file(&part) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Open { path: part, reason: error.to_string() });
            }
            _ => {}
        }
    }
    Ok(())
}
