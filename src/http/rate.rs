//! How often one client may ask: token buckets.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::request::{Field, Head};
use super::settings::Limits;

/// Locks to spread clients over.
const SHARDS: usize = 16;
/// Buckets in a shard before the full ones (clients that paused) are dropped; 16 × 4096 × 64 B = 4 MB.
const SWEEP_AT: usize = 4096;
/// Pages made for somebody who says to have a copy, for each request that one may make: most turn out to be a 304, and
/// they cost the sender as much as us.
const TRIALS: f64 = 10.0;
const HOUR: f64 = 3600.0;

/// The buckets of all clients.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    requests: Buckets<IpAddr>,
    /// Pages to be made before it is known whether they are free.
    trials: Buckets<IpAddr>,
    /// By digest of address, User-Agent and path.
    repeats: Buckets<u64>,
    digests: RandomState,
}

impl Rates {
    /// Takes one request of the client, or says after how long there will be one.
    pub(crate) fn take(&self, client: IpAddr, limits: &Limits, now: Instant) -> Result<(), Duration> {
        if limits.requests_per_second <= 0.0 {
            return Ok(());
        }
        self.requests.take(client_key(client), Rate::of_requests(limits, 1.0), now)
    }

    /// Takes one of the pages that may be made to see whether the client has them already, or says after how long there
    /// will be one. It is given back for those that it has, so that only tags that fit nothing use them up.
    pub(crate) fn take_trial(&self, client: IpAddr, limits: &Limits, now: Instant) -> Result<(), Duration> {
        if limits.requests_per_second <= 0.0 {
            return Ok(());
        }
        self.trials.take(client_key(client), Rate::of_requests(limits, TRIALS), now)
    }

    /// Gives back what was taken for a page that the client has.
    pub(crate) fn give_back_trial(&self, client: IpAddr) {
        self.trials.give_back(&client_key(client));
    }

    /// Takes one of the times that the client may fetch this feed whole without saying what it has, or says after how
    /// long there will be one. Programs behind one address are told apart by their User-Agent.
    pub(crate) fn take_repeat(
        &self,
        client: IpAddr,
        head: &Head<'_>,
        limits: &Limits,
        now: Instant,
    ) -> Result<(), Duration> {
        if limits.unconditional_per_hour == 0 {
            return Ok(());
        }
        let per_hour = f64::from(limits.unconditional_per_hour);
        let key = self.digests.hash_one((client_key(client), head.line(Field::UserAgent), head.path));
        self.repeats.take(key, Rate { per_second: per_hour / HOUR, burst: per_hour }, now)
    }
}

/// How a bucket fills and how much it holds.
#[derive(Clone, Copy, Debug)]
struct Rate {
    per_second: f64,
    burst: f64,
}

impl Rate {
    fn of_requests(limits: &Limits, times: f64) -> Self {
        let burst = f64::from(limits.request_burst.max(1));
        Self { per_second: limits.requests_per_second * times, burst: burst * times }
    }
}

/// Bounded in number: when there are too many, those that are full again are forgotten, or else all.
#[derive(Debug)]
struct Buckets<K> {
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
    fn take(&self, key: K, rate: Rate, now: Instant) -> Result<(), Duration> {
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

    fn give_back(&self, key: &K) {
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

/// One client: an IPv4 address, or the /64 that one IPv6 host or household has to itself.
pub(crate) fn client_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}
