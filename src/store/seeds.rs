//! What is known of each seed: how its file looked, what was read from it, whose version it is.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

use crate::item::{Diagnostic, SeedPath, Severity, Times};

use super::row::{path_from, stamp_from, times_columns, times_from, utc_millis, utc_seconds, whole};
use super::{Batch, Stamp, StoreError};

/// Digest of a seed's bytes, 16 bytes long.
pub type Digest = [u8; 16];

/// One seed.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedRow {
    /// Where it lies.
    pub path: SeedPath,
    /// How the file looked when it was read.
    pub stamp: Stamp,
    /// Of the bytes that were read.
    pub digest: Digest,
    /// When a file was first seen at this path.
    pub first_seen: DateTime<Utc>,
    /// When these bytes were read: between versions with one update time the later arrival stands.
    pub arrival: DateTime<Utc>,
    /// The item it is a version of; `None` while the file gave none.
    pub seq: Option<i64>,
    /// Whether its identity is its path, so that a move of the same bytes carries the identity along.
    pub has_path_key: bool,
    /// Times of this version as they stand for subscribers; `None` exactly when `seq` is.
    pub times: Option<Times>,
    /// Since when the file is gone; it still counts until the grace period ends.
    pub missing_since: Option<DateTime<Utc>>,
}

impl SeedRow {
    /// What a file leaves when it becomes another article: a version that is missing since `now`, at a path that no file can
    /// have. Its article is withdrawn when the time is up, or goes on in the file that brings it back.
    #[must_use]
    pub fn left_behind(&self, seq: i64, now: DateTime<Utc>) -> Self {
        let path = [self.path.as_bytes(), &[0], seq.to_string().as_bytes()].concat();
        Self { path: SeedPath::from_bytes(&path), missing_since: Some(now), ..self.clone() }
    }

    /// Whether it is what a file left that is another article now.
    #[must_use]
    pub fn is_left_behind(&self) -> bool {
        self.path.as_bytes().contains(&0)
    }

    /// Where the file lies, or lay when it was left behind.
    #[must_use]
    pub fn place(&self) -> SeedPath {
        SeedPath::from_bytes(self.path.as_bytes().split(|byte| *byte == 0).next().unwrap_or_default())
    }
}

/// As much of a seed as a listing of the directory is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSeed {
    /// Where it lies.
    pub path: SeedPath,
    /// See [`SeedRow::stamp`].
    pub stamp: Stamp,
    /// Whether it was gone when last looked for.
    pub is_missing: bool,
}

const COLUMNS: &str = "path, size, mtime_ns, ctime_ns, inode, digest, first_seen, arrival, seq, has_path_key, \
     published, published_offset, published_source, updated, updated_offset, updated_source, missing_since";

/// Whether the item of a seed has a file at another place.
const IS_ELSEWHERE: &str =
    "EXISTS (SELECT 1 FROM seeds AS other WHERE other.seq = seeds.seq AND other.missing_since IS NULL)";

fn from_row(row: &Row<'_>) -> Result<SeedRow, StoreError> {
    let seq: Option<i64> = row.get(8)?;
    let times = seq.map(|_| times_from(row, 10)).transpose()?;
    Ok(SeedRow {
        path: path_from(row, 0)?,
        stamp: stamp_from(row, 1)?,
        digest: row.get(5)?,
        first_seen: utc_seconds(row.get(6)?)?,
        arrival: utc_millis(row.get(7)?)?,
        seq,
        has_path_key: row.get(9)?,
        times,
        missing_since: row.get::<_, Option<i64>>(16)?.map(utc_millis).transpose()?,
    })
}

