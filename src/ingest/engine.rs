//! The one thread through which every change goes: batch by batch, from changes to shown documents.

mod first_scan;
mod listing;
mod opening;
mod pace;
mod taking;
mod upkeep;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::item::SeedPath;
use crate::ops::Degraded;
use crate::seed::{Change, Reason, WatchHandle};
use crate::store::{Store, StoreError};

use super::brake::Brake;
use super::codings::Codings;
use super::feeds::Feeds;
use super::fill::Filling;
use super::noticed::Noticed;
use super::unreadable::Unreadable;
use super::work::Work;
use super::{Clock, Shared};

/// How long the first scan waits for files that were written just before the start.
const SETTLE_AT_MOST: Duration = Duration::from_secs(5);
/// A listing gives no sign of life; one of a million files on a slow network disk has taken minutes.
const LISTING: Duration = Duration::from_secs(900);

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
    /// Works until the watcher is gone or it is told to stop; gives the store back.
    pub(super) fn run(mut self, watch: WatchHandle, receiver: &Receiver<Change>) -> Store {
        self.watch = Some(watch);
        let shared = Arc::clone(&self.shared);
        self.rounds(receiver);
        shared.metrics.ingest.rest();
        shared.keep_writers(self.watch.as_ref().map(WatchHandle::writers).unwrap_or_default());
        self.store
    }

    fn rounds(&mut self, receiver: &Receiver<Change>) {
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
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // Asked before the channel is emptied: what has settled by now is in this round's work.
            let has_settled = self.watch.as_ref().is_none_or(|watch| watch.unsettled() == 0);
            let was_listed = self.progress != Progress::NotListed;
            while !work.is_full() {
                let Ok(change) = receiver.try_recv() else { break };
                work.add(change);
            }
            if self.shared.is_stopping() {
                return;
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
                    return;
                }
                Err(error) => self.hold_on(&error),
            }
            self.look_after_watch();
            if self.watch.as_ref().is_some_and(|watch| !watch.is_alive()) {
                self.shared.fail("the watch of the seed directory ended by a fault of this program".to_owned());
                return;
            }
        }
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
}
