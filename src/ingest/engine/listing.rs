//! What lies in the directory against what is known.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::feed::Document;
use crate::item::{Diagnostic, SeedPath};
use crate::ops::Degraded;
use crate::seed::Reason;
use crate::store::StoreError;

use super::super::publish::{Press, coded, show};
use super::super::sweep::{Sweep, SweepError, sweep};
use super::{Engine, LISTING, Progress, SETTLE_AT_MOST};

/// Items withdrawn long ago that are forgotten after one listing, so that no batch waits long for it.
const PURGE: usize = 2000;
/// How long after a listing that failed there is another.
const LIST_AGAIN: Duration = Duration::from_secs(5);

impl Engine {
    /// Lists a part of the directory; says whether that worked.
    pub(super) fn list(
        &mut self,
        below: &Path,
        reason: Option<Reason>,
        to_read: &mut Vec<SeedPath>,
        vanished: &mut Vec<SeedPath>,
    ) -> Result<bool, StoreError> {
        let now = (self.clock)();
        let options = &self.config.seeds.options;
        if reason == Some(Reason::RootReplaced) {
            self.brake.doubt();
        }
        self.shared.metrics.ingest.beat(LISTING);
        let batch = self.store.snapshot()?;
        let found = sweep(options, below, &batch, self.watch.as_ref(), now.into());
        drop(batch);
        self.shared.metrics.ingest.beat(Duration::ZERO);
        if reason.is_some() {
            self.shared.metrics.listings.add_one();
        }
        match found {
            Ok(Sweep { to_read: fresh, vanished: gone, diagnostics, seen, is_whole }) => {
                self.find_directory(seen);
                if is_whole && reason.is_some() {
                    if reason == Some(Reason::Start) && seen == 0 {
                        self.brake.doubt();
                    }
                    let batch = self.store.batch()?;
                    self.brake.listed(&batch, now, (seen, gone.len()), self.config.seeds.confirm_after)?;
                }
                tracing::debug!(?reason, seeds = seen, to_read = fresh.len(), gone = gone.len(), "listed");
                to_read.extend(fresh);
                vanished.extend(gone);
                self.note_unread(diagnostics)?;
                Ok(true)
            }
            Err(SweepError::Scan(error)) => {
                self.lose_directory(&error.to_string());
                self.list_later();
                Ok(false)
            }
            Err(SweepError::Store(error)) => Err(error),
        }
    }

    /// Counts and tells what a listing found that cannot be read.
    pub(super) fn note_unread(&mut self, found: Vec<Diagnostic>) -> Result<(), StoreError> {
        let is_new = |found: &&Diagnostic| found.is_unread() && !self.unreadable.knows(found);
        let new: Vec<Diagnostic> = found.iter().filter(is_new).cloned().collect();
        if !new.is_empty() {
            let mut batch = self.store.batch()?;
            new.iter().try_for_each(|found| batch.set_unreadable(found))?;
            batch.commit()?;
            new.iter().for_each(|found| self.unreadable.add(found));
        }
        found.into_iter().for_each(|found| self.noticed.report_unread(found));
        Ok(())
    }

    pub(super) fn find_directory(&self, seen: usize) {
        if self.shared.health.restore(Degraded::SeedDirectory) {
            tracing::info!(seeds = seen, "the seed directory is there");
        }
    }

    /// Lists everything again soon: nobody may tell that the directory can be read again.
    pub(super) fn list_later(&mut self) {
        self.retry_at.get_or_insert(Instant::now() + LIST_AGAIN);
    }

    pub(super) fn lose_directory(&self, reason: &str) {
        if self.shared.health.degrade(Degraded::SeedDirectory, reason) {
            tracing::error!("{reason}");
        }
    }

    pub(super) fn finish_listing(&mut self) -> Result<(), StoreError> {
        if self.progress == Progress::NotListed {
            self.progress = Progress::Settling(Instant::now() + SETTLE_AT_MOST);
        }
        let now = (self.clock)();
        let mut batch = self.store.batch()?;
        let purged = batch.purge_withdrawn(now - self.config.seeds.tombstone_age, PURGE)?;
        if purged > 0 {
            tracing::debug!(items = purged, "forgot items that were withdrawn long ago");
        }
        let ended = if self.is_first_scan {
            BTreeSet::new()
        } else {
            self.feeds.with_ended_tombstones(batch.reading(), now)?
        };
        let mut press = Press { batch: &mut batch, health: &self.shared.health, now, ready: Vec::new() };
        press.feeds(&mut self.feeds, &ended)?;
        let (ready, committed) = coded(press.ready, Document::compress_first, || batch.commit());
        committed?;
        // Nothing that subscribers are waiting for: the hub is not told.
        let _shown = show(&self.shared.published, ready, Some(&self.codings));
        Ok(())
    }
}
