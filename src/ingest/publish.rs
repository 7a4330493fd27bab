//! Documents of what changed: rendered within the batch, shown once it is durable.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::feed::{
    By, CachePolicy, Definition, Deltas, Document, Format, WriteError, automatic_definition, link_header, opml, page,
    write,
};
use crate::http::Published;
use crate::item::Item;
use crate::ops::{Degraded, Health};
use crate::store::{Batch, FeedRow, StoreError};

use super::choose::shown;
use super::codings::Codings;
use super::feeds::Feeds;

/// Content-Type of OPML.
const OPML: &str = "text/x-opml; charset=utf-8";
/// Automatic feeds of a kind that the front page lists, those with the most items first; a page of their own lists more.
const FRONT_FEEDS: usize = 12;
/// Automatic feeds of a kind in the OPML list: readers show a person everything in it.
const OPML_FEEDS: usize = 100;

/// A document that takes its place when the batch is durable.
#[derive(Debug)]
pub(super) struct Ready {
    path: String,
    document: Document,
}

/// Renders within one batch.
pub(super) struct Press<'a, 'store> {
    pub batch: &'a mut Batch<'store>,
    pub health: &'a Health,
    pub now: DateTime<Utc>,
    pub ready: Vec<Ready>,
}

/// All paths that these feeds make live.
pub(super) fn live_paths(definitions: &[Definition]) -> impl Iterator<Item = String> {
    let of_feed = |feed: &Definition| {
        let documents = Format::ALL.map(|format| feed.document_path(format));
        documents.into_iter().chain([feed.page_path()])
    };
    definitions.iter().flat_map(of_feed).chain(["/opml.xml".to_owned()])
}

impl Press<'_, '_> {
    /// Makes the documents of these feeds, the page of each, and the front page, which shows all of them.
    pub(super) fn feeds(&mut self, feeds: &mut Feeds, concerned: &BTreeSet<usize>) -> Result<(), StoreError> {
        for index in concerned {
            feeds.select(self.batch, *index, self.now)?;
        }
        for index in concerned {
            self.documents(feeds, *index)?;
        }
        // The front page lists when each feed last changed, so it follows every one of them.
        if !concerned.is_empty() {
            self.front(feeds)?;
        }
        feeds.trim();
        Ok(())
    }

    fn documents(&mut self, feeds: &Feeds, index: usize) -> Result<(), StoreError> {
        let state = &feeds.states[index];
        let definition = &state.definition;
        let view = state.view(&feeds.site);
        // One thread a format: writing them takes longer than all else that a change needs.
        let written = std::thread::scope(|scope| {
            let threads = Format::ALL.map(|format| (format, scope.spawn(move || write(&view, format))));
            threads.map(|(format, thread)| (format, thread.join().unwrap_or_else(|panic| resume_unwind(panic))))
        });
        for (format, written) in written {
            let path = definition.document_path(format);
            let link = link_header(&feeds.site, &path);
            let is_put = self.put(path, format.content_type(), written, definition, link)?;
            if let (true, Some(edition), Some(ready)) = (is_put, &state.edition, self.ready.last_mut()) {
                ready.document.deltas = Some(Deltas::new(Arc::clone(edition), format));
            }
        }
        if !definition.path.is_empty() {
            let (summary, newest) = summary(feeds, index);
            let html = page::feed(&feeds.site, &summary, newest);
            self.put(definition.page_path(), page::CONTENT_TYPE, html, definition, None)?;
        }
        Ok(())
    }

    fn front(&mut self, feeds: &Feeds) -> Result<(), StoreError> {
        let (automatic, unlisted) = self.automatic(feeds, FRONT_FEEDS)?;
        let mut summaries: Vec<_> = (0..feeds.states.len()).map(|index| summary(feeds, index).0).collect();
        // When each was updated is left out: it would have to be right, and nobody reads so many dates.
        summaries.extend(automatic.iter().map(|feed| page::FeedSummary { feed, updated: None, archive: None }));
        let everything = &feeds.states[0];
        let html = page::front(&feeds.site, &summaries, &unlisted, summary(feeds, 0).1);
        self.put("/".to_owned(), page::CONTENT_TYPE, html, &everything.definition, None)?;
        Ok(())
    }

