//! Which items a feed document holds.

use std::cmp::Reverse;
use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::Limits;
use crate::item::ItemId;

/// What the choice needs to know of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The item; ties are broken by it.
    pub id: ItemId,
    /// The item's own update time: the order of the document.
    pub updated: DateTime<Utc>,
    /// When the item arrived or last changed here: the order in which the window keeps items.
    pub changed: DateTime<Utc>,
    /// Bytes of its content.
    pub size: usize,
}

/// Chooses the items of a subscription document and puts them in order, newest update first, ties by id.
///
/// 1. The newest `limits.items` of `newest` by update time.
/// 2. Of `recent` (those that arrived or changed within the window; the caller knows the window's end) the ones not
///    chosen yet, last changed first, while there are fewer than `limits.max_items`.
/// 3. While the content is larger than `limits.max_bytes`, items go again, in the reverse order of their choice: the
///    least recently changed of the window first. One item always stays.
///
/// The order of the arguments does not matter, and an id counts once.
#[must_use]
pub fn select(mut newest: Vec<Candidate>, mut recent: Vec<Candidate>, limits: &Limits) -> Vec<Candidate> {
    newest.sort_unstable_by(by_update);
    recent.sort_unstable_by(|a, b| (Reverse(a.changed), &a.id).cmp(&(Reverse(b.changed), &b.id)));

    let mut seen = HashSet::new();
    newest.retain(|candidate| seen.insert(candidate.id.clone()));
    newest.truncate(limits.items);
    let mut seen: HashSet<_> = newest.iter().map(|candidate| candidate.id.clone()).collect();
    recent.retain(|candidate| seen.insert(candidate.id.clone()));
    let mut chosen = newest;
    chosen.extend(recent);
    chosen.truncate(limits.max_items);

    let mut size = 0_usize;
    let fitting = chosen.iter().take_while(|candidate| {
        size = size.saturating_add(candidate.size);
        size <= limits.max_bytes
    });
    let fitting = fitting.count().max(1);
    chosen.truncate(fitting);
    chosen.sort_unstable_by(by_update);
    chosen
}

fn by_update(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    (Reverse(a.updated), &a.id).cmp(&(Reverse(b.updated), &b.id))
}
