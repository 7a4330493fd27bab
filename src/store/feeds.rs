//! Feeds: how each came to be, when it last changed, how many items it has.

use chrono::{DateTime, FixedOffset, Utc};
use rusqlite::{OptionalExtension, Row, params};

use crate::feed::By;

use super::row::{damaged, instant, utc_millis, whole};
use super::{Batch, Reading, StoreError};

/// What is remembered of a feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedRow {
    /// Number of the feed in this store.
    pub feed: i64,
    /// Path below the site, as in its definition.
    pub path: String,
    /// What an automatic feed selects on; `None` for that of everything, and those of the configuration.
    pub by: Option<By>,
    /// Source, language or category as first written; empty for configured ones.
    pub name: String,
    /// Fingerprint of the filter that its members were found with.
    pub filter: String,
    /// `updated` / `lastBuildDate`: when its content last changed for a subscriber; never goes back. `None` until the
    /// feed was first published.
    pub updated: Option<DateTime<FixedOffset>>,
    /// The moment here of that change: the end of the window.
    pub changed_at: DateTime<Utc>,
    /// When its members were found: no document of it is older.
    pub filled_at: DateTime<Utc>,
    /// Positions given out so far; kept by the store.
    pub placed: u64,
    /// Items in it now; kept by the store.
    pub live: u64,
}

impl FeedRow {
    /// A feed that has never had an item.
    #[must_use]
    pub fn new(path: &str, by: Option<By>, name: &str) -> Self {
        Self {
            feed: 0,
            path: path.to_owned(),
            by,
            name: name.to_owned(),
            filter: String::new(),
            updated: None,
            // The window of a feed ends with its latest change; before the first one there is none.
            changed_at: DateTime::UNIX_EPOCH,
            filled_at: DateTime::UNIX_EPOCH,
            placed: 0,
            live: 0,
        }
    }
}

const COLUMNS: &str = "feed, path, kind, name, filter, updated, updated_offset, changed_at, filled_at, placed, live";

/// The column `kind`.
fn kind_of(by: Option<By>) -> u8 {
    match by {
        None => 0,
        Some(By::Source) => 1,
        Some(By::Language) => 2,
        Some(By::Category) => 3,
    }
}

fn from_row(row: &Row<'_>) -> Result<FeedRow, StoreError> {
    let by = match row.get(2)? {
        0_u8 => None,
        1 => Some(By::Source),
        2 => Some(By::Language),
        3 => Some(By::Category),
        _ => return Err(damaged("kind of feed")),
    };
    let updated: Option<i64> = row.get(5)?;
    Ok(FeedRow {
        feed: row.get(0)?,
        path: row.get(1)?,
        by,
        name: row.get(3)?,
        filter: row.get(4)?,
        updated: updated.map(|seconds| instant(seconds, row.get(6)?)).transpose()?,
        changed_at: utc_millis(row.get(7)?)?,
        filled_at: utc_millis(row.get(8)?)?,
        placed: row.get(9)?,
        live: row.get(10)?,
    })
}

impl Reading<'_> {
    /// What is remembered of the feed at this path.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn feed(&self, path: &str) -> Result<Option<FeedRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM feeds WHERE path = ?1");
        let mut query = self.connection.prepare_cached(&sql)?;
        query.query_row([path], |row| Ok(from_row(row))).optional()?.transpose()
    }

    /// Every feed that has ever had an item.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn all_feeds(&self) -> Result<Vec<FeedRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM feeds WHERE placed > 0 ORDER BY path");
        let mut query = self.connection.prepare_cached(&sql)?;
        let rows = query.query_map([], |row| Ok(from_row(row)))?;
        rows.map(|row| row?).collect()
    }

    /// Handles of all live items.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn live_handles(&self) -> Result<Vec<String>, StoreError> {
        let mut query = self.connection.prepare_cached("SELECT handle FROM items WHERE state = 0 ORDER BY seq")?;
        let rows = query.query_map([], |row| row.get::<_, i64>(0))?;
        rows.map(|handle| Ok(format!("{:016x}", handle?))).collect()
    }

    /// The feeds of one kind that have items, those with the most first, after so many of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn largest_feeds(&self, by: By, after: usize, limit: usize) -> Result<Vec<FeedRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM feeds WHERE kind = ?1 AND live > 0 AND kind > 0 ORDER BY live DESC, path \
             LIMIT ?2 OFFSET ?3"
        );
        let mut query = self.connection.prepare_cached(&sql)?;
        let rows = query.query_map(params![kind_of(Some(by)), whole(limit), whole(after)], |row| Ok(from_row(row)))?;
        rows.map(|row| row?).collect()
    }
}

impl Batch<'_> {
    /// Writes what is known of the feed at `row.path` and gives its number. `row.feed`, `row.placed` and `row.live` are
    /// not looked at.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn put_feed(&mut self, row: &FeedRow) -> Result<i64, StoreError> {
        let sql = "INSERT INTO feeds (path, kind, name, filter, updated, updated_offset, changed_at, filled_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
                   ON CONFLICT (path) DO UPDATE SET kind = excluded.kind, filter = excluded.filter, \
                   updated = excluded.updated, updated_offset = excluded.updated_offset, \
                   changed_at = excluded.changed_at, filled_at = excluded.filled_at RETURNING feed";
        let offset = row.updated.map_or(0, |updated| updated.offset().local_minus_utc());
        let updated = row.updated.map(|updated| updated.timestamp());
        let (changed, filled) = (row.changed_at.timestamp_millis(), row.filled_at.timestamp_millis());
        let values = params![row.path, kind_of(row.by), row.name, row.filter, updated, offset, changed, filled];
        Ok(self.connection().prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
    }

    /// Lets go of the configured feeds that are not among `paths`: their members are no longer kept up, so they are
    /// found anew should the feed come back. When the feed last changed stays known.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn retire_feeds(&mut self, paths: &[&str]) -> Result<(), StoreError> {
        let sql = "SELECT feed, path FROM feeds WHERE filter <> '' AND kind = 0";
        let all: Vec<(i64, String)> = self
            .connection()
            .prepare_cached(sql)?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (feed, _) in all.iter().filter(|(_, path)| !paths.contains(&path.as_str())) {
            self.clear_members(*feed)?;
            self.connection().execute("UPDATE feeds SET filter = '' WHERE feed = ?1", [feed])?;
        }
        Ok(())
    }

    /// Empties all automatic feeds. When each last changed stays known.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn clear_automatic(&mut self) -> Result<(), StoreError> {
        self.connection().execute_batch(
            "DELETE FROM members WHERE feed IN (SELECT feed FROM feeds WHERE kind > 0);
             DELETE FROM pages WHERE feed IN (SELECT feed FROM feeds WHERE kind > 0);
             UPDATE feeds SET placed = 0, live = 0 WHERE kind > 0;",
        )?;
        Ok(())
    }

    /// Empties a feed whose filter is no longer what its members were found with.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn clear_members(&mut self, feed: i64) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM members WHERE feed = ?1",
            "DELETE FROM pages WHERE feed = ?1",
            "UPDATE feeds SET placed = 0, live = 0 WHERE feed = ?1",
        ] {
            self.connection().prepare_cached(sql)?.execute([feed])?;
        }
        Ok(())
    }

    /// How many items are live.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn live_count(&self) -> Result<u64, StoreError> {
        let sql = "SELECT live FROM feeds WHERE path = ''";
        Ok(self.connection().prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
    }
}
