//! Token buckets: how often something may be done for each of many keys.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Locks to spread the keys over.
const SHARDS: usize = 16;
/// Buckets in a shard before the full ones (of those that paused) are dropped; 16 × 4096 × 64 B = 4 MB.
const SWEEP_AT: usize = 4096;

/// How a bucket fills and how much it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub per_second: f64,
    pub burst: f64,
}

/// Bounded in number: when there are too many, those that are full again are forgotten, or else all.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    shards: [Mutex<HashMap<K, Bucket>>; SHARDS],
    spread: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), spread: RandomState::new() }
    }
}

impl<K: Hash + Eq> Buckets<K> {
    /// Takes a token, or says after how long there will be one.
    pub(crate) fn take(&self, key: K, rate: Rate, now: Instant) -> Result<(), Duration> {
        let mut shard = self.shard(&key);
        if shard.len() >= SWEEP_AT {
            shard.retain(|_, bucket| bucket.filled(rate, now) < rate.burst);
            if shard.len() >= SWEEP_AT {
                // Thousands of busy clients: forgetting is kinder than refusing those not yet known.
                shard.clear();
            }
        }
        let bucket = shard.entry(key).or_insert(Bucket { tokens: rate.burst, at: now });
        bucket.tokens = bucket.filled(rate, now);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.tokens) / rate.per_second))
    }

    pub(crate) fn give_back(&self, key: &K) {
        if let Some(bucket) = self.shard(key).get_mut(key) {
            bucket.tokens += 1.0;
        }
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, Bucket>> {
        let bits = self.spread.hash_one(key).to_le_bytes();
        let index = usize::from(bits[0]) % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn filled(&self, rate: Rate, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        (self.tokens + since * rate.per_second).min(rate.burst)
    }
}
