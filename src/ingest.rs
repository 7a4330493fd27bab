//! The whole run from a changed file to a shown document.
//!
//! Changes come from the watcher; each batch of them is read, parsed, stored and rendered in one transaction and shown
//! when that is durable. One thread writes; reading and parsing are spread over several.

mod apply;
mod automatic;
mod brake;
mod choose;
mod codings;
mod engine;
mod feeds;
mod fill;
mod first_listing;
mod intake;
mod moments;
mod moves;
mod news;
mod noticed;
mod progression;
mod publish;
mod read;
mod readers;
mod revise;
mod stale;
mod sweep;
mod unreadable;
mod withdraw;
mod work;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::feed::Site;
use crate::http::Published;
use crate::item::{Diagnostic, SeedPath};
use crate::ops::{Health, Metrics};
use crate::parse::Parsed;
use crate::seed::{Change, Reason, WatchError, Watcher, Writers};
use crate::store::{Store, StoreError};

use codings::Codings;
use engine::Engine;
use read::Source;

pub(crate) use choose::{archive_pages, choose, shown};
pub use revise::{Seen, is_edited, not_before, revise};

/// Tells the time; passed in, so that tests can set it.
pub type Clock = fn() -> DateTime<Utc>;

/// What is no longer right of the documents that are made when asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleDocuments<'a> {
    /// The one with this path.
    One(&'a str),
    /// Any of them.
    All,
}

/// Called with what is no longer right.
pub type DocumentStale = Box<dyn Fn(StaleDocuments<'_>) + Send + Sync>;

/// Called with the paths of documents that were made anew, once they are shown.
pub type DocumentsShown = Box<dyn Fn(&[String]) + Send + Sync>;

/// What the ingest thread shares with the rest of the service.
pub struct Shared {
    /// Where documents are shown.
    pub published: Arc<Published>,
    /// What is wrong.
    pub health: Arc<Health>,
    /// What was done, and how long it took.
    pub metrics: Arc<Metrics>,
    document_stale: DocumentStale,
    documents_shown: DocumentsShown,
    is_stopping: AtomicBool,
    accepts_removals: AtomicBool,
    listings: AtomicU64,
    failure: Mutex<Option<String>>,
    /// Who was writing when the last ingest was stopped.
    writers: Mutex<Writers>,
}

impl Shared {
    /// `document_stale` is told what is no longer right of what is not kept ready, `documents_shown` the
    /// paths of documents that took the place of others.
    #[must_use]
    pub fn new(
        published: Arc<Published>,
        health: Arc<Health>,
        metrics: Arc<Metrics>,
        document_stale: DocumentStale,
        documents_shown: DocumentsShown,
    ) -> Arc<Self> {
        Arc::new(Self {
            published,
            health,
            metrics,
            document_stale,
            documents_shown,
            is_stopping: AtomicBool::new(false),
            accepts_removals: AtomicBool::new(false),
            listings: AtomicU64::new(0),
            failure: Mutex::default(),
            writers: Mutex::default(),
        })
    }

    /// Makes it usable for the next ingest after one that was stopped.
    pub fn restart(&self) {
        self.is_stopping.store(false, Ordering::Release);
    }

    /// Has seeds that are gone taken as meant to be gone, the next time that many are.
    pub fn accept_removals(&self) {
        self.accepts_removals.store(true, Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    fn take_acceptance(&self) -> bool {
        self.accepts_removals.swap(false, Ordering::AcqRel)
    }

    fn document_stale(&self, path: &str) {
        (self.document_stale)(StaleDocuments::One(path));
    }

    fn all_stale(&self) {
        (self.document_stale)(StaleDocuments::All);
    }

    fn listed(&self) {
        self.listings.fetch_add(1, Ordering::AcqRel);
    }

    fn documents_shown(&self, paths: &[String]) {
        (self.documents_shown)(paths);
    }

    fn keep_writers(&self, writers: Writers) {
        *self.writers.lock().unwrap_or_else(PoisonError::into_inner) = writers;
    }

    fn take_writers(&self) -> Writers {
        std::mem::take(&mut self.writers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn fail(&self, reason: String) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }
}

/// Why ingest did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The seed directory cannot be watched.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// A running ingest.
pub struct Ingest {
    shared: Arc<Shared>,
    sender: Sender<Change>,
    thread: JoinHandle<Store>,
}

impl Ingest {
    /// Shows what the store has, then scans. The watches are in place already, so that nothing that happens while the
    /// directory is listed is missed. Returns when the documents of the last run are shown.
    ///
    /// # Errors
    /// When the store cannot be used, or the system gives no thread.
    pub fn start(
        mut watcher: Watcher,
        config: Config,
        site: Site,
        tag_authority: String,
        store: Store,
        shared: Arc<Shared>,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let codings = Codings::start().map_err(StartError::Thread)?;
        let engine = Engine::open(config, site, tag_authority, store, Arc::clone(&shared), codings, clock)?;
        let (sender, receiver) = channel();
        watcher.resume(shared.take_writers());
        let watch = watcher.start(sender.clone())?;
        let thread = std::thread::Builder::new()
            .name("ingest".to_owned())
            .spawn(move || engine.run(watch, &receiver))
            .map_err(StartError::Thread)?;
        Ok(Self { shared, sender, thread })
    }

    /// Has everything listed now. With `accepts_removals`, seeds that are gone are taken as meant to be gone.
    pub fn rescan(&self, accepts_removals: bool) {
        if accepts_removals {
            self.shared.accept_removals();
        }
        // Nobody listens only when the thread has ended; then there is nothing to list for.
        let _ = self.sender.send(Change::Rescan(Reason::Reconcile));
    }

    /// How many times everything was listed and all that followed from it was done.
    #[must_use]
    pub fn listings(&self) -> u64 {
        self.shared.listings.load(Ordering::Acquire)
    }

    /// Whether the thread still works.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Why the thread ended by itself.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Finishes the batch under way and ends; gives the store back.
    ///
    /// # Errors
    /// When the thread had panicked.
    pub fn stop(self) -> Result<Store, Panicked> {
        self.shared.is_stopping.store(true, Ordering::Release);
        let _ = self.sender.send(Change::Rescan(Reason::Reconcile));
        self.thread.join().map_err(|_| Panicked)
    }
}

/// The ingest thread panicked.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the ingest thread panicked")]
pub struct Panicked;

/// What the bytes of a seed say, read with what the configuration declares for it; `first_seen` stands in for a
/// publication time that the seed does not give.
///
/// # Errors
/// Why the seed gives no item.
pub fn parse_seed(
    config: &Config,
    tag_authority: &str,
    bytes: &[u8],
    path: &SeedPath,
    first_seen: DateTime<Utc>,
) -> Result<Parsed, Diagnostic> {
    Source { config, tag_authority, now: first_seen }.parse(bytes, path, first_seen)
}
