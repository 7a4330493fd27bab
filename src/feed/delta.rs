//! What is new in a feed since an earlier edition of it: RFC 3229 with the instance manipulation `feed`.
//!
//! A delta is a whole feed document that holds only the items that are new or say something else than before. Items that
//! only fell off the end need no word; one that left the feed does, and only Atom has one (RFC 6721).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::{Definition, Document, Format, Paging, Site, Tombstone, View, WriteError, write};
use crate::item::{Item, ItemId, Language, digest};

/// Earlier editions that a delta can start from; who comes from farther back gets the whole document.
pub const EDITIONS: usize = 8;

/// The items of one edition and a digest of what each said, in document order.
pub type Marks = Arc<[Mark]>;

/// An item as an edition had it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    id: ItemId,
    digest: [u8; 16],
}

/// What a feed's documents are made of at one moment, the same for all formats, beside what the editions before had.
#[derive(Debug)]
pub struct Edition {
    site: Arc<Site>,
    feed: Definition,
    items: Vec<Arc<Item>>,
    updated: DateTime<FixedOffset>,
    paging: Paging,
    tombstones: Vec<Tombstone>,
    marks: Marks,
    earlier: Vec<Earlier>,
}

/// An edition of before, compared with this one.
#[derive(Debug)]
struct Earlier {
    marks: Marks,
    /// Indexes of items that are new since then or say something else.
    changed: Vec<usize>,
    /// Items that it had and that have left the feed since.
    left: Vec<ItemId>,
}

/// Marks of the items of a document.
#[must_use]
pub fn marks(items: &[Arc<Item>]) -> Marks {
    items.iter().map(|item| Mark { id: item.id.clone(), digest: digest_of(item) }).collect()
}

/// Digest of all that a document can say of an item.
fn digest_of(item: &Item) -> [u8; 16] {
    let Item { id, url, title, summary, content, times, language, categories, source } = item;
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: Option<&str>| {
        // The length tells where a field ends, and none from an empty one.
        let length = text.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(u64::MAX - 1));
        hasher.update(&length.to_le_bytes());
        hasher.update(text.unwrap_or_default().as_bytes());
    };
    add(Some(id.as_str()));
    add(Some(title));
    add(Some(content));
    for field in [url, summary, source] {
        add(field.as_deref());
    }
    add(language.as_ref().map(Language::as_str));
    categories.iter().for_each(|term| add(Some(term)));
    for time in [times.published, times.updated] {
        add(Some(&time.to_rfc3339()));
    }
    digest::start_of(&hasher.finalize())
}

impl Edition {
    /// The edition that a view shows. `earlier` are marks of editions before it, and for each the items that have left
    /// the feed since (as opposed to those that only fell off the end of the document).
    #[must_use]
    pub fn new(view: &View<'_>, site: Arc<Site>, marks: Marks, earlier: Vec<(Marks, Vec<ItemId>)>) -> Self {
        let compared = earlier.into_iter().map(|(before, left)| {
            let known: HashMap<&ItemId, &[u8; 16]> = before.iter().map(|mark| (&mark.id, &mark.digest)).collect();
            let is_new = |mark: &Mark| known.get(&mark.id).is_none_or(|digest| **digest != mark.digest);
            let changed = marks.iter().enumerate().filter(|(_, mark)| is_new(mark)).map(|(index, _)| index).collect();
            Earlier { marks: before, changed, left }
        });
        let earlier = compared.collect();
        Self {
            site,
            feed: view.feed.clone(),
            items: view.items.to_vec(),
            updated: view.updated,
            paging: view.paging,
            tombstones: view.tombstones.to_vec(),
            marks,
            earlier,
        }
    }

    /// Whether a delta from there is right, and worth it.
    fn is_told(&self, earlier: &Earlier, format: Format) -> bool {
        let tells_of = |id: &ItemId| self.tombstones.iter().any(|tombstone| tombstone.id == *id);
        let hides_nothing = match format {
            Format::Atom => earlier.left.iter().all(tells_of),
            Format::Rss | Format::Json => earlier.left.is_empty(),
        };
        let says_something = !earlier.changed.is_empty() || !earlier.left.is_empty();
        hides_nothing && says_something && earlier.changed.len() < self.items.len()
    }
}

