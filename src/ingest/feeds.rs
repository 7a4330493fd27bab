//! The feeds whose documents are kept ready, and what they hold.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, SubsecRound, TimeDelta, Utc};

use crate::feed::delta::{EDITIONS, Edition, Marks, marks};
use crate::feed::{By, Definition, Paging, Site, Tombstone, View};
use crate::item::{Item, ItemId, TimeSource};
use crate::store::{Batch, FeedKind, FeedRow, ItemRow, Reading, StoreError};

use super::apply::Touched;
use super::automatic::Automatics;
use super::choose::{Chosen, choose};
use super::fill::Filling;
use super::stale::Stale;

/// Items kept in memory beyond those of the last documents, so that the next change does not read them again.
const SPARE: usize = 2048;

/// What the feeds depend on besides the items.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub definitions: Vec<Definition>,
    /// The kinds of automatic feeds.
    pub automatic: Vec<By>,
    /// For how long withdrawn items are named.
    pub tombstones: TimeDelta,
    /// Whether documents are also had as what is new in them.
    pub has_deltas: bool,
}

/// The live feeds and what is remembered of them.
#[derive(Debug)]
pub(super) struct Feeds {
    pub site: Arc<Site>,
    pub states: Vec<FeedState>,
    pub automatic: Vec<By>,
    tombstones: TimeDelta,
    has_deltas: bool,
    cache: HashMap<i64, Arc<Item>>,
}

/// One feed.
#[derive(Debug)]
pub(super) struct FeedState {
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

/// What a batch of changes concerns.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Indexes of the feeds whose documents are to be made.
    pub concerned: BTreeSet<usize>,
    /// Documents that are made when asked for, and are no longer right.
    pub stale: Stale,
    /// There are automatic feeds that were not there before.
    pub has_new_feeds: bool,
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
        let Wanted { definitions, automatic, tombstones, has_deltas } = wanted;
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
            let known = known.unwrap_or_else(|| FeedRow::new(&definition.path, FeedKind::Configured, ""));
            let row = FeedRow { filter, ..known };
            let row = FeedRow { feed: batch.put_feed(&row)?, ..row };
            states.push(FeedState::new(definition, row));
        }
        let mut feeds = Self { site, states, automatic, tombstones, has_deltas, cache: HashMap::new() };
        let kinds = format!("{:?}", feeds.automatic);
        let is_same = batch.meta("automatic")?.is_some_and(|known| known == kinds);
        if !is_same {
            batch.set_meta("automatic", &kinds)?;
        }
        if !is_first_scan {
            if !is_same {
                batch.clear_automatic()?;
            }
            let kinds = if is_same { &[][..] } else { &feeds.automatic };
            if !to_fill.is_empty() || !kinds.is_empty() {
                let mut filling = Filling::new(to_fill, kinds);
                filling.take_all(batch, &feeds.states, |_| true)?;
                filling.finish(batch, &mut feeds.states, now)?;
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
        filling.finish(batch, &mut self.states, now)?;
        batch.make_member_indexes(&indexes)
    }

    /// Until [`Feeds::end_preview`], the feeds have the items that are known so far, and their documents lead nowhere else.
    /// Items dated by when they were first seen are left out: should the scan be broken off, the next one would date them
    /// otherwise.
    pub(super) fn begin_preview(&mut self, batch: &mut Batch<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut filling = Filling::new((0..self.states.len()).collect(), &[]);
        filling.take_all(batch, &self.states, |item| item.times.published_source != TimeSource::FirstSeen)?;
        filling.finish(batch, &mut self.states, now)?;
        self.states.iter_mut().for_each(|state| state.is_preview = true);
        Ok(())
    }

    /// Empties the feeds again; their documents stay.
    pub(super) fn end_preview(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreError> {
        self.states.iter_mut().try_for_each(|state| {
            state.is_preview = false;
            state.was_preview = true;
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
        noted.has_new_feeds = automatics.finish(batch, now, &mut noted.stale)?;
        Ok(noted)
    }

    /// Chooses the items of a feed's documents anew and settles its update time.
    pub(super) fn select(&mut self, batch: &mut Batch<'_>, index: usize, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Self { site, states, cache, tombstones, has_deltas, .. } = self;
        let state = &mut states[index];
        if state.row.updated.is_none() {
            // The window of a feed that is published for the first time ends now, so that an archive is no burst.
            state.row.changed_at = now;
        }
        let reading = batch.reading();
        if let Some(stored) = reading.feed(&state.definition.path)? {
            (state.row.placed, state.row.live) = (stored.placed, stored.live);
        }
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
        let Chosen { items, seqs, paging } = choose(reading, &state.row, &state.definition.limits, item)?;
        let paging = if state.is_preview {
            state.row.placed = 0;
            Paging::Subscription { prev_archive: None, is_complete: false }
        } else {
            paging
        };
        state.tombstones = reading.tombstones(state.row.feed, now - *tombstones)?;
        (state.items, state.seqs, state.paging) = (items, seqs, paging);
        state.settle_updated(now);
        if *has_deltas {
            state.compare(reading, site)?;
        }
        batch.put_feed(&state.row)?;
        Ok(())
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
    fn new(definition: Definition, row: FeedRow) -> Self {
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
    pub(super) fn view<'a>(&'a self, site: &'a Site) -> View<'a> {
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

    /// Compares what the documents hold now with what they held before.
    fn compare(&mut self, reading: Reading<'_>, site: &Arc<Site>) -> Result<(), StoreError> {
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
    fn note(
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

/// When subscribers of a feed get a change, by its own reckoning: after all that they got before (until `latest`), also
/// under a clock that was set back. Otherwise what comes now would lie outside the window, and a poller miss it.
pub(super) fn moment(
    change: &Touched,
    row: &ItemRow,
    comes_in: bool,
    now: DateTime<Utc>,
    latest: DateTime<Utc>,
) -> DateTime<Utc> {
    let moment = if comes_in { now } else { row.changed_at };
    let is_news = comes_in || change.before.as_ref().is_none_or(|before| before.changed_at != row.changed_at);
    if is_news && moment < latest { latest + TimeDelta::milliseconds(1) } else { moment }
}

/// Whether a change that concerns a feed moves its update time: everything but a silent correction does.
pub(super) fn is_retimed(change: &Touched, is_in: bool) -> bool {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) if is_in => before.item.times != after.item.times,
        _ => true,
    }
}

/// A feed's own update time: the newest update among its items; or, where what happened shows in none of them (a
/// withdrawal, a late arrival), the moment it happened. Never back.
pub(super) fn moved_to(
    old: Option<DateTime<FixedOffset>>,
    newest: Option<DateTime<FixedOffset>>,
    is_moved: bool,
    now: DateTime<Utc>,
) -> DateTime<FixedOffset> {
    let now: DateTime<FixedOffset> = now.trunc_subsecs(0).into();
    // An update time in the future would stop the clock of the feed until then.
    let newest = newest.map(|newest| newest.min(now));
    match (old, newest) {
        (None, newest) => newest.unwrap_or(now),
        (Some(old), _) if !is_moved => old,
        (Some(old), Some(newest)) if newest > old => newest,
        (Some(old), _) => old.max(now),
    }
}
