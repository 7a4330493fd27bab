//! Feeds: when each last changed, which items belong to it, and the candidates for its document.

use chrono::{DateTime, FixedOffset, Utc};
use rusqlite::{OptionalExtension, params};

use crate::item::ItemId;

use super::row::{handle_of, instant, utc_millis};
use super::{Batch, StoreError};

/// What is remembered of a feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedRow {
    /// Number of the feed in this store.
    pub feed: i64,
    /// Fingerprint of the filter that its members were found with.
    pub filter: String,
    /// `updated` / `lastBuildDate`: when its content last changed for a subscriber; never goes back. `None` until the
    /// feed was first published.
    pub updated: Option<DateTime<FixedOffset>>,
    /// The moment here of that change: the end of the window.
    pub changed_at: DateTime<Utc>,
}

/// A candidate for a feed document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The item.
    pub seq: i64,
    /// When it last changed for subscribers.
    pub changed_at: DateTime<Utc>,
}

/// Which items a query runs over: those of everything, or the members of one feed.
fn newest_sql(of_everything: bool) -> &'static str {
    if of_everything {
        "SELECT seq, changed_at FROM items WHERE state = 0 AND ?1 IS NOT NULL ORDER BY updated DESC, handle LIMIT ?2"
    } else {
        "SELECT seq, changed_at FROM members WHERE feed = ?1 ORDER BY updated DESC, handle LIMIT ?2"
    }
}

fn recent_sql(of_everything: bool) -> &'static str {
    if of_everything {
        "SELECT seq, changed_at FROM items WHERE state = 0 AND ?1 IS NOT NULL AND changed_at > ?3 \
         ORDER BY changed_at DESC LIMIT ?2"
    } else {
        "SELECT seq, changed_at FROM members WHERE feed = ?1 AND changed_at > ?3 ORDER BY changed_at DESC LIMIT ?2"
    }
}

impl Batch<'_> {
    /// What is remembered of the feed at this path.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn feed(&self, path: &str) -> Result<Option<FeedRow>, StoreError> {
        let sql = "SELECT feed, filter, updated, updated_offset, changed_at FROM feeds WHERE path = ?1";
        let mut query = self.connection().prepare_cached(sql)?;
        let row = query.query_row([path], |row| {
            let read = || -> Result<FeedRow, StoreError> {
                let updated: Option<i64> = row.get(2)?;
                Ok(FeedRow {
                    feed: row.get(0)?,
                    filter: row.get(1)?,
                    updated: updated.map(|seconds| instant(seconds, row.get(3)?)).transpose()?,
                    changed_at: utc_millis(row.get(4)?)?,
                })
            };
            Ok(read())
        });
        row.optional()?.transpose()
    }

    /// Writes what is known of the feed at this path and gives its number; `row.feed` is not looked at.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn put_feed(&mut self, path: &str, row: &FeedRow) -> Result<i64, StoreError> {
        let sql = "INSERT INTO feeds (path, filter, updated, updated_offset, changed_at) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (path) DO UPDATE SET filter = excluded.filter, updated = excluded.updated, \
                   updated_offset = excluded.updated_offset, changed_at = excluded.changed_at RETURNING feed";
        let offset = row.updated.map_or(0, |updated| updated.offset().local_minus_utc());
        let updated = row.updated.map(|updated| updated.timestamp());
        let changed = row.changed_at.timestamp_millis();
        let values = params![path, row.filter, updated, offset, changed];
        Ok(self.connection().prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
    }

    /// Lets go of feeds that are not among `paths`: their members are no longer kept up, so they are found anew should
    /// the feed come back. When the feed last changed stays known.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn retire_feeds(&mut self, paths: &[&str]) -> Result<(), StoreError> {
        let mut query = self.connection().prepare_cached("SELECT feed, path FROM feeds WHERE filter <> ''")?;
        let all: Vec<(i64, String)> =
            query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (feed, _) in all.iter().filter(|(_, path)| !paths.contains(&path.as_str())) {
            self.connection().execute("DELETE FROM members WHERE feed = ?1", [feed])?;
            self.connection().execute("UPDATE feeds SET filter = '' WHERE feed = ?1", [feed])?;
        }
        Ok(())
    }

    /// Makes an item a member of a feed, or brings its row up to date.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn put_member(
        &mut self,
        feed: i64,
        seq: i64,
        id: &ItemId,
        updated: DateTime<FixedOffset>,
        changed_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO members (feed, seq, updated, handle, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![feed, seq, updated.timestamp(), handle_of(id), changed_at.timestamp_millis()];
        self.connection().prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Takes an item out of a feed; says whether it was in it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_member(&mut self, feed: i64, seq: i64) -> Result<bool, StoreError> {
        let sql = "DELETE FROM members WHERE feed = ?1 AND seq = ?2";
        Ok(self.connection().prepare_cached(sql)?.execute([feed, seq])? > 0)
    }

    /// Empties a feed whose filter is no longer what its members were found with.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn clear_members(&mut self, feed: i64) -> Result<(), StoreError> {
        self.connection().prepare_cached("DELETE FROM members WHERE feed = ?1")?.execute([feed])?;
        Ok(())
    }

    /// The numbers of live items, for filling a feed whose filter is new.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn live_items(&self) -> Result<Vec<i64>, StoreError> {
        let mut query = self.connection().prepare_cached("SELECT seq FROM items WHERE state = 0 ORDER BY seq")?;
        let rows = query.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest items of a feed by update time. `feed` is `None` for the feed of everything.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn newest(&self, feed: Option<i64>, limit: usize) -> Result<Vec<Selected>, StoreError> {
        self.select(newest_sql(feed.is_none()), feed, limit, None)
    }

    /// The items of a feed that changed after `since`, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn recent(&self, feed: Option<i64>, since: DateTime<Utc>, limit: usize) -> Result<Vec<Selected>, StoreError> {
        self.select(recent_sql(feed.is_none()), feed, limit, Some(since.timestamp_millis()))
    }

    fn select(
        &self,
        sql: &str,
        feed: Option<i64>,
        limit: usize,
        since: Option<i64>,
    ) -> Result<Vec<Selected>, StoreError> {
        let mut query = self.connection().prepare_cached(sql)?;
        query.raw_bind_parameter(1, feed.unwrap_or(0))?;
        query.raw_bind_parameter(2, i64::try_from(limit).unwrap_or(i64::MAX))?;
        if let Some(since) = since {
            query.raw_bind_parameter(3, since)?;
        }
        let mut rows = query.raw_query();
        let mut found = Vec::with_capacity(limit.min(512));
        while let Some(row) = rows.next()? {
            found.push(Selected { seq: row.get(0)?, changed_at: utc_millis(row.get(1)?)? });
        }
        Ok(found)
    }

    /// How many items are live.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn live_count(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM items WHERE state = 0";
        Ok(self.connection().prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }
}
