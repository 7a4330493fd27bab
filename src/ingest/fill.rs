//! Feeds get the items that were there before them, in the order of time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::feed::{By, automatic};
use crate::item::Item;
use crate::store::{Batch, FeedRow, Placing, StoreError};

use super::feeds::{FeedState, moved_to};

/// Items that are looked at together.
const CHUNK: usize = 1024;

/// Fills the configured feeds with these indexes, and all automatic ones of these kinds, with the items that `is_in`.
pub(super) fn fill(
    batch: &mut Batch<'_>,
    states: &mut [FeedState],
    indexes: &[usize],
    kinds: &[By],
    is_in: fn(&Item) -> bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if indexes.is_empty() && kinds.is_empty() {
        return Ok(());
    }
    for index in indexes {
        batch.clear_members(states[*index].row.feed)?;
    }
    let mut placing = Placing::default();
    let mut automatics: HashMap<String, FeedRow> = HashMap::new();
    let mut feeds = Vec::new();
    let mut after = 0;
    loop {
        let lights = batch.lights(after, CHUNK)?;
        let Some(last) = lights.last() else { break };
        after = last.seq;
        for light in lights.iter().filter(|light| is_in(&light.item)) {
            feeds.clear();
            for index in indexes {
                let FeedState { definition, row, .. } = &mut states[*index];
                if definition.filter.selects(&light.item, &light.standing) {
                    feeds.push(row.feed);
                    row.changed_at = row.changed_at.max(light.changed_at);
                }
            }
            for feed in automatic(&light.item, kinds) {
                let row = match automatics.get_mut(&feed.path) {
                    Some(row) => row,
                    None => {
                        let known = batch.reading().feed(&feed.path)?;
                        let row = known.unwrap_or_else(|| FeedRow::new(&feed.path, feed.by.into(), &feed.name));
                        let row = FeedRow { feed: batch.put_feed(&row)?, updated: None, filled_at: now, ..row };
                        automatics.entry(feed.path).or_insert(row)
                    }
                };
                feeds.push(row.feed);
                row.changed_at = row.changed_at.max(light.changed_at);
                row.updated = row.updated.max(Some(light.item.times.updated));
            }
            placing.put(light, &feeds);
        }
    }
    batch.fill_feeds(placing)?;
    for index in indexes {
        let row = &mut states[*index].row;
        row.filled_at = now;
        batch.put_feed(row)?;
    }
    for (path, row) in automatics {
        // What subscribers were told last never goes back.
        let told = batch.reading().feed(&path)?.and_then(|known| known.updated);
        let updated = told.max(Some(moved_to(None, row.updated, true, now)));
        // The window of a feed that is published for the first time ends now, so that an archive is no burst.
        let changed_at = if told.is_none() { now } else { row.changed_at };
        batch.put_feed(&FeedRow { updated, changed_at, ..row })?;
    }
    Ok(())
}
