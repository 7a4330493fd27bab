//! What one feed document says, before any format.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};

use super::{Definition, Format, Site, iri};
use crate::item::{Item, ItemId, Language};

/// What one feed document says. Borrowed: writers copy nothing that they need not.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What all documents share.
    pub site: &'a Site,
    /// The feed.
    pub feed: &'a Definition,
    /// In document order, each id once.
    pub items: &'a [Arc<Item>],
    /// When the feed's content last changed for a subscriber: RSS `lastBuildDate`, Atom `updated`.
    pub updated: DateTime<FixedOffset>,
    /// Which of the feed's documents this is.
    pub paging: Paging,
    /// Withdrawn items, written by Atom alone (RFC 6721). One whose item is in `items` is left out.
    pub tombstones: &'a [Tombstone],
}

/// Where a document stands among the documents of its feed (RFC 5005). Archive pages are numbered from the oldest, 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// The document that people subscribe to.
    Subscription {
        /// The newest archive page, if there is any.
        prev_archive: Option<u64>,
        /// Whether the document holds every item of the feed: `fh:complete` (§2). Not together with `prev_archive`.
        is_complete: bool,
    },
    /// An archive page (§4).
    Archive {
        /// Its own number.
        page: u64,
        /// The page of older items.
        prev: Option<u64>,
        /// The page of newer items; `None` on the newest page.
        next: Option<u64>,
    },
}

/// The record that an item was withdrawn (RFC 6721).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The item, by the id that its entry had.
    pub id: ItemId,
    /// Since when it is gone.
    pub withdrawn: DateTime<Utc>,
}

/// Namespace of the marker elements of RFC 5005, whose prefix is `fh`.
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// A link of the feed itself, as `atom:link` in both XML formats.
pub(super) struct FeedLink {
    pub(super) rel: &'static str,
    pub(super) href: String,
    pub(super) media_type: Option<&'static str>,
}

impl View<'_> {
    /// Path of this document below the site.
    #[must_use]
    pub fn path(&self, format: Format) -> String {
        match self.paging {
            Paging::Subscription { .. } => self.feed.document_path(format),
            Paging::Archive { page, .. } => self.feed.archive_path(page, format),
        }
    }

    /// The hubs where the document can be subscribed to: archive pages are nothing to wait for.
    pub(super) fn hubs(&self) -> &[String] {
        match self.paging {
            Paging::Subscription { .. } => &self.site.hubs,
            Paging::Archive { .. } => &[],
        }
    }

    /// `self`, the hubs and the archive links, in this order.
    pub(super) fn links(&self, format: Format) -> Vec<FeedLink> {
        let own = |rel, path: &str| FeedLink { rel, href: self.site.url(path), media_type: Some(format.media_type()) };
        let archive = |rel, page: Option<u64>| page.map(|page| own(rel, &self.feed.archive_path(page, format)));
        let mut links = vec![own("self", &self.path(format))];
        links.extend(self.hubs().iter().map(|hub| FeedLink {
            rel: "hub",
            href: iri::uri(hub).into_owned(),
            media_type: None,
        }));
        match self.paging {
            Paging::Subscription { prev_archive, .. } => links.extend(archive("prev-archive", prev_archive)),
            Paging::Archive { prev, next, .. } => {
                links.push(own("current", &self.feed.document_path(format)));
                links.extend(archive("prev-archive", prev));
                links.extend(archive("next-archive", next));
            }
        }
        links
    }

    /// URL of the document with the next older items: JSON Feed's `next_url`.
    pub(super) fn older_url(&self, format: Format) -> Option<String> {
        let older = match self.paging {
            Paging::Subscription { prev_archive, .. } => prev_archive,
            Paging::Archive { prev, .. } => prev,
        };
        older.map(|page| self.site.url(&self.feed.archive_path(page, format)))
    }

    /// About how many bytes the items take in a document, so that it need not be moved while it grows.
    pub(super) fn expected_size(&self) -> usize {
        /// For all but the content of an item.
        const AROUND: usize = 1024;
        self.items.iter().map(|item| item.content.len() + AROUND).sum()
    }

    /// Name of the RFC 5005 marker element that the document carries.
    pub(super) fn history_marker(&self) -> Option<&'static str> {
        match self.paging {
            Paging::Subscription { is_complete: true, .. } => Some("fh:complete"),
            Paging::Subscription { .. } => None,
            Paging::Archive { .. } => Some("fh:archive"),
        }
    }

    /// Language of the feed's own words, which its items inherit: the one language that it selects, else the site's.
    pub(super) fn language(&self) -> Option<&Language> {
        self.feed.language(self.site)
    }

    /// What a reader shows below the title. RSS must have some; the other formats claim only what was declared.
    pub(super) fn description(&self) -> Cow<'_, str> {
        if let Some(description) = &self.feed.description {
            Cow::Borrowed(description)
        } else if self.feed.title == self.site.title {
            Cow::Borrowed(&self.feed.title)
        } else {
            Cow::Owned(format!("{} – {}", self.feed.title, self.site.title))
        }
    }
}

/// Where an item's title leads: the article, or our own page where the seed named no usable URL.
pub(super) fn item_link<'a>(site: &Site, item: &'a Item) -> Cow<'a, str> {
    match item.url.as_deref().filter(|url| iri::is_http(url)) {
        Some(url) => iri::uri(url),
        None => Cow::Owned(site.url(&super::page::item_path(item))),
    }
}
