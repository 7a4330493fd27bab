//! The one thread through which every change goes: batch by batch, from changes to shown documents.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::feed::{Document, Site};
use crate::item::{Diagnostic, SeedPath};
use crate::ops::Degraded;
use crate::seed::{Change, Reason, WatchHandle};
use crate::store::{Batch, Store, StoreError};

use super::apply::Apply;
use super::codings::Codings;
use super::feeds::{Feeds, Noted, Wanted};
use super::progression::Progression;
use super::publish::{Press, live_paths, show};
use super::read::{Job, Outcome, Source};
use super::revise::Seen;
use super::sweep::{Sweep, SweepError, sweep};
use super::withdraw::{Brake, Expired, expired};
use super::work::{BATCH, FIRST_BATCH, Work};
use super::{Clock, Shared};

/// Raised when `parse` reads the same bytes differently than before: then every seed is read anew once.
const PARSER_VERSION: u32 = 2;
/// After a failure of the store, how long until everything is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// How long the first scan waits for files that were written just before the start.
const SETTLE_AT_MOST: Duration = Duration::from_secs(5);
/// Items withdrawn long ago that are forgotten after one listing, so that no batch waits long for it.
const PURGE: usize = 2000;
/// Pause between looks while the first scan waits for such files.
const SETTLE_LOOK: Duration = Duration::from_millis(5);
/// Longest sleep with nothing to wait for.
const IDLE: Duration = Duration::from_secs(60);
/// A listing gives no sign of life; one of a million files on a slow network disk has taken minutes.
const LISTING: Duration = Duration::from_secs(900);
/// Seeds remembered as unreadable; more are reported again at the next listing.
const NOTICED: usize = 10_000;
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
    /// What is wrong with files that cannot be read, so that each is reported once.
    noticed: HashMap<SeedPath, Diagnostic>,
    /// Overflows of the watch that are counted already.
    overflows: u64,
    next_wake: Option<DateTime<Utc>>,
    retry_at: Option<Instant>,
    /// Every seed is to be read anew in the next listing.
    is_forced: bool,
    /// Nothing was in the store when it was opened.
    is_first_scan: bool,
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
        let is_forced = batch.meta("parsing")?.is_some_and(|known| known != parsing);
        let wanted = Wanted {
            definitions: config.feeds.clone(),
            automatic: config.automatic.clone(),
            tombstones: config.seeds.tombstones,
            has_deltas: config.http.has_deltas,
        };
        note_form(&mut batch, &config, &site, now)?;
        let feeds = Feeds::open(&mut batch, Arc::new(site), wanted, now, is_first_scan)?;
        batch.commit()?;
        shared.published.retain_paths(live_paths(&config.feeds));
        let mut engine = Self {
            config,
            tag_authority,
            store,
            feeds,
            codings,
            shared,
            clock,
            watch: None,
            brake: Brake::default(),
            progress: Progress::NotListed,
            noticed: HashMap::new(),
            overflows: 0,
            next_wake: None,
            retry_at: None,
            is_forced,
            is_first_scan,
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
                Ok(change) => work.add(change),
                Err(RecvTimeoutError::Timeout) => {}
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
            if self.retry_at.is_some_and(|at| at <= Instant::now()) {
                work.rescan = Some(Reason::Overflow);
            }
            let is_listing = work.rescan.is_some();
            let is_settled = was_listed && has_settled && !work.is_full();
            match self.step(work, is_settled) {
                Ok(()) => {
                    if is_listing {
                        self.shared.listed();
                    }
                    self.retry_at = None;
                    if self.shared.health.restore(Degraded::Store) {
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
        if let Some(at) = self.retry_at {
            return at.saturating_duration_since(Instant::now());
        }
        let now = (self.clock)();
        // What could not be done at its time is looked at again soon, but not without a pause.
        self.next_wake.map_or(IDLE, |at| (at - now).to_std().unwrap_or_default().clamp(SETTLE_LOOK, WALL_CLOCK))
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
            Some(reason) => self.list(Path::new(""), Some(reason), &mut to_read, &mut vanished)?,
            None => false,
        };
        if work.rescan.is_none() {
            for below in &work.subtrees {
                self.list(below, None, &mut to_read, &mut vanished)?;
            }
        }
        self.take_in(&to_read, &vanished)?;
        // Told to stop, it may have left off half way; the next start lists again.
        if is_listed && !self.shared.is_stopping() {
            self.finish_listing()?;
        }
        self.finish_first_scan(is_settled)
    }

    /// Lists a part of the directory; says whether that worked.
    fn list(
        &mut self,
        below: &Path,
        reason: Option<Reason>,
        to_read: &mut Vec<SeedPath>,
        vanished: &mut Vec<SeedPath>,
    ) -> Result<bool, StoreError> {
        let now = (self.clock)();
        let options = &self.config.seeds.options;
        self.shared.metrics.ingest.beat(LISTING);
        let batch = self.store.batch()?;
        let found = sweep(options, below, &batch, self.watch.as_ref(), self.is_forced, now.into());
        drop(batch);
        self.shared.metrics.ingest.beat(Duration::ZERO);
        if reason.is_some() {
            self.shared.metrics.listings.add_one();
        }
        match found {
            Ok(Sweep { to_read: fresh, vanished: gone, diagnostics, seen, is_whole }) => {
                if self.shared.health.restore(Degraded::SeedDirectory) {
                    tracing::info!(seeds = seen, "the seed directory is there");
                }
                if is_whole && reason.is_some() {
                    let is_other = reason == Some(Reason::RootReplaced);
                    if !gone.is_empty() && (is_other || (reason == Some(Reason::Start) && seen == 0)) {
                        self.brake.suspect();
                    }
                    self.brake.confirm(now, seen, options.reconcile);
                }
                tracing::debug!(?reason, seeds = seen, to_read = fresh.len(), gone = gone.len(), "listed");
                to_read.extend(fresh);
                vanished.extend(gone);
                diagnostics.into_iter().for_each(|diagnostic| self.report_unread(diagnostic));
                Ok(true)
            }
            // A sub-directory may be gone again by the time it is looked at.
            Err(SweepError::Scan(_)) if reason.is_none() => {
                let batch = self.store.batch()?;
                let known = batch.known_below(&SeedPath::new(below), None, usize::MAX)?;
                vanished.extend(known.into_iter().filter(|seed| !seed.is_missing).map(|seed| seed.path));
                Ok(true)
            }
            Err(SweepError::Scan(error)) => {
                self.lose_directory(&error.to_string());
                Ok(false)
            }
            Err(SweepError::Store(error)) => Err(error),
        }
    }

    fn lose_directory(&self, reason: &str) {
        if self.shared.health.degrade(Degraded::SeedDirectory, reason) {
            tracing::error!("{reason}");
        }
    }

    /// Reads files and stores what they say, a bounded number in one batch; the documents of each batch are shown as
    /// soon as it is durable.
    fn take_in(&mut self, to_read: &[SeedPath], vanished: &[SeedPath]) -> Result<(), StoreError> {
        let mut vanished = vanished;
        let mut chunks = to_read.chunks(if self.is_first_scan { FIRST_BATCH } else { BATCH });
        let mut progress = Progression::begin(to_read.len());
        let shared = Arc::clone(&self.shared);
        let metrics = &shared.metrics;
        let mut queue = to_read.len();
        loop {
            metrics.ingest.beat(Duration::ZERO);
            metrics.set_queue(queue);
            let begun = Instant::now();
            let chunk = chunks.next().unwrap_or_default();
            let is_last = chunks.len() == 0;
            let now = (self.clock)();
            metrics.store.beat(Duration::ZERO);
            let grace = self.grace();
            let mut batch = self.store.batch()?;
            metrics.store.rest();
            let (options, health) = (&self.config.seeds.options, &self.shared.health);
            let Expired { gone, back } = expired(&batch, options, grace, &mut self.brake, health, now)?;
            let jobs = jobs(&batch, chunk.iter().chain(&back), self.is_forced)?;
            let source = Source { config: &self.config, tag_authority: &self.tag_authority, now };
            let seen = Seen {
                at: now,
                is_edit: !self.is_first_scan && !self.is_forced,
                silent_edit: self.config.seeds.silent_edit,
            };
            let mut apply =
                Apply { batch: &mut batch, source, seen, is_first_scan: self.is_first_scan, touched: Vec::new() };
            for path in vanished {
                apply.mark_missing(path)?;
            }
            let mut troubles = Vec::new();
            let mut changed_at = Vec::new();
            let (watch, clock) = (self.watch.as_ref(), self.clock);
            source.read_all(&jobs, |job, outcome| {
                metrics.ingest.beat(Duration::ZERO);
                // A writer is at it again: what was read may be half of what is coming, and the watch will tell.
                let is_finished = |found| watch.is_none_or(|watch| watch.is_finished(&job.path, found, clock().into()));
                if !outcome.fingerprint().is_none_or(is_finished) {
                    return Ok(());
                }
                metrics.read(outcome.kind());
                match &outcome {
                    Outcome::Unreadable(diagnostic) => troubles.push((diagnostic.clone(), false)),
                    Outcome::Rejected { diagnostic, .. } => troubles.push((diagnostic.clone(), true)),
                    Outcome::Parsed { fingerprint, .. } => changed_at.push(fingerprint.ctime_ns),
                    Outcome::Gone | Outcome::Same(_) => {}
                }
                apply.take(job, outcome)
            })?;
            for seed in &gone {
                apply.remove(seed)?;
            }
            for seq in apply.batch.due_items(now)? {
                apply.publish_due(seq)?;
            }
            let touched = apply.touched;
            self.next_wake = next_wake(&batch, self.config.seeds.withdraw_after, &self.brake)?;
            // Half an archive is no feed: in the first scan the feeds are filled and shown when it is through.
            let (noted, ready) = if self.is_first_scan {
                (Noted::default(), Vec::new())
            } else {
                let noted = self.feeds.note(&mut batch, touched, now)?;
                let mut press = Press { batch: &mut batch, health: &self.shared.health, now, ready: Vec::new() };
                press.feeds(&mut self.feeds, &noted.concerned)?;
                if noted.has_new_feeds {
                    press.opml(&self.feeds)?;
                }
                (noted, press.finish(Document::compress_first))
            };
            metrics.store.beat(Duration::ZERO);
            let committing = Instant::now();
            batch.commit()?;
            metrics.store.rest();
            metrics.commit.record(committing.elapsed());
            metrics.documents.add(u64::try_from(ready.len()).unwrap_or(u64::MAX));
            self.shared.documents_shown(&show(&self.shared.published, ready, Some(&self.codings)));
            queue -= chunk.len();
            progress.advance(chunk.len());
            metrics.set_queue(queue);
            if !chunk.is_empty() {
                metrics.batch.record(begun.elapsed());
            }
            if self.progress == Progress::Done {
                let shown_at = (self.clock)();
                changed_at.into_iter().for_each(|changed| metrics.visible.record(since(changed, shown_at)));
            }
            noted.stale.iter().for_each(|path| self.shared.changed(path));
            for (diagnostic, is_of_new_bytes) in troubles {
                if is_of_new_bytes { report(&diagnostic) } else { self.report_unread(diagnostic) }
            }
            vanished = &[];
            if is_last {
                return Ok(());
            }
            if self.shared.is_stopping() {
                return Ok(());
            }
        }
    }

    /// How long a seed must be gone. What seems to be gone may have been moved to where files are not read yet.
    fn grace(&self) -> Duration {
        let is_settled = self.progress == Progress::Done && self.watch.as_ref().is_none_or(|w| w.unsettled() == 0);
        self.config.seeds.withdraw_after + if is_settled { Duration::ZERO } else { SETTLE_AT_MOST }
    }

    /// Makes and shows every document.
    fn show_all(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut batch = self.store.batch()?;
        let mut press = Press { batch: &mut batch, health: &self.shared.health, now, ready: Vec::new() };
        press.opml(&self.feeds)?;
        let all = (0..self.feeds.states.len()).collect();
        press.feeds(&mut self.feeds, &all)?;
        // Nobody is waiting yet, and those who come back after a restart hold tags of every coding.
        let ready = press.finish(Document::compress);
        batch.commit()?;
        self.shared.documents_shown(&show(&self.shared.published, ready, None));
        Ok(())
    }

    fn finish_listing(&mut self) -> Result<(), StoreError> {
        if self.is_forced {
            self.is_forced = false;
        }
        if self.progress == Progress::NotListed {
            self.progress = Progress::Settling(Instant::now() + SETTLE_AT_MOST);
        }
        let mut batch = self.store.batch()?;
        let purged = batch.purge_withdrawn((self.clock)() - self.config.seeds.tombstones, PURGE)?;
        if purged > 0 {
            tracing::debug!(items = purged, "forgot items that were withdrawn long ago");
        }
        batch.set_meta("parsing", &parsing_fingerprint(&self.config, &self.tag_authority))?;
        batch.commit()
    }

    fn finish_first_scan(&mut self, is_settled: bool) -> Result<(), StoreError> {
        let Progress::Settling(until) = self.progress else { return Ok(()) };
        if !is_settled && Instant::now() < until {
            return Ok(());
        }
        let now = (self.clock)();
        if self.is_first_scan {
            let mut batch = self.store.batch()?;
            self.feeds.fill_all(&mut batch, now)?;
            batch.set_meta("scanned", &now.to_rfc3339())?;
            batch.commit()?;
            self.store.end_filling()?;
            self.is_first_scan = false;
            self.show_all(now)?;
        }
        self.progress = Progress::Done;
        let batch = self.store.batch()?;
        let (seeds, _) = batch.seed_counts()?;
        let items = batch.live_count()?;
        let rejected = batch.rejected_count()?;
        self.next_wake = next_wake(&batch, self.config.seeds.withdraw_after, &self.brake)?;
        drop(batch);
        self.shared.health.set_scanned();
        tracing::info!(seeds, items, rejected, feeds = self.feeds.states.len(), "ready");
        Ok(())
    }

    /// Warns about a seed of which nothing can be read, and which is therefore met again with each listing: once for
    /// what is wrong with it.
    fn report_unread(&mut self, diagnostic: Diagnostic) {
        if self.noticed.get(&diagnostic.path) == Some(&diagnostic) {
            return;
        }
        report(&diagnostic);
        if self.noticed.len() >= NOTICED {
            self.noticed.clear();
        }
        self.noticed.insert(diagnostic.path.clone(), diagnostic);
    }
}

/// Warns about a seed. One that was read is not read again before its bytes change, so that each version is warned
/// about once.
fn report(diagnostic: &Diagnostic) {
    tracing::warn!(seed.path = %diagnostic.path, line = diagnostic.line, code = diagnostic.code, "{diagnostic}");
}

/// How long ago a file last changed, by the clock of its file system.
fn since(changed_ns: i64, now: DateTime<Utc>) -> Duration {
    (now - DateTime::from_timestamp_nanos(changed_ns)).to_std().unwrap_or_default()
}

/// The files of a batch with what is known of them; each once, though an event and a listing may both have named it, since
/// the second reading would compare with what stood before the first.
fn jobs<'p>(
    batch: &Batch<'_>,
    paths: impl Iterator<Item = &'p SeedPath>,
    is_forced: bool,
) -> Result<Vec<Job>, StoreError> {
    let mut seen = HashSet::new();
    let once = paths.filter(|path| seen.insert(*path));
    once.map(|path| Ok(Job { path: path.clone(), known: batch.seed(path)?, is_forced })).collect()
}

/// The next moment at which something happens without any change to a file.
fn next_wake(batch: &Batch<'_>, grace: Duration, brake: &Brake) -> Result<Option<DateTime<Utc>>, StoreError> {
    let due = batch.next_due()?;
    // The brake is looked at again with each listing; in between there is nothing to wait for.
    let removal = if brake.is_pulled() { None } else { batch.first_missing()?.map(|since| since + grace) };
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
