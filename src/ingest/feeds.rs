//! The feeds whose documents are kept ready, and what they hold.

mod state;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::feed::{By, Definition, SLUG_VERSION, Site};
use crate::item::{Item, TimeSource};
use crate::store::{Batch, FeedRow, Reading, StoreError};

use super::apply::Touched;
use super::automatic::Automatics;
use super::fill::Filling;
use super::stale::Stale;

pub(super) use state::FeedState;

/// Items kept in memory beyond those of the last documents, so that the next change does not read them again.
const SPARE: usize = 2048;

/// What the feeds depend on besides the items.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub definitions: Vec<Definition>,
    /// The kinds of automatic feeds.
    pub automatic: Vec<By>,
    /// For how long withdrawn items are named.
    pub tombstone_age: TimeDelta,
    /// Whether documents are also had as what is new in them.
    pub has_deltas: bool,
}

/// The live feeds and what is remembered of them.
#[derive(Debug)]
pub(super) struct Feeds {
    pub site: Arc<Site>,
    pub states: Vec<FeedState>,
    pub automatic: Vec<By>,
    tombstone_age: TimeDelta,
    has_deltas: bool,
    cache: HashMap<i64, Arc<Item>>,
}

/// What a batch of changes concerns.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Indexes of the feeds whose documents are to be made.
    pub concerned: BTreeSet<usize>,
    /// Documents that are made when asked for, and are no longer right.
    pub stale: Stale,
    /// There are automatic feeds that were not there before, or some are empty now.
    pub has_other_feeds: bool,
}

impl Feeds {
    /// Takes up the feeds as the store knows them. A feed that is new or selects by another filter is filled anew,
    /// unless the first scan is still to come; then [`Feeds::fill_all`] is called at its end.
    pub(super) fn open(
        batch: &mut Batch<'_>,
        site: Arc<Site>,
        wanted: Wanted,
        now: DateTime<Utc>,
        is_first_scan: bool,
    ) -> Result<Self, StoreError> {
        let Wanted { definitions, automatic, tombstone_age, has_deltas } = wanted;
        let paths: Vec<&str> = definitions.iter().map(|definition| definition.path.as_str()).collect();
        batch.retire_feeds(&paths)?;
        let mut states = Vec::with_capacity(definitions.len());
        let mut to_fill = Vec::new();
        for (index, definition) in definitions.into_iter().enumerate() {
            let filter = definition.filter.fingerprint();
            let known = batch.reading().feed(&definition.path)?;
            if known.as_ref().is_none_or(|row| row.filter != filter) {
                to_fill.push(index);
            }
            let known = known.unwrap_or_else(|| FeedRow::new(&definition.path, None, ""));
            let row = FeedRow { filter, ..known };
            let row = FeedRow { feed: batch.put_feed(&row)?, ..row };
            states.push(FeedState::new(definition, row));
        }
        let mut feeds = Self { site, states, automatic, tombstone_age, has_deltas, cache: HashMap::new() };
        let kinds = format!("{SLUG_VERSION} {:?}", feeds.automatic);
        let is_same = batch.meta("automatic")?.is_some_and(|known| known == kinds);
        if !is_same {
            batch.set_meta("automatic", &kinds)?;
        }
        if !is_first_scan {
            // Filling empties them, unless there are none to fill.
            if !is_same && feeds.automatic.is_empty() {
                batch.clear_automatic()?;
            }
            to_fill.iter().for_each(|index| feeds.states[*index].note_refill());
            let kinds = if is_same { &[][..] } else { &feeds.automatic };
            if !to_fill.is_empty() || !kinds.is_empty() {
                let mut filling = Filling::new(to_fill, kinds);
                filling.take_all(batch, &feeds.states, |_| true)?;
                filling.finish(batch, &mut feeds.states, now - tombstone_age, now)?;
            }
        }
        Ok(feeds)
    }

    /// What goes into every feed, once it is known.
    pub(super) fn filling(&self) -> Filling {
        Filling::new((0..self.states.len()).collect(), &self.automatic)
    }

    /// Fills every feed: the end of the first scan.
    pub(super) fn fill_all(
        &mut self,
        batch: &mut Batch<'_>,
        filling: Filling,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let indexes = batch.drop_member_indexes()?;
        filling.finish(batch, &mut self.states, now - self.tombstone_age, now)?;
        batch.make_member_indexes(&indexes)
    }

