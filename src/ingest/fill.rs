//! Feeds get the items that were there before them, in the order of time.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::feed::{By, automatic};
use crate::item::{Item, SeedPath};
use crate::store::{Batch, FeedRow, ItemRow, Placing, StoreError};

use super::apply::Touched;
use super::feeds::FeedState;
use super::moments::moved_to;

/// Items that are looked at together.
const CHUNK: usize = 1024;

/// Feeds that are filled, and what goes into them.
#[derive(Debug)]
pub(super) struct Filling {
    /// Indexes of the configured ones.
    configured: Vec<usize>,
    /// Kinds of the automatic ones.
    kinds: Vec<By>,
    /// The automatic ones by path.
    automatic: HashMap<String, FeedRow>,
    placing: Placing,
    /// Items that were placed and then changed: what is known of them here is not true any more.
    changed: HashSet<i64>,
}

impl Filling {
    /// Nothing goes into these feeds yet.
    pub(super) fn new(configured: Vec<usize>, kinds: &[By]) -> Self {
        Self {
            configured,
            kinds: kinds.to_vec(),
            automatic: HashMap::new(),
            placing: Placing::default(),
            changed: HashSet::new(),
        }
    }

    /// All live items that `is_in`.
    pub(super) fn take_all(
        &mut self,
        batch: &mut Batch<'_>,
        states: &[FeedState],
        is_in: fn(&Item) -> bool,
    ) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let lights = batch.lights(after, CHUNK)?;
            let Some(last) = lights.last() else { return Ok(()) };
            after = last.seq;
            for light in lights.iter().filter(|light| is_in(&light.item)) {
                self.place(batch, states, (light.seq, &light.item, &light.standing), light.changed_at)?;
            }
        }
    }

    /// Items that the batch touches.
    pub(super) fn take(
        &mut self,
        batch: &mut Batch<'_>,
        states: &[FeedState],
        touched: impl Iterator<Item = Touched>,
    ) -> Result<(), StoreError> {
        for Touched { seq, before, after } in touched {
            match (before, after) {
                (None, Some(ItemRow { item, standing, changed_at, .. })) => {
                    self.place(batch, states, (seq, &item, &standing), changed_at)?;
                }
                _ => drop(self.changed.insert(seq)),
            }
        }
        Ok(())
    }

    fn place(
        &mut self,
        batch: &mut Batch<'_>,
        states: &[FeedState],
        (seq, item, standing): (i64, &Item, &SeedPath),
        changed_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut feeds = self.selecting(states, item, standing);
        for feed in automatic(item, &self.kinds) {
            let row = match self.automatic.get(&feed.path) {
                Some(row) => row,
                None => {
                    let known = batch.reading().feed(&feed.path)?;
                    let row = known.unwrap_or_else(|| FeedRow::new(&feed.path, Some(feed.by), &feed.name));
                    let row = FeedRow { feed: batch.put_feed(&row)?, ..row };
                    self.automatic.entry(feed.path).or_insert(row)
                }
            };
            feeds.push(row.feed);
        }
        self.placing.put(seq, item, changed_at, &feeds);
        Ok(())
    }

    /// Numbers of the configured feeds that select an item.
    fn selecting(&self, states: &[FeedState], item: &Item, standing: &SeedPath) -> Vec<i64> {
        let states = self.configured.iter().map(|index| &states[*index]);
        let selecting = states.filter(|state| state.definition.filter.selects(item, standing));
        selecting.map(|state| state.row.feed).collect()
    }

    /// Makes all that was taken the members of the feeds, and nothing else; and has them name what was withdrawn after
    /// `named_since`.
    pub(super) fn finish(
        mut self,
        batch: &mut Batch<'_>,
        states: &mut [FeedState],
        named_since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.placing.remove(&self.changed);
        for seq in std::mem::take(&mut self.changed) {
            if let Some(light) = batch.light(seq)? {
                self.place(batch, states, (seq, &light.item, &light.standing), light.changed_at)?;
            }
        }
        for index in &self.configured {
            batch.clear_members(states[*index].row.feed)?;
        }
        if !self.kinds.is_empty() {
            batch.clear_automatic()?;
        }
        let filled = batch.fill_feeds(std::mem::take(&mut self.placing))?;
        self.place_withdrawn(batch, states, named_since)?;
        let filled: HashMap<i64, _> = filled.into_iter().map(|filled| (filled.feed, filled)).collect();
        for index in self.configured {
            let row = &mut states[index].row;
            row.filled_at = now;
            if let Some(filled) = filled.get(&row.feed) {
                row.changed_at = row.changed_at.max(filled.changed_at);
            }
            batch.put_feed(row)?;
        }
        for row in self.automatic.into_values() {
            let Some(filled) = filled.get(&row.feed) else {
                if row.updated.is_some() {
                    batch.put_feed(&FeedRow { filled_at: now, ..row })?;
                }
                continue;
            };
            // What subscribers were told last never goes back.
            let updated = row.updated.max(Some(moved_to(None, Some(filled.newest), true, now)));
            // The window of a feed that is published for the first time ends now, so that an archive is no burst.
            let changed_at = if row.updated.is_none() { now } else { row.changed_at.max(filled.changed_at) };
            batch.put_feed(&FeedRow { updated, changed_at, filled_at: now, ..row })?;
        }
        Ok(())
    }

    /// Subscribers who have a withdrawn item are told so, whatever happened to the feed since.
    fn place_withdrawn(
        &mut self,
        batch: &mut Batch<'_>,
        states: &[FeedState],
        since: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for (light, withdrawn) in batch.withdrawn_lights(since)? {
            for feed in self.selecting(states, &light.item, &light.standing) {
                batch.put_gone_member(feed, &light, withdrawn)?;
            }
            for feed in automatic(&light.item, &self.kinds) {
                // One that is new has no subscribers.
                let Some(row) = batch.reading().feed(&feed.path)?.filter(|row| row.updated.is_some()) else { continue };
                batch.put_gone_member(row.feed, &light, withdrawn)?;
                self.automatic.entry(feed.path).or_insert(row);
            }
        }
        Ok(())
    }
}
