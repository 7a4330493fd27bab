//! Which feeds a change concerns, and what their documents then hold.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, SubsecRound, Utc};

use crate::feed::selection::{Candidate, select};
use crate::feed::{Definition, Site};
use crate::item::Item;
use crate::store::{Batch, FeedRow, Selected, StoreError};

use super::apply::Touched;

/// Items kept in memory beyond those of the last documents, so that the next change does not read them again.
const SPARE: usize = 2048;

/// The live feeds and what is remembered of them.
#[derive(Debug)]
pub(super) struct Feeds {
    pub site: Arc<Site>,
    pub states: Vec<FeedState>,
    cache: HashMap<i64, Arc<Item>>,
}

/// One feed.
#[derive(Debug)]
pub(super) struct FeedState {
    pub definition: Definition,
    pub number: i64,
    pub row: FeedRow,
    /// What its documents hold at present.
    pub items: Vec<Arc<Item>>,
    /// Whether they hold every item of the feed.
    pub is_complete: bool,
    /// Numbers of `items`.
    seqs: Vec<i64>,
    /// Something changed that moves the feed's own update time.
    is_moved: bool,
}

impl Feeds {
    /// Takes up the feeds as the store knows them; a feed that is new or selects by another filter is filled anew.
    pub(super) fn open(
        batch: &mut Batch<'_>,
        site: Arc<Site>,
        definitions: Vec<Definition>,
    ) -> Result<Self, StoreError> {
        let paths: Vec<&str> = definitions.iter().map(|definition| definition.path.as_str()).collect();
        batch.retire_feeds(&paths)?;
        let mut states = Vec::with_capacity(definitions.len());
        for definition in definitions {
            let filter = definition.filter.fingerprint();
            let known = batch.feed(&definition.path)?;
            let is_same = known.as_ref().is_some_and(|row| row.filter == filter);
            let row = FeedRow { filter, ..known.unwrap_or_else(new_row) };
            let number = batch.put_feed(&definition.path, &row)?;
            if !is_same && !definition.filter.is_everything() {
                fill(batch, number, &definition)?;
            }
            states.push(FeedState {
                definition,
                number,
                row,
                items: Vec::new(),
                is_complete: false,
                seqs: Vec::new(),
                is_moved: false,
            });
        }
        Ok(Self { site, states, cache: HashMap::new() })
    }

