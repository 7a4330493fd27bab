//! The one thread through which every change goes: batch by batch, from changes to shown documents.

mod first_scan;
mod listing;
mod taking;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::feed::{Document, Site};
use crate::item::SeedPath;
use crate::ops::Degraded;
use crate::seed::{Change, Reason, WatchHandle};
use crate::store::{Batch, Store, StoreError};

use super::brake::Brake;
use super::codings::Codings;
use super::feeds::{Feeds, Wanted};
use super::fill::Filling;
use super::noticed::Noticed;
use super::publish::{Press, Ready, coded, live_paths, show};
use super::unreadable::Unreadable;
use super::work::Work;
use super::{Clock, Shared};

/// Raised when `parse` reads the same bytes differently than before: then every seed is read anew once.
const PARSER_VERSION: u32 = 6;
/// After a failure of the store, how long until everything is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// Until when seeds that are gone are looked at again when nothing could be said of them.
const UNDECIDED: Duration = Duration::from_secs(2);
/// How long the first scan waits for files that were written just before the start.
const SETTLE_AT_MOST: Duration = Duration::from_secs(5);
/// Items withdrawn long ago that are forgotten after one listing, so that no batch waits long for it.
const PURGE: usize = 2000;
/// Pause between looks while the first scan waits for such files.
const SETTLE_LOOK: Duration = Duration::from_millis(5);
/// Without a change for so long, none is taken to be on its way.
const LULL: Duration = Duration::from_millis(20);
/// Longest sleep with nothing to wait for.
const IDLE: Duration = Duration::from_secs(60);
/// A listing gives no sign of life; one of a million files on a slow network disk has taken minutes.
const LISTING: Duration = Duration::from_secs(900);
/// Longest sleep towards a moment on the wall clock, which may be set or jump after a suspend.
const WALL_CLOCK: Duration = Duration::from_secs(1);

/// Everything between the watcher and the published documents.
pub(super) struct Engine {
    config: Config,
    tag_authority: String,
    store: Store,
    feeds: Feeds,
    codings: Codings,
    shared: Arc<Shared>,
    clock: Clock,
    watch: Option<WatchHandle>,
    brake: Brake,
    progress: Progress,
    noticed: Noticed,
    unreadable: Unreadable,
    /// Overflows of the watch that are counted already.
    overflows: u64,
    next_wake: Option<DateTime<Utc>>,
    retry_at: Option<Instant>,
    /// Nothing was in the store when it was opened.
    is_first_scan: bool,
    /// Nothing came in since the store was last tidied.
    is_tidy: bool,
    /// What the first scan found for the feeds; `None` where the store has to be asked for it.
    filling: Option<Filling>,
}

/// How far the first scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    NotListed,
    /// Listed and read; files written a moment ago may be missing until this moment.
    Settling(Instant),
    Done,
}

impl Engine {
    /// Takes up where the store left off; documents of a store that is not empty are shown at once.
    pub(super) fn open(
        config: Config,
        site: Site,
        tag_authority: String,
        mut store: Store,
        shared: Arc<Shared>,
        codings: Codings,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let now = clock();
        let parsing = parsing_fingerprint(&config, &tag_authority);
        let is_first_scan = store.batch()?.meta("scanned")?.is_none();
        if is_first_scan {
            store.begin_filling()?;
        }
        let mut batch = store.batch()?;
        if batch.meta("parsing")?.is_none_or(|known| known != parsing) {
            batch.unread_seeds()?;
            batch.set_meta("parsing", &parsing)?;
        }
        let wanted = Wanted {
            definitions: config.feeds.clone(),
            automatic: config.automatic.clone(),
            tombstones: config.seeds.tombstones,
            has_deltas: config.http.has_deltas,
        };
        note_form(&mut batch, &config, &site, now)?;
        let brake = Brake::open(&batch, shared.take_acceptance(), &shared.health)?;
        // A first scan that was interrupted left items in the store that are not read again.
        let is_blank = batch.known_below(&SeedPath::new(""), None, 1)?.is_empty();
        let unreadable = Unreadable::open(&mut batch, &config.seeds.options)?;
        let feeds = Feeds::open(&mut batch, Arc::new(site), wanted, now, is_first_scan)?;
        batch.commit()?;
        shared.published.retain_paths(live_paths(&config.feeds));
        let filling = (is_first_scan && is_blank).then(|| feeds.filling());
        let mut engine = Self {
            config,
            tag_authority,
            store,
            feeds,
            codings,
            shared,
            clock,
            watch: None,
            brake,
            progress: Progress::NotListed,
            noticed: Noticed::default(),
            unreadable,
            overflows: 0,
            next_wake: None,
            retry_at: None,
            is_first_scan,
            is_tidy: true,
            filling,
        };
        if !is_first_scan {
            engine.show_all(now)?;
        }
        Ok(engine)
    }

