//! The brake: an unmounted disk or a mistaken `rm` must not withdraw an archive.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ops::{Degraded, Health};
use crate::store::{Batch, StoreError};

/// Fewer missing seeds than this never pull the brake.
const AT_LEAST: u64 = 20;

/// Name under which the store keeps it.
const NAME: &str = "brake";

/// Whether seeds that are gone may be withdrawn. Kept in the store, since neither a restart nor another configuration says
/// that they are meant to be gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Brake {
    state: State,
    /// What was missing by this moment is meant to be gone.
    accepted: Option<DateTime<Utc>>,
    /// What is missing by the end of the next batch is.
    #[serde(skip)]
    is_accepting: bool,
    #[serde(skip)]
    is_in_doubt: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    #[default]
    Free,
    /// Any number of missing seeds pulls it.
    Suspect,
    Pulled {
        at: DateTime<Utc>,
        /// No seed was left: whatever shows up later is no sign of those that were there.
        is_total: bool,
    },
}

impl Brake {
    /// As the store keeps it; says so where it holds, and nobody `accepts` the removals.
    pub(super) fn open(batch: &Batch<'_>, accepts: bool, health: &Health) -> Result<Self, StoreError> {
        let kept = batch.meta(NAME)?;
        let mut brake: Self = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        brake.is_accepting = accepts;
        if brake.is_pulled() && !accepts {
            let (known, missing) = batch.seed_counts()?;
            tell(missing, known, health);
        } else {
            health.restore(Degraded::Brake);
        }
        Ok(brake)
    }

    /// Somebody confirms the removals.
    pub(super) fn accept(&mut self) {
        self.is_accepting = true;
    }

    /// What the next whole listing misses may be missing by accident, however few seeds it is: the directory is another
    /// one than before, or shows nothing of what is known.
    pub(super) fn doubt(&mut self) {
        self.is_in_doubt = true;
    }

    /// A whole listing made at `now` shows `seen` seeds, and misses `gone` more than the one before. When it still shows
    /// some seeds and was made `wait` after the brake was pulled, it confirms that the others are meant to be gone; a
    /// directory that was empty never confirms anything.
    pub(super) fn listed(
        &mut self,
        batch: &Batch<'_>,
        now: DateTime<Utc>,
        (seen, gone): (usize, usize),
        wait: Duration,
    ) -> Result<(), StoreError> {
        // What an earlier listing missed may have gone with the directory as well.
        let is_missing = self.is_in_doubt && (gone > 0 || batch.first_missing(self.accepted)?.is_some());
        self.is_in_doubt = false;
        if is_missing && self.state == State::Free {
            self.state = State::Suspect;
        }
        if let State::Pulled { at, is_total } = &mut self.state {
            *is_total |= seen == 0;
            self.is_accepting |= !*is_total && now >= *at + wait;
        }
        Ok(())
    }

    pub(super) fn is_pulled(&self) -> bool {
        matches!(self.state, State::Pulled { .. })
    }

    /// Until when seeds must be missing, to be forgotten: those that are so since `before`, unless the brake holds; it is
    /// pulled when too many are.
    pub(super) fn admits(
        &mut self,
        batch: &Batch<'_>,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
        health: &Health,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let accepted = self.accepted.map(|accepted| accepted.min(before));
        if self.is_pulled() {
            return Ok(accepted);
        }
        // Nothing is due that is not accepted.
        if batch.first_missing(self.accepted)?.is_none_or(|first| first > before) {
            return Ok(accepted);
        }
        let missing = batch.missing_count(self.accepted)?;
        if self.state == State::Suspect || missing >= AT_LEAST {
            let (known, _) = batch.seed_counts()?;
            if self.state == State::Suspect || missing > known / 2 {
                self.state = State::Pulled { at: now, is_total: missing == known };
                tell(missing, known, health);
                return Ok(accepted);
            }
        }
        Ok(Some(before))
    }

    /// The end of a batch: what was accepted counts from now on, and with nothing missing that was not, the brake lets go.
    pub(super) fn settle(
        &mut self,
        batch: &mut Batch<'_>,
        now: DateTime<Utc>,
        health: &Health,
    ) -> Result<(), StoreError> {
        // A clock that was set back accepts nothing in advance.
        self.accepted =
            if std::mem::take(&mut self.is_accepting) { Some(now) } else { self.accepted.map(|at| at.min(now)) };
        if self.state != State::Free && batch.first_missing(self.accepted)?.is_none() {
            if self.is_pulled() {
                tracing::info!("nothing is missing any more but what is meant to be gone");
                health.restore(Degraded::Brake);
            }
            self.state = State::Free;
        }
        let text = serde_json::to_string(self).expect("words and times become JSON");
        if batch.meta(NAME)?.as_ref() != Some(&text) {
            batch.set_meta(NAME, &text)?;
        }
        Ok(())
    }
}

fn tell(missing: u64, known: u64, health: &Health) {
    let reason = format!(
        "{missing} of {known} seeds disappeared at once or became other articles, so nothing is withdrawn: is the seed \
         directory mounted, and are the files what they should be? \
         If the removals are intended, run `seedcast rescan --accept-removals`, or the export with that option"
    );
    if health.degrade(Degraded::Brake, reason.clone()) {
        tracing::error!("{reason}");
    }
}
