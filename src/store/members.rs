//! Which items a feed has, in the order in which they came in, and what follows from it: candidates for its document,
//! archive pages, tombstones.

use chrono::{DateTime, FixedOffset, Utc};
use rusqlite::types::Null;
use rusqlite::{OptionalExtension, params};

use crate::feed::Tombstone;
use crate::item::ItemId;

use super::row::{handle_of, utc_millis, whole};
use super::{Batch, Reading, StoreError};

/// Items of an archive page, before withdrawals.
pub const ARCHIVE_PAGE: u64 = 100;
/// Tombstones in a document at most, the latest: a mass withdrawal must not make it grow without bound.
pub const TOMBSTONES: usize = 500;

/// A candidate for a feed document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The item.
    pub seq: i64,
    /// When it last changed for subscribers of the feed.
    pub changed_at: DateTime<Utc>,
}

/// Feed, position, item, its update, handle and change; when it left, if it has.
pub(super) const ADD_MEMBER: &str = "INSERT INTO members (feed, position, seq, updated, handle, changed_at, gone_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// Number of the archive page that a position falls on.
fn page_of(position: u64) -> u64 {
    position / ARCHIVE_PAGE + 1
}

impl Reading<'_> {
    /// The newest items of a feed by update time.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn newest(&self, feed: i64, limit: usize) -> Result<Vec<Selected>, StoreError> {
        let sql = "SELECT seq, changed_at FROM members WHERE feed = ?1 AND gone_at IS NULL \
                   ORDER BY updated DESC, handle LIMIT ?2";
        self.select(sql, [feed, whole(limit)])
    }

    /// The items of a feed that changed after `since`, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn recent(&self, feed: i64, since: DateTime<Utc>, limit: usize) -> Result<Vec<Selected>, StoreError> {
        let sql = "SELECT seq, changed_at FROM members WHERE feed = ?1 AND gone_at IS NULL AND changed_at > ?3 \
                   ORDER BY changed_at DESC LIMIT ?2";
        self.select(sql, [feed, whole(limit), since.timestamp_millis()])
    }

    /// The items on an archive page, in the order in which they came in.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn archived(&self, feed: i64, page: u64) -> Result<Vec<Selected>, StoreError> {
        let sql = "SELECT seq, changed_at FROM members WHERE feed = ?1 AND position >= ?2 AND position < ?3 \
                   AND gone_at IS NULL ORDER BY position";
        let first = page.saturating_sub(1).saturating_mul(ARCHIVE_PAGE);
        self.select(sql, [feed, whole(first), whole(first.saturating_add(ARCHIVE_PAGE))])
    }

    /// When an archive page last changed; `None` when it has not since its feed was filled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn page_changed(&self, feed: i64, page: u64) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut query = self.connection.prepare_cached("SELECT changed_at FROM pages WHERE feed = ?1 AND page = ?2")?;
        query.query_row([feed, whole(page)], |row| row.get(0)).optional()?.map(utc_millis).transpose()
    }

    /// Items that were withdrawn from a feed after `since`, the latest first, at most [`TOMBSTONES`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tombstones(&self, feed: i64, since: DateTime<Utc>) -> Result<Vec<Tombstone>, StoreError> {
        // One that left the feed because it was edited lived on elsewhere, whatever became of it there.
        let sql = "SELECT items.id, max(items.withdrawn_at, items.updated * 1000) FROM members JOIN items USING (seq) \
                   WHERE members.feed = ?1 AND members.gone_at > ?2 AND items.state = 2 \
                   AND members.gone_at >= items.withdrawn_at \
                   ORDER BY members.gone_at DESC, members.position LIMIT ?3";
        let mut query = self.connection.prepare_cached(sql)?;
        let mut rows = query.query([feed, since.timestamp_millis(), whole(TOMBSTONES)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Tombstone { id: ItemId::new(row.get::<_, String>(0)?), withdrawn: utc_millis(row.get(1)?)? });
        }
        Ok(found)
    }

    /// When the latest item that left the feed by `until` did so.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn left_by(&self, feed: i64, until: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT max(gone_at) FROM members WHERE feed = ?1 AND gone_at IS NOT NULL AND gone_at <= ?2";
        let mut query = self.connection.prepare_cached(sql)?;
        let left: Option<i64> = query.query_row([feed, until.timestamp_millis()], |row| row.get(0))?;
        left.map(utc_millis).transpose()
    }

    /// Whether an item is in a feed at present.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_member(&self, feed: i64, seq: i64) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM members WHERE seq = ?1 AND feed = ?2 AND gone_at IS NULL)";
        Ok(self.connection.prepare_cached(sql)?.query_row([seq, feed], |row| row.get(0))?)
    }

    fn select<const N: usize>(&self, sql: &str, values: [i64; N]) -> Result<Vec<Selected>, StoreError> {
        let mut query = self.connection.prepare_cached(sql)?;
        let mut rows = query.query(rusqlite::params_from_iter(values))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Selected { seq: row.get(0)?, changed_at: utc_millis(row.get(1)?)? });
        }
        Ok(found)
    }
}