impl Batch<'_> {
    /// What is known of the seed at `path`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn seed(&self, path: &SeedPath) -> Result<Option<SeedRow>, StoreError> {
        let mut query = self.connection().prepare_cached(&format!("SELECT {COLUMNS} FROM seeds WHERE path = ?1"))?;
        query.query_row([path.as_bytes()], |row| Ok(from_row(row))).optional()?.transpose()
    }

    /// Writes all that is known of a seed.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn put_seed(&mut self, seed: &SeedRow) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO seeds (path, size, mtime_ns, ctime_ns, inode, digest, first_seen, arrival, \
                   seq, has_path_key, published, published_offset, published_source, updated, updated_offset, \
                   updated_source, missing_since) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
        let Stamp { size, mtime_ns, ctime_ns, inode } = seed.stamp;
        let times = seed.times.as_ref().map(times_columns);
        self.connection().prepare_cached(sql)?.execute(params![
            seed.path.as_bytes(),
            size,
            mtime_ns,
            ctime_ns,
            inode,
            seed.digest,
            seed.first_seen.timestamp(),
            seed.arrival.timestamp_millis(),
            seed.seq,
            seed.has_path_key,
            times.map(|t| t.0),
            times.map(|t| t.1),
            times.map(|t| t.2),
            times.map(|t| t.3),
            times.map(|t| t.4),
            times.map(|t| t.5),
            seed.missing_since.map(|at| at.timestamp_millis()),
        ])?;
        Ok(())
    }

    /// Has all seeds read anew, those that cannot be read now as soon as they can.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn unread_seeds(&mut self) -> Result<(), StoreError> {
        self.connection().execute("UPDATE seeds SET ctime_ns = ?1", [Stamp::UNREAD])?;
        Ok(())
    }

    /// Forgets a seed whose file is gone for good, with its diagnostics.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_seed(&mut self, path: &SeedPath) -> Result<(), StoreError> {
        self.connection().prepare_cached("DELETE FROM seeds WHERE path = ?1")?.execute([path.as_bytes()])?;
        self.set_diagnostics(path, &[])
    }

    /// Up to `limit` seeds below a directory (empty path: all) that come after `after`, in the byte order of their paths.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn known_below(
        &self,
        directory: &SeedPath,
        after: Option<&SeedPath>,
        limit: usize,
    ) -> Result<Vec<KnownSeed>, StoreError> {
        let mut low = directory.as_bytes().to_vec();
        let sql = "SELECT path, size, mtime_ns, ctime_ns, inode, missing_since IS NOT NULL FROM seeds \
                   WHERE path > ?1 AND (?2 IS NULL OR path < ?2) ORDER BY path LIMIT ?3";
        let mut query = self.connection().prepare_cached(sql)?;
        let high = if low.is_empty() {
            None
        } else {
            low.push(b'/');
            let mut high = low.clone();
            *high.last_mut().expect("a slash was just added") = b'/' + 1;
            Some(high)
        };
        if let Some(after) = after {
            low = after.as_bytes().to_vec();
        }
        let mut rows = query.query(params![low, high, whole(limit)])?;
        let mut known = Vec::new();
        while let Some(row) = rows.next()? {
            known.push(KnownSeed { path: path_from(row, 0)?, stamp: stamp_from(row, 1)?, is_missing: row.get(5)? });
        }
        Ok(known)
    }

    /// Up to `limit` versions of an item, after the first `skipped`: latest update first, then latest arrival, then path.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn versions(&self, seq: i64, skipped: usize, limit: usize) -> Result<Vec<SeedRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM seeds WHERE seq = ?1 ORDER BY updated DESC, arrival DESC, path LIMIT ?2 OFFSET ?3"
        );
        let mut query = self.connection().prepare_cached(&sql)?;
        let rows = query.query_map([seq, whole(limit), whole(skipped)], |row| Ok(from_row(row)))?;
        rows.map(|row| row?).collect()
    }

    /// The version of an item with these bytes that another seed than `path` has.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn twin(&self, seq: i64, path: &SeedPath, digest: &Digest) -> Result<Option<SeedRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM seeds WHERE seq = ?1 AND path <> ?2 AND digest = ?3 \
             ORDER BY updated DESC, arrival DESC, path LIMIT 1"
        );
        let mut query = self.connection().prepare_cached(&sql)?;
        query.query_row(params![seq, path.as_bytes(), digest], |row| Ok(from_row(row))).optional()?.transpose()
    }

    /// When the last version of an item came, of those in other seeds than `path`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_arrival(&self, seq: i64, path: &SeedPath) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT max(arrival) FROM seeds WHERE seq = ?1 AND path <> ?2";
        let mut query = self.connection().prepare_cached(sql)?;
        let last: Option<i64> = query.query_row(params![seq, path.as_bytes()], |row| row.get(0))?;
        last.map(utc_millis).transpose()
    }

    /// Seeds without URL that hold these very bytes, and whose items have no other file: one that is gone from its place is
    /// what a move leaves behind, the latest first; then some of those that were not found gone yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn same_bytes(&self, digest: &Digest) -> Result<Vec<SeedRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM seeds WHERE has_path_key = 1 AND digest = ?1 AND seq IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM seeds AS other WHERE other.seq = seeds.seq AND other.path <> seeds.path \
             AND other.missing_since IS NULL) \
             ORDER BY missing_since DESC, path LIMIT 16"
        );
        let mut query = self.connection().prepare_cached(&sql)?;
        let rows = query.query_map([digest], |row| Ok(from_row(row)))?;
        rows.map(|row| row?).collect()
    }

    /// Up to `limit` seeds whose files are gone since `before` or longer, the longest first, that come after `after`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn missing_seeds(
        &self,
        before: DateTime<Utc>,
        after: Option<&SeedRow>,
        limit: usize,
    ) -> Result<Vec<SeedRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM seeds WHERE missing_since <= ?1 AND (missing_since, path) > (?2, ?3) \
             ORDER BY missing_since, path LIMIT ?4"
        );
        let mut query = self.connection().prepare_cached(&sql)?;
        let since = after.and_then(|seed| seed.missing_since).map_or(i64::MIN, |since| since.timestamp_millis());
        let path = after.map_or(&[][..], |seed| seed.path.as_bytes());
        let values = params![before.timestamp_millis(), since, path, whole(limit)];
        let rows = query.query_map(values, |row| Ok(from_row(row)))?;
        rows.map(|row| row?).collect()
    }

    /// What seems to have gone after `now`, since the clock was set back, went now.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn end_future(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE seeds SET missing_since = ?1 WHERE missing_since > ?1";
        self.connection().prepare_cached(sql)?.execute([now.timestamp_millis()])?;
        Ok(())
    }

    /// Since when the longest missing seed is gone, of those that went after `after`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn first_missing(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT min(missing_since) FROM seeds WHERE missing_since IS NOT NULL AND missing_since > ?1";
        let after = after.map_or(i64::MIN, |after| after.timestamp_millis());
        let first: Option<i64> = self.connection().prepare_cached(sql)?.query_row([after], |row| row.get(0))?;
        first.map(utc_millis).transpose()
    }

    /// How many seeds are missing that went after `after`, without those that were moved: their items have another file.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn missing_count(&self, after: Option<DateTime<Utc>>) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM seeds WHERE missing_since > ?1 AND NOT {IS_ELSEWHERE}");
        let after = after.map_or(i64::MIN, |after| after.timestamp_millis());
        Ok(self.connection().prepare_cached(&sql)?.query_row([after], |row| row.get(0))?)
    }

    /// How many seeds are known, and how many of them are missing; a seed that was moved is one, and not missing. What a file
    /// left that is another article now is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn seed_counts(&self) -> Result<(u64, u64), StoreError> {
        let sql = format!(
            "SELECT (SELECT count(*) FROM seeds), (SELECT count(*) FROM seeds WHERE missing_since IS NOT NULL), \
             (SELECT count(*) FROM seeds WHERE missing_since IS NOT NULL AND ({IS_ELSEWHERE} OR instr(path, x'00')))"
        );
        let counts = |row: &Row<'_>| Ok::<[u64; 3], _>([row.get(0)?, row.get(1)?, row.get(2)?]);
        let [known, missing, moved] = self.connection().prepare_cached(&sql)?.query_row([], counts)?;
        Ok((known - moved, missing - moved))
    }

    /// How many seeds give no item because of what is wrong with them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn rejected_count(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(DISTINCT path) FROM diagnostics WHERE rejected = 1";
        Ok(self.connection().prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Replaces the diagnostics of a path.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_diagnostics(&mut self, path: &SeedPath, found: &[Diagnostic]) -> Result<(), StoreError> {
        self.connection().prepare_cached("DELETE FROM diagnostics WHERE path = ?1")?.execute([path.as_bytes()])?;
        found.iter().try_for_each(|one| self.add_diagnostic(one))
    }

    pub(super) fn add_diagnostic(&mut self, found: &Diagnostic) -> Result<(), StoreError> {
        let sql = "INSERT INTO diagnostics (path, line, rejected, code, reason) VALUES (?1, ?2, ?3, ?4, ?5)";
        let Diagnostic { path, line, severity, code, reason } = found;
        let values = params![path.as_bytes(), line, *severity == Severity::Rejected, code, reason];
        self.connection().prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}
