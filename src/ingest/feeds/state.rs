//! One of the feeds whose documents are kept ready.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::feed::delta::{EDITIONS, Edition, Marks, marks};
use crate::feed::{Definition, Paging, Site, Tombstone, View};
use crate::item::{Item, ItemId};
use crate::store::{Batch, FeedRow, Reading, StoreError};

use super::super::apply::Touched;
use super::super::choose::choose;
use super::super::moments::{is_retimed, moment, moved_to};
use super::super::stale::Stale;

/// One feed.
#[derive(Debug)]
pub(in crate::ingest) struct FeedState {
    pub definition: Definition,
    pub row: FeedRow,
    /// What its documents hold at present.
    pub items: Vec<Arc<Item>>,
    /// Where its subscription document stands.
    pub paging: Paging,
    /// Withdrawn items that it names.
    pub tombstones: Vec<Tombstone>,
    /// Numbers of `items`.
    seqs: Vec<i64>,
    /// Something changed that moves the feed's own update time.
    is_moved: bool,
    /// The feed does not have all of its items yet.
    is_preview: bool,
    /// What it had last were not all of its items.
    was_preview: bool,
    /// Its documents' content beside what they held before; `None` where there are no deltas.
    pub edition: Option<Arc<Edition>>,
    /// What they held, the latest first.
    past: VecDeque<Past>,
}

/// The items of an earlier edition.
#[derive(Debug)]
struct Past {
    marks: Marks,
    /// Id and number of each.
    items: Vec<(ItemId, i64)>,
}

impl FeedState {
    pub(super) fn new(definition: Definition, row: FeedRow) -> Self {
        let paging = Paging::Subscription { prev_archive: None, is_complete: false };
        Self {
            definition,
            row,
            items: Vec::new(),
            paging,
            tombstones: Vec::new(),
            seqs: Vec::new(),
            is_moved: false,
            is_preview: false,
            was_preview: false,
            edition: None,
            past: VecDeque::new(),
        }
    }

    /// What its documents say; to be asked once their items are chosen.
    pub(in crate::ingest) fn view<'a>(&'a self, site: &'a Site) -> View<'a> {
        View {
            site,
            feed: &self.definition,
            items: &self.items,
            // Settled whenever items are chosen.
            updated: self.row.updated.unwrap_or_default(),
            paging: self.paging,
            tombstones: &self.tombstones,
        }
    }

    /// It selects by another filter than before: that is a change to whoever subscribed to it.
    pub(super) fn note_refill(&mut self) {
        self.is_moved = self.row.updated.is_some();
    }

    /// Numbers of the items in its documents.
    pub(super) fn seqs(&self) -> &[i64] {
        &self.seqs
    }

    /// From now on, and until [`FeedState::end_preview`], it does not have all of its items.
    pub(super) fn begin_preview(&mut self) {
        self.is_preview = true;
    }

    /// Nothing of the preview was stored or shown.
    pub(super) fn abandon_preview(&mut self) {
        self.is_preview = false;
    }

    pub(super) fn end_preview(&mut self) {
        self.is_preview = false;
        self.was_preview = true;
    }

    /// Chooses the items of its documents anew and settles its update time. Withdrawals since `named_since` are named.
    pub(super) fn select(
        &mut self,
        reading: Reading<'_>,
        item: impl FnMut(i64) -> Result<Arc<Item>, StoreError>,
        named_since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.row.updated.is_none() {
            // The window of a feed that is published for the first time ends now, so that an archive is no burst.
            self.row.changed_at = now;
        }
        if let Some(stored) = reading.feed(&self.definition.path)? {
            (self.row.placed, self.row.live) = (stored.placed, stored.live);
        }
        let chosen = choose(reading, &self.row, &self.definition, item)?;
        (self.items, self.seqs, self.paging) = (chosen.items, chosen.seqs, chosen.paging);
        if self.is_preview {
            self.row.placed = 0;
            self.paging = Paging::Subscription { prev_archive: None, is_complete: false };
        }
        self.tombstones = reading.tombstones(self.row.feed, named_since)?;
        self.settle_updated(now);
        Ok(())
    }

    /// Compares what the documents hold now with what they held before.
    pub(super) fn compare(&mut self, reading: Reading<'_>, site: &Arc<Site>) -> Result<(), StoreError> {
        let mut marks = marks(&self.items);
        let is_known = self.past.front().filter(|past| past.marks == marks);
        if let Some(past) = is_known {
            marks = Arc::clone(&past.marks);
        }
        let present: HashSet<&ItemId> = self.items.iter().map(|item| &item.id).collect();
        let mut earlier = Vec::with_capacity(self.past.len());
        for past in &self.past {
            let mut left = Vec::new();
            for (id, seq) in past.items.iter().filter(|(id, _)| !present.contains(id)) {
                if !reading.is_member(self.row.feed, *seq)? {
                    left.push(id.clone());
                }
            }
            earlier.push((Arc::clone(&past.marks), left));
        }
        let is_new = is_known.is_none();
        self.edition = Some(Arc::new(Edition::new(&self.view(site), Arc::clone(site), Arc::clone(&marks), earlier)));
        if is_new {
            let ids = self.items.iter().map(|item| item.id.clone());
            self.past.push_front(Past { marks, items: ids.zip(self.seqs.iter().copied()).collect() });
            self.past.truncate(EDITIONS);
        }
        Ok(())
    }

    /// Brings the feed's membership up to date; says whether the change concerns it.
    pub(super) fn note(
        &mut self,
        batch: &mut Batch<'_>,
        change: &Touched,
        now: DateTime<Utc>,
        stale: &mut Stale,
    ) -> Result<bool, StoreError> {
        let filter = &self.definition.filter;
        let was = change.before.as_ref().is_some_and(|row| filter.selects(&row.item, &row.standing));
        let after = change.after.as_ref().filter(|row| filter.selects(&row.item, &row.standing));
        if !was && after.is_none() {
            return Ok(false);
        }
        // An old item that only now belongs here arrives here now.
        let comes_in = after.is_some() && !was && change.before.is_some();
        let moment = after.map_or(now, |row| moment(change, row, comes_in, now, self.row.changed_at));
        match after {
            Some(row) => {
                let updated = row.item.times.updated;
                let pages = batch.put_member(self.row.feed, change.seq, &row.item.id, updated, moment, now)?;
                stale.extend_pages(&self.definition, pages);
            }
            None => {
                let page = batch.remove_member(self.row.feed, change.seq, now)?;
                stale.extend_pages(&self.definition, page);
            }
        }
        self.row.changed_at = self.row.changed_at.max(moment);
        self.is_moved |= is_retimed(change, after.is_some()) || comes_in;
        Ok(true)
    }

    /// The feed's own update time; see [`moved_to`].
    fn settle_updated(&mut self, now: DateTime<Utc>) {
        let newest = self.items.iter().map(|item| item.times.updated).max();
        if std::mem::take(&mut self.was_preview) {
            // What came in late was there all the time.
            self.is_moved =
                newest.is_some_and(|newest| self.row.updated.is_none_or(|old| old < newest.min(now.into())));
        }
        self.row.updated = Some(moved_to(self.row.updated, newest, self.is_moved, now));
        self.is_moved = false;
    }
}