    /// The largest automatic feeds of each kind, and the kinds that have others.
    fn automatic(&self, feeds: &Feeds, limit: usize) -> Result<(Vec<Definition>, Vec<By>), StoreError> {
        let (mut definitions, mut unlisted) = (Vec::new(), Vec::new());
        for by in By::ALL.into_iter().filter(|by| feeds.automatic.contains(by)) {
            // One more tells whether there are others: counting all would cost more with every feed.
            let rows = self.batch.reading().largest_feeds(by, 0, limit + 1)?;
            unlisted.extend((rows.len() > limit).then_some(by));
            let (title, template) = (&feeds.site.title, &feeds.states[0].definition);
            let definition = |row: &FeedRow| automatic_definition(by, &row.path, &row.name, title, template);
            definitions.extend(rows.iter().take(limit).map(definition));
        }
        Ok((definitions, unlisted))
    }

    /// The list of feeds; it changes when a feed comes in.
    pub(super) fn opml(&mut self, feeds: &Feeds) -> Result<(), StoreError> {
        let (mut automatic, _) = self.automatic(feeds, OPML_FEEDS)?;
        // Not by size, which changes with every article: the list would be another one after a restart.
        automatic.sort_by(|one, other| one.path.cmp(&other.path));
        let configured = feeds.states.iter().map(|state| &state.definition);
        let definitions: Vec<&Definition> = configured.chain(&automatic).collect();
        let created = match self.batch.meta("created")? {
            Some(text) => text.parse::<DateTime<Utc>>().map_err(|_| StoreError::Corrupt("no right meta row".into()))?,
            None => {
                self.batch.set_meta("created", &self.now.format("%Y-%m-%dT%H:%M:%SZ").to_string())?;
                self.now
            }
        };
        let written = opml(&feeds.site, &definitions, created.into());
        self.put("/opml.xml".to_owned(), OPML, written, &feeds.states[0].definition, None)?;
        Ok(())
    }

    /// Settles the validators of what was written; one that did not pass its check leaves the last good one in place.
    fn put(
        &mut self,
        path: String,
        content_type: &'static str,
        written: Result<Vec<u8>, WriteError>,
        definition: &Definition,
        link: Option<String>,
    ) -> Result<bool, StoreError> {
        let bytes = match written {
            Ok(bytes) => bytes,
            Err(error) => {
                let reason = format!("`{path}` was not replaced: {error}");
                tracing::error!("{reason}");
                self.health.degrade_one(Degraded::Document, &path, reason);
                return Ok(false);
            }
        };
        if self.health.restore_one(Degraded::Document, &path) {
            tracing::info!("all documents pass their check again");
        }
        let last_modified = self.batch.settle_document(&path, &bytes, self.now)?;
        let cache = CachePolicy { max_age: definition.max_age, is_stable: false };
        let document = Document::new(content_type, bytes, last_modified, cache, link);
        self.ready.push(Ready { path, document });
        Ok(true)
    }
}

/// A feed as pages list it, and the items that its own page shows.
fn summary(feeds: &Feeds, index: usize) -> (page::FeedSummary<'_>, &[Arc<Item>]) {
    let state = &feeds.states[index];
    let (newest, archive) = shown(&state.row, &state.items);
    (
        page::FeedSummary {
            feed: &state.definition,
            updated: state.row.updated.filter(|_| state.row.placed > 0),
            archive,
        },
        newest,
    )
}

/// The documents with the content codings that they are shown with, made on as many threads as there are processors; and
/// what comes of `meanwhile`, which mostly waits for the disk.
pub(super) fn coded<T>(
    ready: Vec<Ready>,
    code: fn(Document) -> Document,
    meanwhile: impl FnOnce() -> T,
) -> (Vec<Ready>, T) {
    /// Asking for it means reading a few files.
    static PROCESSORS: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));
    let threads = ready.len().min(*PROCESSORS);
    let waiting = Mutex::new(ready.into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut done = Vec::new();
        while let Some(Ready { path, document }) = next() {
            done.push(Ready { path, document: code(document) });
        }
        done
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let result = meanwhile();
        // A panic in a coder would be one here as well.
        let done = workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (done.collect(), result)
    })
}

/// Shows the documents to all requests from now on, and has `codings` make those that they lack; gives their paths.
pub(super) fn show(published: &Published, ready: Vec<Ready>, codings: Option<&Codings>) -> Vec<String> {
    let mut paths = Vec::with_capacity(ready.len());
    for Ready { path, document } in ready {
        if let Some(slot) = published.slot(&path) {
            let document = slot.publish(document);
            if let Some(codings) = codings {
                codings.complete(&path, slot, document);
            }
            paths.push(path);
        }
    }
    paths
}