/// The deltas that a document can be asked for instead of itself.
#[derive(Clone, Debug)]
pub struct Deltas {
    edition: Arc<Edition>,
    format: Format,
    bases: Vec<Base>,
}

/// An earlier version of the document.
#[derive(Clone, Debug)]
struct Base {
    /// Of all its codings: a client knows it by the one that it got.
    tags: Vec<String>,
    marks: Marks,
}

/// An earlier version of the document, by one of its entity tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    index: usize,
    coding: usize,
}

impl Deltas {
    /// Those of an edition's document in one format, as yet without any version before it.
    #[must_use]
    pub fn new(edition: Arc<Edition>, format: Format) -> Self {
        Self { edition, format, bases: Vec::new() }
    }

    /// Makes the document that this one takes the place of a base, beside its own bases. The editions decide which of
    /// them can still be one.
    pub(super) fn follow(&mut self, before: &Document, tags: &[&str]) {
        let Some(deltas) = &before.deltas else { return };
        let own = before.variants.iter().map(|variant| variant.etag.clone()).collect();
        let newest = Base { tags: own, marks: Arc::clone(&deltas.edition.marks) };
        let all = std::iter::once(newest).chain(deltas.bases.iter().cloned());
        // Bytes that come back, after a change that was undone, are no base of themselves.
        let is_other = |base: &Base| !base.tags.iter().any(|tag| tags.contains(&tag.as_str()));
        let bases = all.filter(|base| self.earlier(base).is_some() && is_other(base)).take(EDITIONS);
        self.bases = bases.collect();
    }

    fn earlier(&self, base: &Base) -> Option<&Earlier> {
        self.edition.earlier.iter().find(|earlier| Arc::ptr_eq(&earlier.marks, &base.marks))
    }

    /// The version that has this entity tag (without its quotes) in whatever coding, if the delta from there is right and
    /// worth it.
    #[must_use]
    pub fn base(&self, tag: &[u8]) -> Option<Known> {
        let named = |base: &Base| base.tags.iter().position(|known| known.trim_matches('"').as_bytes() == tag);
        let known = |(index, base)| named(base).map(|coding| Known { index, coding });
        let known = self.bases.iter().enumerate().find_map(known)?;
        let earlier = self.earlier(&self.bases[known.index])?;
        self.edition.is_told(earlier, self.format).then_some(known)
    }

    /// The entity tag by which a version was known.
    #[must_use]
    pub fn tag(&self, known: Known) -> &str {
        &self.bases[known.index].tags[known.coding]
    }

    /// The entity tag of a version's identity, by whatever coding it was known.
    #[must_use]
    pub fn identity_tag(&self, known: Known) -> &str {
        &self.bases[known.index].tags[0]
    }

    /// Writes the delta from a version that is known. The work of a millisecond: call it where blocking is allowed.
    ///
    /// # Errors
    /// As [`write()`], and never where the document itself could be written.
    ///
    /// # Panics
    /// When `known` is of another document.
    pub fn write(&self, known: Known) -> Result<Vec<u8>, WriteError> {
        let earlier = self.earlier(&self.bases[known.index]).expect("every base is one of the edition's");
        let edition = &*self.edition;
        let items: Vec<Arc<Item>> = earlier.changed.iter().map(|&index| Arc::clone(&edition.items[index])).collect();
        // A tombstone is left out where the item has an entry, which it may have in the whole document only.
        let present: HashSet<&ItemId> = edition.items.iter().map(|item| &item.id).collect();
        let gone = edition.tombstones.iter().filter(|tombstone| !present.contains(&tombstone.id));
        let paging = match edition.paging {
            // "Complete" would say that there is nothing but the delta (RFC 5005 §2).
            Paging::Subscription { prev_archive, .. } => Paging::Subscription { prev_archive, is_complete: false },
            archive @ Paging::Archive { .. } => archive,
        };
        let view = View {
            site: &edition.site,
            feed: &edition.feed,
            items: &items,
            updated: edition.updated,
            paging,
            tombstones: &gone.cloned().collect::<Vec<_>>(),
        };
        write(&view, self.format)
    }
}
