//! Finished documents: bytes in every content coding with their validators, ready to be written to a socket.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use foldhash::fast::RandomState;

use super::coding::Coding;
use super::delta::Deltas;
use super::prepared::PreparedSlot;

/// One resource as it stands now. Immutable: a change publishes another one.
#[derive(Clone, Debug)]
pub struct Document {
    /// Value of Content-Type.
    pub content_type: &'static str,
    /// Identity first, then the codings that make it smaller.
    pub variants: Vec<Variant>,
    /// When this representation last changed here, rounded up to a whole second, so that two changes in one second
    /// never share a date that a client could hold for both. Until that second has come, the header says "now".
    pub last_modified: DateTime<Utc>,
    /// Whether that moves with every change of the bytes, so that it may be sent and compared with.
    pub is_dated: bool,
    /// For how long copies may be used.
    pub cache: CachePolicy,
    /// Value of the Link header: `rel=self`, `rel=hub`.
    pub link: Option<String>,
    /// What can be asked for instead by those who have an earlier version; `None` where nothing can.
    pub deltas: Option<Deltas>,
    /// What whoever serves it keeps with it.
    pub prepared: PreparedSlot,
}

/// The bytes of a document in one content coding.
#[derive(Clone, Debug)]
pub struct Variant {
    /// How `bytes` are coded.
    pub coding: Coding,
    /// Exactly what is sent.
    pub bytes: Bytes,
    /// Strong entity tag with its quotes, derived from `bytes`: equal tags mean equal bytes (RFC 9110 §8.8.3).
    pub etag: String,
    /// The same bytes once more, where serving keeps them.
    pub twin: Twin,
}

/// A place beside the bytes of a variant for a file with the same bytes, shared by its copies. Empty until whoever
/// serves them fills it.
#[derive(Clone, Debug, Default)]
pub struct Twin(Arc<Place>);

#[derive(Debug, Default)]
struct Place {
    is_claimed: AtomicBool,
    file: OnceLock<Arc<OwnedFd>>,
}

impl Twin {
    /// The file.
    #[must_use]
    pub fn file(&self) -> Option<&Arc<OwnedFd>> {
        self.0.file.get()
    }

    /// Whether the caller is the one to make it: true once.
    #[must_use]
    pub fn claim(&self) -> bool {
        !self.0.is_claimed.swap(true, Ordering::Relaxed)
    }

    /// Puts it in place.
    pub fn fill(&self, file: Arc<OwnedFd>) {
        // Whoever claimed it is alone in filling it.
        let _ = self.0.file.set(file);
    }
}

/// The whole second that is over last when the moment is, as in [`Document::last_modified`].
#[must_use]
pub fn rounded_up(at: DateTime<Utc>) -> DateTime<Utc> {
    let floor = at.trunc_subsecs(0);
    if floor == at { at } else { floor + TimeDelta::seconds(1) }
}

/// Freshness of a resource for caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePolicy {
    /// `max-age`.
    pub max_age: Duration,
    /// Whether the bytes at this URL stay as they are for good (full archive pages).
    pub is_stable: bool,
}

impl Document {
    /// A document of the identity coding alone; `compress` adds the others.
    #[must_use]
    pub fn new(
        content_type: &'static str,
        bytes: Vec<u8>,
        last_modified: DateTime<Utc>,
        cache: CachePolicy,
        link: Option<String>,
    ) -> Self {
        let variants = vec![Variant::new(Coding::Identity, bytes.into())];
        Self {
            content_type,
            variants,
            last_modified,
            is_dated: true,
            cache,
            link,
            deltas: None,
            prepared: PreparedSlot::default(),
        }
    }

    /// The same with no validator but its tags: its bytes can change under an unchanged time.
    #[must_use]
    pub fn undated(self) -> Self {
        Self { is_dated: false, ..self }
    }

    /// [`Self::last_modified`] where it may be relied on.
    #[must_use]
    pub fn date(&self) -> Option<DateTime<Utc>> {
        self.is_dated.then_some(self.last_modified)
    }

    /// The identity variant.
    #[must_use]
    pub fn identity(&self) -> &Variant {
        &self.variants[0]
    }
}

impl Variant {
    /// Bytes with the tag that belongs to them.
    #[must_use]
    pub fn new(coding: Coding, bytes: Bytes) -> Self {
        let etag = format!("\"{}\"", &blake3::hash(&bytes).to_hex()[..32]);
        Self { coding, bytes, etag, twin: Twin::default() }
    }
}

/// Where one resource's current document stands; `None` until it is first made.
#[derive(Debug, Default)]
pub struct Slot {
    current: ArcSwapOption<Document>,
}

impl Slot {
    /// The document as of now.
    #[must_use]
    pub fn load(&self) -> Option<Arc<Document>> {
        self.current.load_full()
    }

    /// Replaces the document for all requests from now on; gives it as it is shown. Only one thread publishes to a slot.
    pub fn publish(&self, mut document: Document) -> Arc<Document> {
        if let (Some(deltas), Some(before)) = (&mut document.deltas, self.load()) {
            let tags: Vec<&str> = document.variants.iter().map(|variant| variant.etag.as_str()).collect();
            deltas.follow(&before, &tags);
        }
        let document = Arc::new(document);
        self.current.store(Some(Arc::clone(&document)));
        document
    }

    /// Puts `document` where `shown` is shown, and does nothing where another one has taken its place meanwhile.
    pub fn replace(&self, shown: &Arc<Document>, document: Document) {
        self.current.compare_and_swap(&Some(Arc::clone(shown)), Some(Arc::new(document)));
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
    pub fn document(&self, path: &str) -> Option<Option<Arc<Document>>> {
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
