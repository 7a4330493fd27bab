//! What the documents of a feed hold, chosen from the store.

use std::collections::HashMap;
use std::sync::Arc;

use crate::feed::selection::{Candidate, select};
use crate::feed::{Content, Definition, Paging};
use crate::item::Item;
use crate::store::{ARCHIVE_PAGE, FeedRow, Reading, Selected, StoreError};

/// An article that is larger than this part of a document comes with its summary, so that it does not push the others out.
const LARGE: usize = 4;
/// Items on the page of a feed.
const PAGE_ITEMS: usize = 30;

/// The items of a subscription document.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// In document order.
    pub items: Vec<Arc<Item>>,
    /// Their numbers, in the same order.
    pub seqs: Vec<i64>,
    /// Where the document stands among those of the feed.
    pub paging: Paging,
}

/// Number of archive pages of a feed; the last one may not be full yet.
pub(crate) fn archive_pages(row: &FeedRow) -> u64 {
    row.placed.div_ceil(ARCHIVE_PAGE)
}

/// What the page of a feed that `row` describes shows of its items, the newest, and the newest page of the archive to go
/// on with where there are others.
pub(crate) fn shown<'a>(row: &FeedRow, items: &'a [Arc<Item>]) -> (&'a [Arc<Item>], Option<u64>) {
    let newest = &items[..items.len().min(PAGE_ITEMS)];
    let has_more = u64::try_from(newest.len()).is_ok_and(|count| count < row.live);
    (newest, Some(archive_pages(row)).filter(|pages| has_more && *pages > 0))
}

/// Chooses the items of the subscription document of the feed that `row` (as stored now) describes, and how much of each it
/// carries. `item` gives the item with a number.
pub(crate) fn choose(
    reading: Reading<'_>,
    row: &FeedRow,
    definition: &Definition,
    mut item: impl FnMut(i64) -> Result<Arc<Item>, StoreError>,
) -> Result<Chosen, StoreError> {
    let Definition { limits, content, .. } = definition;
    let newest = reading.newest(row.feed, limits.items)?;
    let recent = reading.recent(row.feed, row.changed_at - limits.window, limits.max_items)?;
    let mut by_id = HashMap::with_capacity(newest.len() + recent.len());
    let mut candidates = |chosen: &[Selected]| -> Result<Vec<Candidate>, StoreError> {
        let candidate = |one: &Selected| {
            let item = carried(item(one.seq)?, *content, limits.max_bytes);
            let candidate = Candidate {
                id: item.id.clone(),
                updated: item.times.updated.to_utc(),
                changed: one.changed_at,
                size: size(&item, *content),
            };
            by_id.insert(item.id.clone(), (one.seq, item));
            Ok(candidate)
        };
        chosen.iter().map(candidate).collect()
    };
    let chosen = select(candidates(&newest)?, candidates(&recent)?, limits);
    let (seqs, items): (Vec<_>, Vec<_>) =
        chosen.iter().map(|candidate| by_id.remove(&candidate.id).expect("what is chosen was a candidate")).unzip();
    let is_complete = u64::try_from(items.len()).is_ok_and(|count| count == row.live);
    let prev_archive = Some(archive_pages(row)).filter(|pages| *pages > 0 && !is_complete);
    Ok(Chosen { items, seqs, paging: Paging::Subscription { prev_archive, is_complete } })
}

/// As much of an item as a subscription document has.
fn carried(item: Arc<Item>, content: Content, max_bytes: usize) -> Arc<Item> {
    if content == Content::Summary || item.content.len() <= max_bytes / LARGE {
        return item;
    }
    Arc::new(Item { content: String::new(), ..Item::clone(&item) })
}

/// What counts against the bytes of a document.
fn size(item: &Item, content: Content) -> usize {
    match content {
        Content::Full => item.content.len(),
        Content::Summary => item.summary.as_ref().map_or(0, String::len),
    }
}
