//! Changed files into the store, batch by batch.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::feed::Document;
use crate::item::SeedPath;
use crate::ops::Health;
use crate::store::{Batch, StoreError};

use super::super::apply::{Apply, Touched};
use super::super::feeds::{Feeds, Noted};
use super::super::intake::Intake;
use super::super::moves::moves;
use super::super::news::News;
use super::super::progression::Progression;
use super::super::publish::{Press, Ready, coded, show};
use super::super::read::{Job, Outcome, Source};
use super::super::readers::Readers;
use super::super::revise::Seen;
use super::super::withdraw::{Expired, expired};
use super::super::work::BATCH;
use super::pace::next_wake;
use super::{Engine, Progress, SETTLE_AT_MOST};

/// Fewer files than this are read on the calling thread: starting threads costs more than reading a few files.
const ALONE: usize = 8;

impl Engine {
    /// Reads files and stores what they say, a bounded number in one batch; the documents of each batch are shown as
    /// soon as it is durable.
    pub(super) fn take_in(&mut self, to_read: &[SeedPath], vanished: &[SeedPath]) -> Result<(), StoreError> {
        let mut vanished = vanished;
        let mut chunks = to_read.chunks(BATCH);
        let mut progress = Progression::begin(to_read.len());
        let mut queue = to_read.len();
        loop {
            self.shared.metrics.ingest.beat(Duration::ZERO);
            self.shared.metrics.set_queue(queue);
            let chunk = chunks.next().unwrap_or_default();
            let is_last = chunks.len() == 0;
            let is_more = self.take_chunk(chunk, std::mem::take(&mut vanished), is_last)?;
            queue -= chunk.len();
            progress.advance(chunk.len());
            self.shared.metrics.set_queue(queue);
            if (is_last && !is_more) || self.shared.is_stopping() {
                return Ok(());
            }
        }
    }

    /// One batch. Says whether more is due than it could hold. What is gone for good is forgotten only when all has been
    /// read: until then it may have been moved to where it was not looked for yet.
    fn take_chunk(&mut self, chunk: &[SeedPath], vanished: &[SeedPath], expires: bool) -> Result<bool, StoreError> {
        let begun = Instant::now();
        let shared = Arc::clone(&self.shared);
        let (metrics, health) = (&shared.metrics, &shared.health);
        let now = (self.clock)();
        metrics.store.beat(Duration::ZERO);
        let grace = self.grace();
        let mut batch = self.store.batch()?;
        metrics.store.rest();
        let expired = if expires {
            expired(&mut batch, &self.config.seeds.options, now - grace, &mut self.brake, health, now)?
        } else {
            Expired::default()
        };
        let due = batch.due_items(now, BATCH)?;
        let is_more = expired.is_more || due.len() == BATCH;
        let jobs = jobs(&batch, chunk.iter().chain(&expired.back))?;
        let directory = &self.config.seeds.options.directory;
        let (jobs, moves) = moves(directory, jobs);
        let source = Source { config: &self.config, tag_authority: &self.tag_authority, now };
        let seen = Seen { at: now, is_edit: !self.is_first_scan, silent_edit: self.config.seeds.silent_edit };
        let mut apply = Apply::new(&mut batch, source, seen, self.is_first_scan);
        apply.moves = moves;
        vanished.iter().try_for_each(|path| apply.mark_missing(path))?;
        let mut intake = Intake::new(self.watch.as_ref(), metrics, self.clock, &mut self.unreadable);
        read(jobs, source, |job, outcome| intake.take(&mut apply, job, outcome))?;
        apply.settle_left()?;
        expired.gone.iter().try_for_each(|seed| apply.remove(seed))?;
        due.into_iter().try_for_each(|seq| apply.settle(seq, None))?;
        let touched = apply.touched;
        let news = if self.is_first_scan { News::default() } else { News::of(&touched) };
        let Intake { troubles, changed_at, .. } = intake;
        self.brake.settle(&mut batch, now, health)?;
        self.next_wake = next_wake(&batch, self.config.seeds.withdraw_after, now)?;
        // Half an archive is no feed: in the first scan the feeds are filled and shown when it is through.
        let (noted, ready) = if self.is_first_scan {
            if let Some(filling) = &mut self.filling {
                filling.take(&mut batch, &self.feeds.states, touched.into_iter())?;
            }
            (Noted::default(), Vec::new())
        } else {
            render(&mut batch, &mut self.feeds, touched, health, now)?
        };
        metrics.store.beat(Duration::ZERO);
        let committing = Instant::now();
        let (ready, committed) = coded(ready, Document::compress_first, || {
            let committed = batch.commit();
            metrics.store.rest();
            metrics.commit.record(committing.elapsed());
            committed
        });
        committed?;
        metrics.documents.add(u64::try_from(ready.len()).unwrap_or(u64::MAX));
        shared.documents_shown(&show(&shared.published, ready, Some(&self.codings)));
        if !chunk.is_empty() {
            metrics.batch.record(begun.elapsed());
        }
        if self.progress == Progress::Done {
            let shown_at = (self.clock)();
            changed_at.into_iter().for_each(|changed| metrics.visible.record(since(changed, shown_at)));
        }
        noted.stale.iter().for_each(|path| shared.document_stale(path));
        news.tell();
        self.noticed.report(troubles);
        Ok(is_more)
    }

    /// How long a seed must be gone. What seems to be gone may have been moved to where files are not read yet.
    fn grace(&self) -> Duration {
        let is_settled = self.progress == Progress::Done && self.watch.as_ref().is_none_or(|w| w.unsettled() == 0);
        self.config.seeds.withdraw_after + if is_settled { Duration::ZERO } else { SETTLE_AT_MOST }
    }
}

/// Reads files, and hands on what they say in their order.
fn read(
    jobs: Vec<Job>,
    source: Source<'_>,
    mut take: impl FnMut(&Job, Outcome) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if jobs.len() < ALONE {
        return source.read_each(jobs).into_iter().try_for_each(|(job, outcome)| take(&job, outcome));
    }
    std::thread::scope(|scope| {
        let mut read = Readers::begin(scope, source, jobs.len(), jobs.into_iter()).flatten();
        read.try_for_each(|(job, outcome)| take(&job, outcome))
    })
}

/// The documents of the feeds that the changes concern.
fn render(
    batch: &mut Batch<'_>,
    feeds: &mut Feeds,
    touched: Vec<Touched>,
    health: &Health,
    now: DateTime<Utc>,
) -> Result<(Noted, Vec<Ready>), StoreError> {
    let noted = feeds.note(batch, touched, now)?;
    let mut press = Press { batch, health, now, ready: Vec::new() };
    press.feeds(feeds, &noted.concerned)?;
    if noted.has_other_feeds {
        press.opml(feeds)?;
    }
    Ok((noted, press.ready))
}

/// How long ago a file last changed, by the clock of its file system.
fn since(changed_ns: i64, now: DateTime<Utc>) -> Duration {
    (now - DateTime::from_timestamp_nanos(changed_ns)).to_std().unwrap_or_default()
}

/// The files of a batch with what is known of them; each once, though an event and a listing may both have named it, since
/// the second reading would compare with what stood before the first.
fn jobs<'p>(batch: &Batch<'_>, paths: impl Iterator<Item = &'p SeedPath>) -> Result<Vec<Job>, StoreError> {
    let mut seen = HashSet::new();
    let once = paths.filter(|path| seen.insert(*path));
    once.map(|path| Ok(Job { path: path.clone(), known: batch.seed(path)?, is_forced: false })).collect()
}