    /// Notes what changed; gives the indexes of the feeds that it concerns.
    pub(super) fn note(
        &mut self,
        batch: &mut Batch<'_>,
        touched: Vec<Touched>,
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<usize>, StoreError> {
        let mut concerned = BTreeSet::new();
        for change in touched {
            for (index, state) in self.states.iter_mut().enumerate() {
                if state.note(batch, &change, now)? {
                    concerned.insert(index);
                }
            }
            match change.after {
                Some(row) => self.cache.insert(change.seq, Arc::new(row.item)),
                None => self.cache.remove(&change.seq),
            };
        }
        Ok(concerned)
    }

    /// Chooses the items of a feed's documents anew and settles its update time.
    pub(super) fn select(&mut self, batch: &mut Batch<'_>, index: usize, now: DateTime<Utc>) -> Result<(), StoreError> {
        let state = &mut self.states[index];
        if state.row.updated.is_none() {
            // The window of a feed that is published for the first time ends now, so that an archive is no burst.
            state.row.changed_at = now;
        }
        let limits = state.definition.limits;
        let feed = (!state.definition.filter.is_everything()).then_some(state.number);
        // One more than wanted tells whether the document holds all there is.
        let newest = batch.newest(feed, limits.max_items + 1)?;
        let holds_all = newest.len() <= limits.max_items;
        let since = state.row.changed_at - limits.window;
        let recent = batch.recent(feed, since, limits.max_items)?;
        let mut seqs = HashMap::new();
        let mut candidates = |feeds: &mut Self, chosen: &[Selected]| -> Result<Vec<Candidate>, StoreError> {
            chosen
                .iter()
                .map(|one| {
                    let item = feeds.item(batch, one.seq)?;
                    seqs.insert(item.id.clone(), one.seq);
                    Ok(Candidate {
                        id: item.id.clone(),
                        updated: item.times.updated.to_utc(),
                        changed: one.changed_at,
                        size: item.content.len(),
                    })
                })
                .collect()
        };
        let top = &newest[..newest.len().min(limits.items)];
        let chosen = select(candidates(self, top)?, candidates(self, &recent)?, &limits);
        let seqs: Vec<i64> = chosen.iter().map(|candidate| seqs[&candidate.id]).collect();
        let items = seqs.iter().map(|seq| self.item(batch, *seq)).collect::<Result<Vec<_>, _>>()?;

        let state = &mut self.states[index];
        state.is_complete = holds_all && items.len() == newest.len();
        state.items = items;
        state.seqs = seqs;
        state.settle_updated(now);
        batch.put_feed(&state.definition.path, &state.row)?;
        Ok(())
    }

    fn item(&mut self, batch: &Batch<'_>, seq: i64) -> Result<Arc<Item>, StoreError> {
        if let Some(item) = self.cache.get(&seq) {
            return Ok(Arc::clone(item));
        }
        let row =
            batch.item(seq)?.ok_or_else(|| StoreError::Corrupt(format!("item {seq} is selected but not there")))?;
        let item = Arc::new(row.item);
        self.cache.insert(seq, Arc::clone(&item));
        Ok(item)
    }

    /// Lets go of items that no document holds, once there are many.
    pub(super) fn trim(&mut self) {
        let held: usize = self.states.iter().map(|state| state.seqs.len()).sum();
        if self.cache.len() > held + SPARE {
            let keep: BTreeSet<i64> = self.states.iter().flat_map(|state| state.seqs.iter().copied()).collect();
            self.cache.retain(|seq, _| keep.contains(seq));
        }
    }

    /// Forgets all items: what was noted of them did not become durable.
    pub(super) fn forget(&mut self) {
        self.cache.clear();
    }
}

impl FeedState {
    /// Brings the feed's membership up to date; says whether the change concerns it.
    fn note(&mut self, batch: &mut Batch<'_>, change: &Touched, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let filter = &self.definition.filter;
        let was = change.before.as_ref().is_some_and(|row| filter.selects(&row.item, &row.standing));
        let after = change.after.as_ref().filter(|row| filter.selects(&row.item, &row.standing));
        if !was && after.is_none() {
            return Ok(false);
        }
        // An old item that only now belongs here arrives here now.
        let comes_in = after.is_some() && !was && change.before.is_some();
        if !filter.is_everything() {
            match after {
                Some(row) => {
                    let changed_at = if comes_in { now } else { row.changed_at };
                    batch.put_member(self.number, change.seq, &row.item.id, row.item.times.updated, changed_at)?;
                }
                None => {
                    batch.remove_member(self.number, change.seq)?;
                }
            }
        }
        let moment = match after {
            Some(row) if !comes_in => row.changed_at,
            _ => now,
        };
        self.row.changed_at = self.row.changed_at.max(moment);
        let is_retimed = match (&change.before, after) {
            (Some(before), Some(after)) => before.item.times != after.item.times,
            _ => true,
        };
        self.is_moved |= is_retimed || comes_in;
        Ok(true)
    }

    /// The feed's own update time: the newest update among its items; or, where what happened shows in none of them
    /// (a withdrawal, a late arrival), the moment it happened. Never back.
    fn settle_updated(&mut self, now: DateTime<Utc>) {
        let now: DateTime<FixedOffset> = now.trunc_subsecs(0).into();
        // An update time in the future would stop the clock of the feed until then.
        let newest = self.items.iter().map(|item| item.times.updated.min(now)).max();
        let updated = match (self.row.updated, newest) {
            (None, newest) => newest.unwrap_or(now),
            (Some(old), _) if !self.is_moved => old,
            (Some(old), Some(newest)) if newest > old => newest,
            (Some(old), _) => old.max(now),
        };
        self.row.updated = Some(updated);
        self.is_moved = false;
    }
}

fn new_row() -> FeedRow {
    // The window of a feed ends with its latest change; before the first one there is none.
    FeedRow { feed: 0, filter: String::new(), updated: None, changed_at: DateTime::UNIX_EPOCH }
}

/// Finds the members of a feed among all live items.
fn fill(batch: &mut Batch<'_>, number: i64, definition: &Definition) -> Result<(), StoreError> {
    batch.clear_members(number)?;
    for seq in batch.live_items()? {
        let Some(row) = batch.item(seq)? else { continue };
        if definition.filter.selects(&row.item, &row.standing) {
            batch.put_member(number, seq, &row.item.id, row.item.times.updated, row.changed_at)?;
        }
    }
    Ok(())
}
