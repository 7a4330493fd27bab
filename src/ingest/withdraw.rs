//! Seeds that stay gone: after a grace period their items are withdrawn.

use chrono::{DateTime, Utc};

use crate::item::SeedPath;
use crate::ops::Health;
use crate::seed::{self, ReadError, Reader};
use crate::store::{Batch, SeedRow, StoreError};

use super::brake::Brake;

/// Seeds whose time is up.
#[derive(Debug, Default)]
pub(super) struct Expired {
    /// To be forgotten.
    pub gone: Vec<SeedRow>,
    /// There again, though no event said so: to be read.
    pub back: Vec<SeedPath>,
}

/// Which seeds that are missing since `before` or longer are gone for good; none while the brake holds or the directory
/// itself is not there.
pub(super) fn expired(
    batch: &Batch<'_>,
    options: &seed::Options,
    before: DateTime<Utc>,
    brake: &mut Brake,
    health: &Health,
    now: DateTime<Utc>,
) -> Result<Expired, StoreError> {
    let mut expired = Expired::default();
    if batch.first_missing(None)?.is_none_or(|first| first > before) || !options.directory.is_dir() {
        return Ok(expired);
    }
    let Some(before) = brake.admits(batch, before, now, health)? else { return Ok(expired) };
    let mut reader = Reader::new(options);
    for seed in batch.missing_seeds(before)? {
        if !options.selects(seed.path.as_path()) {
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
    Ok(expired)
}
