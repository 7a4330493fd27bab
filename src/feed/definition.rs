//! What a feed is: its name, what it selects, and how much of it a document holds.

use std::time::Duration;

use super::{Filter, Format, Site};
use crate::item::Language;

/// A named selection of items.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Path of the feed below the site without trailing slash: empty for the feed of everything,
    /// `/feeds/world` for a configured one.
    pub path: String,
    /// Plain text.
    pub title: String,
    /// What it is about, plain text; `None` where nobody has said.
    pub description: Option<String>,
    /// Which items belong to it.
    pub filter: Filter,
    /// How much of it one document holds.
    pub limits: Limits,
    /// Full text or summaries.
    pub content: Content,
    /// For how long a copy is fresh: `max-age`, `ttl` and `sy:updateFrequency` all say this.
    pub max_age: Duration,
}

impl Definition {
    /// Path of one of the three documents (`/feeds/world/atom.xml`).
    #[must_use]
    pub fn document_path(&self, format: Format) -> String {
        format!("{}/{}", self.path, format.file_name())
    }

    /// Path of an archive page (RFC 5005); pages are numbered from the oldest, 1 (`/feeds/world/archive/1/atom.xml`).
    #[must_use]
    pub fn archive_path(&self, page: u64, format: Format) -> String {
        format!("{}{}", archive_page_path(&self.path, page), format.file_name())
    }

    /// Language of the feed's own words, which its items inherit: the one language that it selects, else the site's.
    #[must_use]
    pub fn language<'a>(&'a self, site: &'a Site) -> Option<&'a Language> {
        self.only_language().or(site.language.as_ref())
    }

    /// The one language that the feed selects.
    pub(super) fn only_language(&self) -> Option<&Language> {
        match self.filter.languages.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Path of the page for people: `/`, or `/feeds/world/`.
    #[must_use]
    pub fn page_path(&self) -> String {
        format!("{}/", self.path)
    }
}

/// Path of an archive page for people, below which its documents are, of the feed at this path (`/feeds/world/archive/1/`).
#[must_use]
pub fn archive_page_path(feed: &str, page: u64) -> String {
    format!("{feed}/archive/{page}/")
}

/// How much a feed document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The newest so many items, by update time.
    pub items: usize,
    /// Plus every item that arrived or changed within this time before the feed's last change, so that a burst
    /// between two polls loses nothing.
    pub window: Duration,
    /// But never more items than this.
    pub max_items: usize,
    /// Nor more bytes of content than this.
    pub max_bytes: usize,
}

/// How much of an item a feed document carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The whole article and a summary.
    Full,
    /// The summary only.
    Summary,
}
