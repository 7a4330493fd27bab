//! How often: so that the hub cannot be made to pester a host.

use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

use crate::http::{Buckets, Rate};

/// Buckets that all hold and get the same.
pub(super) struct Budget<K> {
    rate: Rate,
    buckets: Buckets<K>,
}

impl<K: Eq + Hash> Budget<K> {
    pub(super) fn new(burst: u32, per_second: f64) -> Self {
        Self { rate: Rate { per_second, burst: f64::from(burst) }, buckets: Buckets::default() }
    }

    /// Takes a token, or says after how long there will be one.
    pub(super) fn take(&self, key: K) -> Result<(), Duration> {
        self.buckets.take(key, self.rate, Instant::now())
    }
}
