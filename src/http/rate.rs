//! How often one client may ask.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::ops::client_key;

use super::bucket::{Buckets, Rate};
use super::head::{Field, Head};
use super::settings::Limits;

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
        self.requests.take(client_key(client), of_requests(limits, 1.0), now)
    }

    /// Takes one of the pages that may be made to see whether the client has them already, or says after how long there
    /// will be one. It is given back for those that it has, so that only tags that fit nothing use them up.
    pub(crate) fn take_trial(&self, client: IpAddr, limits: &Limits, now: Instant) -> Result<(), Duration> {
        if limits.requests_per_second <= 0.0 {
            return Ok(());
        }
        self.trials.take(client_key(client), of_requests(limits, TRIALS), now)
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

fn of_requests(limits: &Limits, times: f64) -> Rate {
    let burst = f64::from(limits.request_burst.max(1));
    Rate { per_second: limits.requests_per_second * times, burst: burst * times }
}