    /// Until [`Feeds::end_preview`], the feeds have the items that are known so far, and their documents lead nowhere else.
    /// Items dated by when they were first seen are left out: should the scan be broken off, the next one would date them
    /// otherwise.
    pub(super) fn begin_preview(&mut self, batch: &mut Batch<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut filling = Filling::new((0..self.states.len()).collect(), &[]);
        filling.take_all(batch, &self.states, |item| item.times.published_source != TimeSource::FirstSeen)?;
        filling.finish(batch, &mut self.states, now - self.tombstone_age, now)?;
        self.states.iter_mut().for_each(FeedState::begin_preview);
        Ok(())
    }

    /// Feeds whose documents name withdrawals that are to be named no longer.
    pub(super) fn with_ended_tombstones(
        &self,
        reading: Reading<'_>,
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<usize>, StoreError> {
        let mut ended = BTreeSet::new();
        for (index, state) in self.states.iter().enumerate().filter(|(_, state)| !state.tombstones.is_empty()) {
            if reading.tombstones(state.row.feed, now - self.tombstone_age)? != state.tombstones {
                ended.insert(index);
            }
        }
        Ok(ended)
    }

    /// After a preview that failed: the store kept nothing of it.
    pub(super) fn abandon_preview(&mut self) {
        self.states.iter_mut().for_each(FeedState::abandon_preview);
    }

    /// Empties the feeds again; their documents stay.
    pub(super) fn end_preview(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreError> {
        self.states.iter_mut().try_for_each(|state| {
            state.end_preview();
            batch.clear_members(state.row.feed)
        })
    }

    /// Notes what changed.
    pub(super) fn note(
        &mut self,
        batch: &mut Batch<'_>,
        touched: Vec<Touched>,
        now: DateTime<Utc>,
    ) -> Result<Noted, StoreError> {
        let mut noted = Noted::default();
        let mut automatics = Automatics::new(&self.automatic);
        for change in touched {
            let id = change.after.as_ref().or(change.before.as_ref()).map(|row| row.item.id.handle());
            noted.stale.extend_item(id.as_deref());
            for (index, state) in self.states.iter_mut().enumerate() {
                if state.note(batch, &change, now, &mut noted.stale)? {
                    noted.concerned.insert(index);
                }
            }
            automatics.note(batch, &change, now, &mut noted.stale)?;
            match change.after {
                Some(row) => self.cache.insert(change.seq, Arc::new(row.item)),
                None => self.cache.remove(&change.seq),
            };
        }
        noted.has_other_feeds = automatics.finish(batch, now, &mut noted.stale)?;
        Ok(noted)
    }

    /// Chooses the items of a feed's documents anew and settles its update time.
    pub(super) fn select(&mut self, batch: &mut Batch<'_>, index: usize, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Self { site, states, cache, tombstone_age, has_deltas, .. } = self;
        let reading = batch.reading();
        let item = |seq| -> Result<Arc<Item>, StoreError> {
            if let Some(item) = cache.get(&seq) {
                return Ok(Arc::clone(item));
            }
            let row = reading.item(seq)?;
            let row = row.ok_or_else(|| StoreError::Corrupt(format!("item {seq} is selected but not there")))?;
            let item = Arc::new(row.item);
            cache.insert(seq, Arc::clone(&item));
            Ok(item)
        };
        let state = &mut states[index];
        state.select(reading, item, now - *tombstone_age, now)?;
        if *has_deltas {
            state.compare(reading, site)?;
        }
        batch.put_feed(&state.row)?;
        Ok(())
    }

    /// Lets go of items that no document holds, once there are many.
    pub(super) fn trim(&mut self) {
        let held: usize = self.states.iter().map(|state| state.seqs().len()).sum();
        if self.cache.len() > held + SPARE {
            let keep: BTreeSet<i64> = self.states.iter().flat_map(|state| state.seqs().iter().copied()).collect();
            self.cache.retain(|seq, _| keep.contains(seq));
        }
    }

    /// Forgets all items: what was noted of them did not become durable.
    pub(super) fn forget(&mut self) {
        self.cache.clear();
    }
}
