//! What is done between the rounds: after a failure, in a lull, and for the watch.

use std::time::{Duration, Instant};

use crate::ops::Degraded;
use crate::store::StoreError;

use super::Engine;

/// After a failure of the store, how long until everything is tried again.
const RETRY: Duration = Duration::from_secs(5);

impl Engine {
    /// The store failed: what was not kept is found again by a listing, since the directory has it still.
    pub(super) fn hold_on(&mut self, error: &StoreError) {
        // It answered, if only with an error: that is no reason to be restarted.
        self.shared.metrics.store.rest();
        if self.shared.health.degrade(Degraded::Store, error.to_string()) {
            tracing::error!(%error, "changes wait until the store works again");
        }
        self.retry_at = Some(Instant::now() + RETRY);
        self.feeds.forget();
        self.feeds.abandon_preview();
        self.unreadable.doubt();
        // It has items that the store lost.
        self.filling = None;
    }

    /// Does what would make a change wait, while there is none.
    pub(super) fn tidy(&mut self) {
        if !std::mem::replace(&mut self.is_tidy, true)
            && let Err(error) = self.store.tidy()
        {
            // Whatever it is, the next change meets it too, and then it matters.
            tracing::debug!(%error, "the log of the store stays long");
        }
    }

    pub(super) fn look_after_watch(&mut self) {
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
}
