//! How long the engine sleeps.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::store::{Batch, StoreError};

use super::{Engine, Progress};

/// Until when seeds that are gone are looked at again when nothing could be said of them.
const UNDECIDED: Duration = Duration::from_secs(2);
/// Pause between looks while the first scan waits for files that were written just before the start.
const SETTLE_LOOK: Duration = Duration::from_millis(5);
/// Without a change for so long, none is taken to be on its way.
const LULL: Duration = Duration::from_millis(20);
/// Longest sleep with nothing to wait for.
const IDLE: Duration = Duration::from_secs(60);
/// Longest sleep towards a moment on the wall clock, which may be set or jump after a suspend.
const WALL_CLOCK: Duration = Duration::from_secs(1);

impl Engine {
    /// How long to wait for changes before looking at the clock.
    pub(super) fn patience(&self) -> Duration {
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
}

/// The next moment at which something happens without any change to a file.
pub(super) fn next_wake(
    batch: &Batch<'_>,
    grace: Duration,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let due = batch.next_due()?;
    // What is due already and still there could not be decided: the brake holds it, or it cannot be read.
    let removal = batch.first_missing(None)?.map(|since| since + grace);
    let removal = removal.map(|at| if at <= now { now + UNDECIDED } else { at });
    Ok([due, removal].into_iter().flatten().min())
}