    /// Works until the watcher is gone or it is told to stop; gives the store back.
    pub(super) fn run(mut self, watch: WatchHandle, receiver: &Receiver<Change>) -> Store {
        self.watch = Some(watch);
        let shared = Arc::clone(&self.shared);
        let store = self.rounds(receiver);
        shared.metrics.ingest.rest();
        store
    }

    fn rounds(mut self, receiver: &Receiver<Change>) -> Store {
        loop {
            let mut work = Work::default();
            let patience = self.patience();
            self.shared.metrics.ingest.beat(patience);
            match receiver.recv_timeout(patience) {
                Ok(change) => {
                    work.add(change);
                    self.is_tidy = false;
                }
                Err(RecvTimeoutError::Timeout) => self.tidy(),
                Err(RecvTimeoutError::Disconnected) => return self.store,
            }
            // Asked before the channel is emptied: what has settled by now is in this round's work.
            let has_settled = self.watch.as_ref().is_none_or(|watch| watch.unsettled() == 0);
            let was_listed = self.progress != Progress::NotListed;
            while !work.is_full() {
                let Ok(change) = receiver.try_recv() else { break };
                work.add(change);
            }
            if self.shared.is_stopping() {
                return self.store;
            }
            self.shared.metrics.ingest.beat(Duration::ZERO);
            if self.shared.take_acceptance() {
                self.brake.accept();
            }
            if self.retry_at.take_if(|at| *at <= Instant::now()).is_some() {
                work.add(Change::Rescan(Reason::Overflow));
            }
            let is_listing = work.rescan.is_some();
            let is_settled = was_listed && has_settled && !work.is_full();
            match self.step(work, is_settled) {
                Ok(()) => {
                    if is_listing {
                        self.shared.listed();
                    }
                    // Until the listing, what was lost is still missing, whatever else could be stored.
                    if self.retry_at.is_none() && self.shared.health.restore(Degraded::Store) {
                        tracing::info!("the store works again");
                    }
                }
                Err(StoreError::Corrupt(reason)) => {
                    self.shared.fail(format!(
                        "store is corrupt ({reason}); the next start sets it aside and fills a new one from the seeds"
                    ));
                    self.shared.metrics.store.rest();
                    self.store.mark_suspect();
                    return self.store;
                }
                Err(error) => self.hold_on(&error),
            }
            self.look_after_watch();
        }
    }

    /// The store failed: what was not kept is found again by a listing, since the directory has it still.
    fn hold_on(&mut self, error: &StoreError) {
        // It answered, if only with an error: that is no reason to be restarted.
        self.shared.metrics.store.rest();
        if self.shared.health.degrade(Degraded::Store, error.to_string()) {
            tracing::error!(%error, "changes wait until the store works again");
        }
        self.retry_at = Some(Instant::now() + RETRY);
        self.feeds.forget();
        self.unreadable.doubt();
        // It has items that the store lost.
        self.filling = None;
    }

    /// Does what would make a change wait, while there is none.
    fn tidy(&mut self) {
        if !std::mem::replace(&mut self.is_tidy, true)
            && let Err(error) = self.store.tidy()
        {
            // Whatever it is, the next change meets it too, and then it matters.
            tracing::debug!(%error, "the log of the store stays long");
        }
    }

    fn look_after_watch(&mut self) {
        let Some(watch) = &self.watch else { return };
        let overflows = watch.overflows();
        self.shared.metrics.overflows.add(overflows - self.overflows);
        self.overflows = overflows;
        match watch.degraded() {
            Some(reason) => {
                if self.shared.health.degrade(Degraded::Watcher, reason.clone()) {
                    tracing::warn!("{reason}");
                }
            }
            None => {
                self.shared.health.restore(Degraded::Watcher);
            }
        }
    }

    /// How long to wait for changes before looking at the clock.
    fn patience(&self) -> Duration {
        if let Progress::Settling(_) = self.progress {
            return SETTLE_LOOK;
        }
        if !self.is_tidy {
            return LULL;
        }
        if let Some(at) = self.retry_at {
            return at.saturating_duration_since(Instant::now());
        }
        let now = (self.clock)();
        // What could not be done at its time is looked at again soon, but not without a pause.
        let wake =
            self.next_wake.map_or(IDLE, |at| (at - now).to_std().unwrap_or_default().clamp(SETTLE_LOOK, WALL_CLOCK));
        self.unreadable.patience().map_or(wake, |due| due.min(wake))
    }

