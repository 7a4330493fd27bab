//! Documents that are made when somebody asks: pages of items, archive pages, feeds that nobody has to configure.

mod address;
mod archive;
mod feed;
mod list;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Config;
use crate::feed::{By, CachePolicy, Definition, Document, Format, Site, automatic_definition, page, rounded_up};
use crate::http::{OnDemand, Rendered};
use crate::ingest::Clock;
use crate::item::Item;
use crate::store::{FeedRow, Reader, Reading, State, StoreError};

use address::{Address, What};
use list::Kept;
pub(super) use list::LISTED;

/// How long a copy of an item's page may be used.
const MAX_AGE: Duration = Duration::from_secs(300);

/// Makes documents from the store.
#[derive(Debug)]
pub struct Pages {
    reader: Reader,
    clock: Clock,
    shared: ArcSwap<Basis>,
    lists: Kept,
}

/// What documents depend on besides the store.
#[derive(Debug)]
struct Basis {
    site: Site,
    /// The site as feeds show it that nobody has configured: hubs elsewhere are not told of changes to them.
    automatic_site: Site,
    definitions: Vec<Definition>,
    /// The kinds of automatic feeds.
    automatic: Vec<By>,
    tombstone_age: TimeDelta,
}

/// One rendering: a state of the store, and what belongs to it.
struct Room<'a> {
    reading: Reading<'a>,
    basis: &'a Basis,
    now: DateTime<Utc>,
    /// Since when documents have the form that they have.
    form_since: DateTime<Utc>,
}

impl Pages {
    /// Pages of this site and these feeds.
    #[must_use]
    pub fn new(reader: Reader, config: &Config, site: Site, clock: Clock) -> Self {
        Self { reader, clock, shared: ArcSwap::from_pointee(Basis::new(config, site)), lists: Kept::default() }
    }

    /// What else is no longer right when the document at `path` is not: each path once, when it has been made since.
    pub fn stale_with(&self, path: &str) -> Vec<String> {
        self.lists.take(path)
    }

    /// Pages made from now on are of this site and these feeds.
    pub fn reload(&self, config: &Config, site: Site) {
        self.shared.store(Arc::new(Basis::new(config, site)));
    }

    fn make(&self, path: &str) -> anyhow::Result<Rendered> {
        let Some(address) = Address::read(path) else { return Ok(Rendered::Missing) };
        if let What::List { by, page } = address.what {
            self.lists.note(by, page);
        }
        let basis = self.shared.load();
        self.reader.read(|reading| {
            let since = reading.meta("form_since")?.and_then(|text| text.parse().ok());
            let form_since = since.unwrap_or(DateTime::UNIX_EPOCH);
            let room = Room { reading, basis: &basis, now: (self.clock)(), form_since };
            Ok(match (room.answer(&address)?, address.with_slash) {
                (Rendered::Found(_), Some(slashed)) => Rendered::Redirect(slashed),
                // In a new store nobody knows yet.
                (Rendered::Missing | Rendered::Gone, _) if reading.meta("scanned")?.is_none() => Rendered::Failed,
                (rendered, _) => rendered,
            })
        })
    }
}

impl Basis {
    fn new(config: &Config, site: Site) -> Self {
        let mut automatic_site = site.clone();
        automatic_site.hubs.retain(|hub| !config.hub.external.contains(hub));
        Self {
            site,
            automatic_site,
            definitions: config.feeds.clone(),
            automatic: config.automatic.clone(),
            tombstone_age: config.seeds.tombstone_age,
        }
    }
}

/// What is known of a feed.
enum Known {
    /// It has never had an item.
    Never,
    /// It, or its kind, was taken out of the configuration.
    Retired,
    Feed(Box<(Definition, FeedRow)>),
}

impl Room<'_> {
    fn answer(&self, address: &Address) -> anyhow::Result<Rendered> {
        match &address.what {
            What::Item(handle) => self.item(handle),
            What::List { by, page } => self.list(*by, *page),
            What::Feed { path, format } => match self.known(path)? {
                Known::Retired => Ok(Rendered::Gone),
                // The documents of configured feeds are kept ready and never asked for here, except before there are any.
                Known::Feed(known) if known.1.by.is_some() => self.feed(&known.0, &known.1, *format),
                _ => Ok(Rendered::Missing),
            },
            What::Archive { path, page, format } => match self.known(path)? {
                Known::Retired => Ok(Rendered::Gone),
                Known::Feed(known) => self.archive(&known.0, &known.1, *page, *format),
                Known::Never => Ok(Rendered::Missing),
            },
        }
    }

    fn item(&self, handle: &str) -> anyhow::Result<Rendered> {
        let Some(row) = self.reading.item_by_handle(handle)? else { return Ok(Rendered::Missing) };
        Ok(match row.state {
            State::Withdrawn => Rendered::Gone,
            State::Scheduled => Rendered::Missing,
            State::Live => {
                let html = page::item(&self.basis.site, &row.item, &self.basis.automatic)?;
                self.undated(html, row.changed_at)
            }
        })
    }

    fn known(&self, path: &str) -> anyhow::Result<Known> {
        let Some(row) = self.reading.feed(path)? else { return Ok(Known::Never) };
        let definition = match row.by {
            Some(by) => self.automatic(by, &row),
            None => match self.basis.definitions.iter().find(|definition| definition.path == path) {
                Some(definition) => definition.clone(),
                None => return Ok(Known::Retired),
            },
        };
        Ok(match row.by {
            _ if row.placed > 0 => Known::Feed(Box::new((definition, row))),
            // Only those that ever had an item have a row.
            Some(_) => Known::Retired,
            None => Known::Never,
        })
    }

    fn automatic(&self, by: By, row: &FeedRow) -> Definition {
        automatic_definition(by, &row.path, &row.name, &self.basis.site.title, &self.basis.definitions[0])
    }

    fn load(&self, seq: i64) -> Result<Arc<Item>, StoreError> {
        let row = self.reading.item(seq)?;
        row.map(|row| Arc::new(row.item))
            .ok_or_else(|| StoreError::Corrupt(format!("item {seq} is a member of a feed but not there")))
    }

    fn document(
        &self,
        content_type: &'static str,
        bytes: Vec<u8>,
        changed: DateTime<Utc>,
        cache: CachePolicy,
        link: Option<String>,
    ) -> Rendered {
        let modified = rounded_up(changed.max(self.form_since));
        Rendered::Found(Document::new(content_type, bytes, modified, cache, link).compress())
    }

    /// A page that also changes where nothing says when: by the address or category of an article, by a feed that ends.
    fn undated(&self, html: Vec<u8>, changed: DateTime<Utc>) -> Rendered {
        let cache = CachePolicy { max_age: MAX_AGE, is_stable: false };
        let modified = rounded_up(changed.max(self.form_since));
        Rendered::Found(Document::new(page::CONTENT_TYPE, html, modified, cache, None).undated().compress())
    }
}

/// Which of a feed's documents: one of the three for readers, or the page for people.
type Kind = Option<Format>;

impl OnDemand for Pages {
    fn render(&self, path: &str) -> Rendered {
        self.make(path).unwrap_or_else(|error| {
            tracing::error!(%error, path, "cannot make a document that was asked for");
            Rendered::Failed
        })
    }
}
