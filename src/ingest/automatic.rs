//! Upkeep of the feeds by source, language and category: rows only, since their documents are made when asked for.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, FixedOffset, Utc};

use crate::feed::{Automatic, By, automatic};
use crate::store::{Batch, FeedRow, StoreError};

use super::apply::Touched;
use super::moments::{is_retimed, moment, moved_to};
use super::stale::Stale;

/// The automatic feeds that one batch of changes concerns.
#[derive(Debug)]
pub(super) struct Automatics<'a> {
    kinds: &'a [By],
    feeds: HashMap<String, Concerned>,
    has_others: bool,
}

#[derive(Debug)]
struct Concerned {
    row: FeedRow,
    /// Newest update among what changed.
    newest: Option<DateTime<FixedOffset>>,
    is_moved: bool,
    /// An item was taken out of it.
    is_left: bool,
    pages: BTreeSet<u64>,
}

impl<'a> Automatics<'a> {
    pub(super) fn new(kinds: &'a [By]) -> Self {
        Self { kinds, feeds: HashMap::new(), has_others: false }
    }

    pub(super) fn note(
        &mut self,
        batch: &mut Batch<'_>,
        change: &Touched,
        now: DateTime<Utc>,
        stale: &mut Stale,
    ) -> Result<(), StoreError> {
        if self.kinds.is_empty() {
            return Ok(());
        }
        let feeds = |row: &Option<_>| row.as_ref().map(|row: &crate::store::ItemRow| automatic(&row.item, self.kinds));
        let was = feeds(&change.before).unwrap_or_default();
        let is = feeds(&change.after).unwrap_or_default();
        for left in was.iter().filter(|feed| !is.contains(feed)) {
            let feed = self.concern(batch, left, now, stale)?;
            feed.pages.extend(batch.remove_member(feed.row.feed, change.seq, now)?);
            feed.row.changed_at = feed.row.changed_at.max(now);
            (feed.is_moved, feed.is_left) = (true, true);
        }
        let Some(row) = &change.after else { return Ok(()) };
        for entered in &is {
            let comes_in = change.before.is_some() && !was.contains(entered);
            let feed = self.concern(batch, entered, now, stale)?;
            let moment = moment(change, row, comes_in, now, feed.row.changed_at);
            let updated = row.item.times.updated;
            feed.pages.extend(batch.put_member(feed.row.feed, change.seq, &row.item.id, updated, moment, now)?);
            feed.row.changed_at = feed.row.changed_at.max(moment);
            feed.newest = feed.newest.max(Some(updated));
            feed.is_moved |= comes_in || is_retimed(change, true);
        }
        Ok(())
    }

    fn concern(
        &mut self,
        batch: &mut Batch<'_>,
        feed: &Automatic,
        now: DateTime<Utc>,
        stale: &mut Stale,
    ) -> Result<&mut Concerned, StoreError> {
        if !self.feeds.contains_key(&feed.path) {
            let known = batch.reading().feed(&feed.path)?;
            let is_new = known.as_ref().is_none_or(|row| row.live == 0);
            self.has_others |= is_new;
            // The page of its kind lists it by size and with its time.
            stale.insert(&format!("/{}/", feed.by.word()));
            let row = match known {
                Some(row) => row,
                None => {
                    let row = FeedRow { filled_at: now, ..FeedRow::new(&feed.path, Some(feed.by), &feed.name) };
                    FeedRow { feed: batch.put_feed(&row)?, ..row }
                }
            };
            let concerned = Concerned { row, newest: None, is_moved: false, is_left: false, pages: BTreeSet::new() };
            self.feeds.insert(feed.path.clone(), concerned);
        }
        Ok(self.feeds.get_mut(&feed.path).expect("it was put there if it was not there"))
    }

    /// Writes what was noted; says whether there are feeds now that were not there before, or the other way round.
    pub(super) fn finish(
        mut self,
        batch: &mut Batch<'_>,
        now: DateTime<Utc>,
        stale: &mut Stale,
    ) -> Result<bool, StoreError> {
        for (path, Concerned { mut row, newest, is_moved, is_left, pages }) in self.feeds {
            self.has_others |= is_left && batch.reading().feed(&path)?.is_none_or(|row| row.live == 0);
            // Also what is no news (another address, another category) changes the bytes, so no copy is right any more.
            row.filled_at = row.filled_at.max(now);
            row.updated = Some(moved_to(row.updated, newest, is_moved, now));
            batch.put_feed(&row)?;
            stale.extend_feed(&path, pages);
        }
        Ok(self.has_others)
    }
}
