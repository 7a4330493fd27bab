//! How often: a token bucket for each key, so that the hub cannot be made to pester a host.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Buckets before the full ones are dropped.
const SWEEP_AT: usize = 16_384;

/// Buckets that hold `burst` tokens and get `per_second`.
pub(super) struct Budget<K> {
    burst: f64,
    per_second: f64,
    buckets: Mutex<HashMap<K, (f64, Instant)>>,
}

impl<K: Eq + Hash> Budget<K> {
    pub(super) fn new(burst: u32, per_second: f64) -> Self {
        Self { burst: f64::from(burst), per_second, buckets: Mutex::default() }
    }

    /// Takes a token, or says after how long there will be one.
    pub(super) fn take(&self, key: K) -> Result<(), Duration> {
        let now = Instant::now();
        let filled = |(tokens, at): (f64, Instant)| {
            (tokens + now.saturating_duration_since(at).as_secs_f64() * self.per_second).min(self.burst)
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= SWEEP_AT {
            buckets.retain(|_, bucket| filled(*bucket) < self.burst);
            if buckets.len() >= SWEEP_AT {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(key).or_insert((self.burst, now));
        *bucket = (filled(*bucket), now);
        if bucket.0 >= 1.0 {
            bucket.0 -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.0) / self.per_second))
    }
}