    /// One round: everything in `work`, and whatever the clock says is due. `is_settled`: with this work done, no file is
    /// left that was held back in the first listing.
    fn step(&mut self, mut work: Work, is_settled: bool) -> Result<(), StoreError> {
        if work.is_root_gone {
            let directory = self.config.seeds.options.directory.display();
            self.lose_directory(&format!(
                "seed directory `{directory}` is gone; nothing is withdrawn until it is back"
            ));
            return Ok(());
        }
        let mut to_read = std::mem::take(&mut work.closed);
        let mut vanished: Vec<SeedPath> = std::mem::take(&mut work.removed).into_iter().collect();
        let is_listed = match work.rescan {
            Some(_) if self.is_blank()? => self.read_all()?,
            Some(reason) => self.list(Path::new(""), Some(reason), &mut to_read, &mut vanished)?,
            None => false,
        };
        if work.rescan.is_none() {
            for below in &work.subtrees {
                self.list(below, None, &mut to_read, &mut vanished)?;
            }
        }
        if self.unreadable.is_doubtful() {
            let mut batch = self.store.batch()?;
            self.unreadable = Unreadable::open(&mut batch, &self.config.seeds.options)?;
            batch.commit()?;
        }
        let readable_again = self.unreadable.readable_again(&self.config.seeds.options);
        readable_again.iter().for_each(|path| self.noticed.forget(path));
        to_read.extend(readable_again);
        self.take_in(&to_read, &vanished)?;
        // Told to stop, it may have left off half way; the next start lists again.
        if is_listed && !self.shared.is_stopping() {
            self.finish_listing()?;
        }
        self.finish_first_scan(is_settled)
    }

    /// Makes and shows every document.
    fn show_all(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut batch = self.store.batch()?;
        let ready = all_documents(&mut batch, &mut self.feeds, &self.shared, now)?;
        // Nobody is waiting yet, and those who come back after a restart hold tags of every coding.
        let (ready, committed) = coded(ready, Document::compress, || batch.commit());
        committed?;
        self.shared.documents_shown(&show(&self.shared.published, ready, None));
        Ok(())
    }
}

/// Every document of the configured feeds, and the lists of feeds.
fn all_documents(
    batch: &mut Batch<'_>,
    feeds: &mut Feeds,
    shared: &Shared,
    now: DateTime<Utc>,
) -> Result<Vec<Ready>, StoreError> {
    // Those that have no place any more are not made again.
    shared.health.restore(Degraded::Document);
    let mut press = Press { batch, health: &shared.health, now, ready: Vec::new() };
    press.opml(feeds)?;
    let all = (0..feeds.states.len()).collect();
    press.feeds(feeds, &all)?;
    Ok(press.ready)
}

/// The next moment at which something happens without any change to a file.
fn next_wake(batch: &Batch<'_>, grace: Duration, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
    let due = batch.next_due()?;
    // What is due already and still there could not be decided: the brake holds it, or it cannot be read.
    let removal = batch.first_missing(None)?.map(|since| since + grace);
    let removal = removal.map(|at| if at <= now { now + UNDECIDED } else { at });
    Ok([due, removal].into_iter().flatten().min())
}

/// Notes since when documents have the form that they have: another title, base URL or program writes other bytes for the
/// same items.
fn note_form(batch: &mut Batch<'_>, config: &Config, site: &Site, now: DateTime<Utc>) -> Result<(), StoreError> {
    let text = format!("{} {site:?} {:?} {:?}", env!("CARGO_PKG_VERSION"), config.feeds, config.automatic);
    let form = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
    if batch.meta("form")?.as_ref() != Some(&form) {
        batch.set_meta("form", &form)?;
        batch.set_meta("form_since", &now.to_rfc3339())?;
    }
    Ok(())
}

/// A word that changes when the same bytes would be read differently.
fn parsing_fingerprint(config: &Config, tag_authority: &str) -> String {
    let seeds = &config.seeds;
    let text = format!(
        "{PARSER_VERSION} {tag_authority} {:?} {:?} {} {:?}",
        config.site.time_zone, config.site.language, seeds.directory_categories, seeds.rules
    );
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}