impl Batch<'_> {
    /// Makes an item a member of a feed, at the place that it had or behind all others, or brings its row up to date.
    /// Gives the archive pages that this changes, as of `now`.
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
        now: DateTime<Utc>,
    ) -> Result<Vec<u64>, StoreError> {
        let (updated, changed_at) = (updated.timestamp(), changed_at.timestamp_millis());
        let mut pages = Vec::with_capacity(2);
        if let Some((position, is_gone)) = self.place(feed, seq)? {
            let sql = "UPDATE members SET updated = ?3, changed_at = max(changed_at, ?4), gone_at = NULL \
                 WHERE feed = ?1 AND position = ?2";
            self.connection().prepare_cached(sql)?.execute(params![feed, position, updated, changed_at])?;
            if is_gone {
                let sql = "UPDATE feeds SET live = live + 1 WHERE feed = ?1";
                self.connection().prepare_cached(sql)?.execute([feed])?;
            }
            pages.push(page_of(position));
        } else {
            let sql = "UPDATE feeds SET placed = placed + 1, live = live + 1 WHERE feed = ?1 RETURNING placed - 1";
            let position: u64 = self.connection().prepare_cached(sql)?.query_row([feed], |row| row.get(0))?;
            let values = params![feed, position, seq, updated, handle_of(id), changed_at, Null];
            self.connection().prepare_cached(ADD_MEMBER)?.execute(values)?;
            pages.push(page_of(position));
            // The page before it now has a next one.
            if position > 0 && position.is_multiple_of(ARCHIVE_PAGE) {
                pages.push(page_of(position) - 1);
            }
        }
        pages.iter().try_for_each(|page| self.note_page(feed, *page, now))?;
        Ok(pages)
    }

    /// Takes an item out of a feed, but for its place; gives the archive page that this changes, as of `now`.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_member(&mut self, feed: i64, seq: i64, now: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        let Some((position, false)) = self.place(feed, seq)? else { return Ok(None) };
        let sql = "UPDATE members SET gone_at = ?3 WHERE feed = ?1 AND position = ?2";
        self.connection().prepare_cached(sql)?.execute(params![feed, position, now.timestamp_millis()])?;
        self.connection().prepare_cached("UPDATE feeds SET live = live - 1 WHERE feed = ?1")?.execute([feed])?;
        let page = page_of(position);
        self.note_page(feed, page, now)?;
        Ok(Some(page))
    }

    /// Position of an item in a feed, and whether it is out of the feed at present.
    fn place(&self, feed: i64, seq: i64) -> Result<Option<(u64, bool)>, StoreError> {
        let sql = "SELECT position, gone_at IS NOT NULL FROM members WHERE seq = ?1 AND feed = ?2";
        let mut query = self.connection().prepare_cached(sql)?;
        Ok(query.query_row([seq, feed], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    fn note_page(&mut self, feed: i64, page: u64, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "INSERT INTO pages (feed, page, changed_at) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (feed, page) DO UPDATE SET changed_at = max(changed_at, excluded.changed_at)";
        self.connection().prepare_cached(sql)?.execute(params![feed, page, now.timestamp_millis()])?;
        Ok(())
    }
}
