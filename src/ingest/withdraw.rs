//! Seeds that stay gone: after a grace period their items are withdrawn, unless so many went that it looks like an
//! accident.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::item::SeedPath;
use crate::ops::{Degraded, Health};
use crate::seed;
use crate::store::{Batch, SeedRow, StoreError};

/// Fewer missing seeds than this never pull the brake.
const BRAKE_AT_LEAST: u64 = 20;

/// The brake: an unmounted disk or a mistaken `rm` must not withdraw an archive.
#[derive(Debug, Default)]
pub(super) struct Brake {
    pulled_at: Option<DateTime<Utc>>,
    /// No seed was left while the brake was pulled: whatever shows up later is no sign of those that were there.
    is_total: bool,
    /// The directory is another one than before, or shows nothing of what is known: then any number counts.
    is_suspect: bool,
    /// An operator said that the removals are meant.
    is_accepted: bool,
}

impl Brake {
    /// An operator confirms the removals.
    pub(super) fn accept(&mut self) {
        self.is_accepted = true;
    }

    /// What is missing may be missing by accident, however few seeds it is.
    pub(super) fn suspect(&mut self) {
        self.is_suspect = true;
    }

    /// A whole listing made at `at` shows `seen` seeds. One made long enough after the brake was pulled that still shows
    /// some seeds confirms that the others are meant to be gone; a directory that was empty never confirms anything.
    pub(super) fn confirm(&mut self, at: DateTime<Utc>, seen: usize, wait: Duration) {
        if seen > 0 && !self.is_total && self.pulled_at.is_some_and(|pulled| at >= pulled + wait) {
            self.is_accepted = true;
        }
    }

    pub(super) fn is_pulled(&self) -> bool {
        self.pulled_at.is_some()
    }

    /// Decides whether anything may be withdrawn now.
    fn holds(&mut self, known: u64, missing: u64, now: DateTime<Utc>, health: &Health) -> bool {
        let is_mass = missing > 0 && (self.is_suspect || (missing >= BRAKE_AT_LEAST && missing > known / 2));
        if !is_mass || self.is_accepted {
            if self.pulled_at.take().is_some() {
                health.restore(Degraded::Brake);
                tracing::info!(missing, known, "removals are taken as meant");
            }
            self.is_accepted = is_mass;
            self.is_total = false;
            self.is_suspect &= missing > 0 && !is_mass;
            return false;
        }
        self.is_total |= missing == known;
        if self.pulled_at.is_none() {
            self.pulled_at = Some(now);
            let reason = format!(
                "{missing} of {known} seeds are gone at once, so nothing is withdrawn: is the seed directory mounted? \
                 If they are meant to be gone, run `seedcast rescan --accept-removals`, or the export with that option"
            );
            tracing::error!("{reason}");
            health.degrade(Degraded::Brake, reason);
        }
        true
    }
}

/// Seeds whose time is up.
#[derive(Debug, Default)]
pub(super) struct Expired {
    /// To be forgotten.
    pub gone: Vec<SeedRow>,
    /// There again, though no event said so: to be read.
    pub back: Vec<SeedPath>,
}

/// Which seeds are gone for good; none while the brake holds or the directory itself is not there.
pub(super) fn expired(
    batch: &Batch<'_>,
    options: &seed::Options,
    grace: Duration,
    brake: &mut Brake,
    health: &Health,
    now: DateTime<Utc>,
) -> Result<Expired, StoreError> {
    let due = batch.missing_seeds(now - grace)?;
    let mut expired = Expired::default();
    if (due.is_empty() && !brake.is_pulled()) || !options.directory.is_dir() {
        return Ok(expired);
    }
    let (known, missing) = batch.seed_counts()?;
    if brake.holds(known, missing, now, health) {
        return Ok(expired);
    }
    for seed in due {
        if options.directory.join(seed.path.as_path()).symlink_metadata().is_ok() {
            expired.back.push(seed.path);
        } else {
            expired.gone.push(seed);
        }
    }
    Ok(expired)
}
