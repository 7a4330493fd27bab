//! The first scan: a directory of which nothing is known is read as a whole, and its newest articles are shown before
//! the others are read.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::feed::Document;
use crate::item::SeedPath;
use crate::store::StoreError;

use super::super::apply::Apply;
use super::super::first_listing::FirstListing;
use super::super::intake::Intake;
use super::super::progression::Progression;
use super::super::publish::{Press, coded, show};
use super::super::read::{Job, Source};
use super::super::readers::Readers;
use super::super::revise::Seen;
use super::opening::all_documents;
use super::pace::next_wake;
use super::{Engine, LISTING, Progress};

/// Items stored in one batch: few commits, and pages of the store that stay in memory until then.
const BATCH: usize = 16_384;
/// With fewer seeds than this the scan is over before anybody could ask for a feed.
const MANY: usize = 4_000;
/// Seeds that were modified last, which are read before all others: more than a document holds, since the newest files
/// need not hold the newest articles of every feed.
const NEWEST: usize = 1_000;

impl Engine {
    /// Whether the directory is to be read as a whole: nothing of it is known yet.
    pub(super) fn is_blank(&mut self) -> Result<bool, StoreError> {
        let is_first = self.is_first_scan && self.progress == Progress::NotListed;
        Ok(is_first && self.store.batch()?.known_below(&SeedPath::new(""), None, 1)?.is_empty())
    }

    /// Reads all that lies there; says whether it could be listed.
    pub(super) fn read_all(&mut self) -> Result<bool, StoreError> {
        let now = (self.clock)();
        self.shared.metrics.ingest.beat(LISTING);
        let listed = FirstListing::of(&self.config.seeds.options, self.watch.as_ref(), NEWEST, now.into());
        self.shared.metrics.ingest.beat(Duration::ZERO);
        self.shared.metrics.listings.add_one();
        let FirstListing { paths, newest, diagnostics, seen } = match listed {
            Ok(listing) => listing,
            Err(error) => {
                self.lose_directory(&error.to_string());
                self.list_later();
                return Ok(false);
            }
        };
        self.find_directory(seen);
        self.note_unread(diagnostics)?;
        let mut progress = Progression::begin(paths.len());
        let early = if paths.len() < MANY { Vec::new() } else { newest };
        if !early.is_empty() {
            self.store_each(early.len(), early.iter().cloned(), &mut progress, now)?;
            self.show_early(now)?;
        }
        let early: HashSet<SeedPath> = early.into_iter().collect();
        let others = paths.len() - early.len();
        self.store_each(others, paths.filter(|path| !early.contains(path)), &mut progress, now)?;
        Ok(true)
    }

    /// Reads files of which nothing is known and stores what they say.
    fn store_each(
        &mut self,
        count: usize,
        paths: impl Iterator<Item = SeedPath> + Send,
        progress: &mut Progression,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let metrics = &shared.metrics;
        let source = Source { config: &self.config, tag_authority: &self.tag_authority, now };
        let seen = Seen { at: now, is_edit: false, silent_edit: self.config.seeds.silent_edit };
        let mut intake = Intake::new(self.watch.as_ref(), metrics, self.clock, &mut self.unreadable);
        let jobs = paths.map(|path| Job { path, known: None, is_forced: false });
        std::thread::scope(|scope| {
            let mut reading = Readers::begin(scope, source, count, jobs);
            loop {
                let begun = Instant::now();
                metrics.set_queue(progress.left());
                metrics.store.beat(Duration::ZERO);
                let mut batch = self.store.batch()?;
                metrics.store.rest();
                let mut apply = Apply::new(&mut batch, source, seen, true);
                let mut taken = 0;
                while taken < BATCH
                    && let Some(chunk) = reading.next()
                {
                    taken += chunk.len();
                    progress.advance(chunk.len());
                    chunk.into_iter().try_for_each(|(job, outcome)| intake.take(&mut apply, &job, outcome))?;
                    if let Some(filling) = &mut self.filling {
                        filling.take(apply.batch, &self.feeds.states, apply.touched.drain(..))?;
                    }
                    if shared.is_stopping() {
                        // The next start begins anew.
                        return Ok(());
                    }
                }
                if taken == 0 {
                    return Ok(());
                }
                apply.settle_left()?;
                metrics.store.beat(Duration::ZERO);
                let committing = Instant::now();
                batch.commit()?;
                metrics.store.rest();
                metrics.commit.record(committing.elapsed());
                metrics.batch.record(begun.elapsed());
                self.noticed.report(intake.troubles.drain(..));
                intake.changed_at.clear();
            }
        })
    }

    /// Shows documents with the newest items. They lead to no archive: its pages must not change once they are there, so
    /// they come when every item is known.
    fn show_early(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut batch = self.store.batch()?;
        self.feeds.begin_preview(&mut batch, now)?;
        let mut press = Press { batch: &mut batch, health: &self.shared.health, now, ready: Vec::new() };
        let all = (0..self.feeds.states.len()).collect();
        press.feeds(&mut self.feeds, &all)?;
        let ready = press.ready;
        self.feeds.end_preview(&mut batch)?;
        let (ready, committed) = coded(ready, Document::compress_first, || batch.commit());
        committed?;
        self.shared.metrics.documents.add(u64::try_from(ready.len()).unwrap_or(u64::MAX));
        self.shared.documents_shown(&show(&self.shared.published, ready, Some(&self.codings)));
        tracing::info!("the newest articles are shown; the others are being read");
        Ok(())
    }

    /// The end of the first scan, once it is listed and read and what was held back has come: feeds get their items.
    pub(super) fn finish_first_scan(&mut self, is_settled: bool) -> Result<(), StoreError> {
        let Progress::Settling(until) = self.progress else { return Ok(()) };
        if self.retry_at.is_some() || (!is_settled && Instant::now() < until) {
            return Ok(());
        }
        let now = (self.clock)();
        if self.is_first_scan {
            let mut batch = self.store.batch()?;
            // What is remembered of items may be older than what the scan made of them.
            self.feeds.forget();
            let filling = match self.filling.take() {
                Some(filling) => filling,
                None => {
                    let mut filling = self.feeds.filling();
                    filling.take_all(&mut batch, &self.feeds.states, |_| true)?;
                    filling
                }
            };
            self.feeds.fill_all(&mut batch, filling, now)?;
            let ready = all_documents(&mut batch, &mut self.feeds, &self.shared, now)?;
            batch.set_meta("scanned", &now.to_rfc3339())?;
            batch.commit()?;
            let (ready, ended) = coded(ready, Document::compress, || self.store.end_filling());
            ended?;
            self.is_first_scan = false;
            // What was read twice meanwhile told nobody.
            self.shared.all_stale();
            self.shared.documents_shown(&show(&self.shared.published, ready, None));
        }
        self.progress = Progress::Done;
        let batch = self.store.batch()?;
        let (seeds, _) = batch.seed_counts()?;
        let items = batch.live_count()?;
        let rejected = batch.rejected_count()?;
        self.next_wake = next_wake(&batch, self.config.seeds.withdraw_after, (self.clock)())?;
        drop(batch);
        self.shared.health.set_scanned();
        tracing::info!(seeds, items, rejected, feeds = self.feeds.states.len(), "ready");
        Ok(())
    }
}
