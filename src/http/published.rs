//! The documents that are shown, each at its path.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use foldhash::fast::RandomState;

use crate::feed::Document;

use super::served::Served;

/// Where one resource's current document stands; `None` until it is first made.
#[derive(Debug, Default)]
pub struct Slot {
    current: ArcSwapOption<Served>,
}

impl Slot {
    /// The document as of now.
    #[must_use]
    pub fn load(&self) -> Option<Arc<Served>> {
        self.current.load_full()
    }

    /// Replaces the document for all requests from now on; gives it as it is shown. Only one thread publishes to a slot.
    pub fn publish(&self, mut document: Document) -> Arc<Served> {
        if let Some(before) = self.load() {
            document.follow(&before);
        }
        let served = Arc::new(Served::from(document));
        self.current.store(Some(Arc::clone(&served)));
        served
    }

    /// Puts `document`, the same with more variants, where `shown` is shown, and does nothing where another one has taken
    /// its place meanwhile.
    pub fn replace(&self, shown: &Arc<Served>, document: Document) {
        let served = Served::with_more_variants(document, shown);
        self.current.compare_and_swap(&Some(Arc::clone(shown)), Some(Arc::new(served)));
    }
}

/// The table of live documents by path (below the base URL's prefix). Looking up is wait-free; the set of paths
/// changes only when feeds are added or removed.
#[derive(Debug, Default)]
pub struct Published {
    slots: ArcSwap<HashMap<String, Arc<Slot>, RandomState>>,
}

impl Published {
    /// The slot of a path.
    #[must_use]
    pub fn slot(&self, path: &str) -> Option<Arc<Slot>> {
        self.slots.load().get(path).cloned()
    }

    /// The document at a path as of now: `None` where no live path is, `Some(None)` where it is not made yet.
    #[must_use]
    pub fn document(&self, path: &str) -> Option<Option<Arc<Served>>> {
        self.slots.load().get(path).map(|slot| slot.load())
    }

    /// All live paths.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.slots.load().keys().cloned().collect()
    }

    /// Makes exactly these paths live; paths that stay keep their documents.
    pub fn retain_paths(&self, paths: impl IntoIterator<Item = String>) {
        let old = self.slots.load();
        let new = paths.into_iter().map(|path| {
            let slot = old.get(&path).cloned().unwrap_or_default();
            (path, slot)
        });
        self.slots.store(Arc::new(new.collect()));
    }
}
