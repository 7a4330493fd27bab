//! What was read, on its way into a batch.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::item::Diagnostic;
use crate::ops::Metrics;
use crate::seed::WatchHandle;
use crate::store::StoreError;

use super::Clock;
use super::apply::Apply;
use super::read::{Job, Outcome};
use super::unreadable::Unreadable;

/// Lets through what was read whole, and keeps what is to be told once the batch is durable.
pub(super) struct Intake<'a> {
    watch: Option<&'a WatchHandle>,
    metrics: &'a Metrics,
    clock: Clock,
    unreadable: &'a mut Unreadable,
    /// Before the first of the files was read.
    begun: DateTime<Utc>,
    /// What is wrong, and whether that was found in new bytes.
    pub troubles: Vec<(Diagnostic, bool)>,
    /// When the files of what is new last changed, in nanoseconds since the epoch.
    pub changed_at: Vec<i64>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        watch: Option<&'a WatchHandle>,
        metrics: &'a Metrics,
        clock: Clock,
        unreadable: &'a mut Unreadable,
    ) -> Self {
        Self { watch, metrics, clock, unreadable, begun: clock(), troubles: Vec::new(), changed_at: Vec::new() }
    }

    pub(super) fn take(&mut self, apply: &mut Apply<'_, '_>, job: &Job, outcome: Outcome) -> Result<(), StoreError> {
        self.metrics.ingest.beat(Duration::ZERO);
        // A writer is at it again: what was read may be half of what is coming, and the watch will tell.
        if let (Some(watch), Some(found)) = (self.watch, outcome.fingerprint())
            && !watch.is_finished(&job.path, found, self.begun.into(), (self.clock)().into())
        {
            return Ok(());
        }
        // Without a URL, the name makes the article, so a name that lasts a moment must not make one.
        if let (Some(watch), None, Outcome::Parsed { fingerprint, parsed, .. }) = (self.watch, &job.known, &outcome)
            && parsed.key.is_path()
            && !apply.is_first_scan
            && watch.awaits_name(&job.path, *fingerprint, self.begun.into())
        {
            return Ok(());
        }
        if apply.is_first_scan {
            // Nothing of it is shown before all is read, so that reading is what counts.
            self.metrics.shorten_queue();
        }
        self.metrics.read(outcome.kind());
        match &outcome {
            Outcome::Unreadable(diagnostic) | Outcome::NoSeed(diagnostic) => {
                self.troubles.push((diagnostic.clone(), false));
            }
            Outcome::Rejected { diagnostic, .. } => self.troubles.push((diagnostic.clone(), true)),
            Outcome::Parsed { fingerprint, .. } => self.changed_at.push(fingerprint.ctime_ns),
            Outcome::Gone | Outcome::Same(_) => {}
        }
        match &outcome {
            Outcome::Unreadable(diagnostic) | Outcome::NoSeed(diagnostic) if diagnostic.is_unread() => {
                apply.batch.set_unreadable(diagnostic)?;
                self.unreadable.add(diagnostic);
            }
            _ if self.unreadable.has(&job.path) => {
                apply.batch.set_readable(&job.path)?;
                self.unreadable.remove(&job.path);
            }
            _ => {}
        }
        apply.take(job, outcome)
    }
}
