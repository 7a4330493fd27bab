//! How often one client may ask: a token bucket for each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::settings::Limits;

/// Locks to spread clients over.
const SHARDS: usize = 16;
/// Buckets in a shard before the full ones (clients that paused) are dropped; 16 × 4096 × 64 B = 4 MB.
const SWEEP_AT: usize = 4096;

/// The buckets of all clients.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    shards: [Mutex<HashMap<IpAddr, Bucket>>; SHARDS],
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Rates {
    /// Takes one request from the client's bucket, or says after how long there will be one.
    pub(crate) fn take(&self, client: IpAddr, limits: &Limits, now: Instant) -> Result<(), Duration> {
        if limits.requests_per_second <= 0.0 {
            return Ok(());
        }
        let burst = f64::from(limits.request_burst.max(1));
        let mut shard = self.shard(client);
        if shard.len() >= SWEEP_AT {
            shard.retain(|_, bucket| bucket.filled(limits.requests_per_second, burst, now) < burst);
            if shard.len() >= SWEEP_AT {
                // Thousands of busy addresses: forgetting is kinder than refusing those not yet known.
                shard.clear();
            }
        }
        let bucket = shard.entry(client_key(client)).or_insert(Bucket { tokens: burst, at: now });
        bucket.tokens = bucket.filled(limits.requests_per_second, burst, now);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.tokens) / limits.requests_per_second))
    }

    /// Gives back what was taken for a request that turned out to be free.
    pub(crate) fn give_back(&self, client: IpAddr) {
        if let Some(bucket) = self.shard(client).get_mut(&client_key(client)) {
            bucket.tokens += 1.0;
        }
    }

    fn shard(&self, client: IpAddr) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Bucket>> {
        let last = match client_key(client) {
            IpAddr::V4(v4) => v4.octets()[3],
            IpAddr::V6(v6) => v6.octets()[7],
        };
        self.shards[usize::from(last) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn filled(&self, per_second: f64, burst: f64, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        (self.tokens + since * per_second).min(burst)
    }
}

/// One client: an IPv4 address, or the /64 that one IPv6 host or household has to itself.
pub(crate) fn client_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}
