//! Seeds that stay gone: after a grace period their items are withdrawn.

use chrono::{DateTime, Utc};

use crate::item::SeedPath;
use crate::ops::Health;
use crate::seed::{self, ReadError, Reader};
use crate::store::{Batch, SeedRow, StoreError};

use super::brake::Brake;
use super::work::BATCH;

/// Seeds whose time is up.
#[derive(Debug, Default)]
pub(super) struct Expired {
    /// To be forgotten.
    pub gone: Vec<SeedRow>,
    /// There again, though no event said so: to be read.
    pub back: Vec<SeedPath>,
    /// There may be others.
    pub is_more: bool,
}

/// Some of the seeds that are missing since `before` or longer, if they are gone for good; none while the brake holds or the
/// directory itself is not there.
pub(super) fn expired(
    batch: &mut Batch<'_>,
    options: &seed::Options,
    before: DateTime<Utc>,
    brake: &mut Brake,
    health: &Health,
    now: DateTime<Utc>,
) -> Result<Expired, StoreError> {
    let mut expired = Expired::default();
    batch.end_future(now)?;
    if batch.first_missing(None)?.is_none_or(|first| first > before) || !options.directory.is_dir() {
        return Ok(expired);
    }
    let Some(before) = brake.admits(batch, before, now, health)? else { return Ok(expired) };
    let mut reader = Reader::new(options);
    let mut after = None;
    loop {
        let page = batch.missing_seeds(before, after.as_ref(), BATCH)?;
        let is_last = page.len() < BATCH;
        after = page.last().cloned();
        for seed in page {
            if seed.is_left_behind() || !options.selects(seed.path.as_path()) {
                expired.gone.push(seed);
                continue;
            }
            match reader.read(&seed.path) {
                Ok(Some(_)) => expired.back.push(seed.path),
                // Nothing, or nothing that is a seed.
                Ok(None) | Err(ReadError::Refused(_)) => expired.gone.push(seed),
                // Nobody knows; it is asked again.
                Err(ReadError::Unreadable(_)) => {}
            }
        }
        expired.is_more = !is_last;
        if is_last || expired.gone.len() + expired.back.len() >= BATCH {
            return Ok(expired);
        }
    }
}
