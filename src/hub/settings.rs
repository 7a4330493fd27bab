//! What an operator may set about the hub.

use std::time::Duration;

use super::address::Policy;
use super::signature::Algorithm;

/// Section `[hub]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whether `/hub` takes subscriptions.
    pub is_enabled: bool,
    /// Hubs elsewhere that are told of changes and named in documents (absolute URLs).
    pub external: Vec<String>,
    /// Whether readers may register for rssCloud notifications.
    pub has_cloud: bool,
    /// Where callbacks may be.
    pub callbacks: Policy,
    /// Leases are not shorter ...
    pub min_lease: Duration,
    /// ... nor longer than these ...
    pub max_lease: Duration,
    /// ... and so long where a subscriber does not say.
    pub default_lease: Duration,
    /// Of the signatures.
    pub algorithm: Algorithm,
    /// From the start of a request to a callback to the end of its answer.
    pub timeout: Duration,
    /// Waits before the second, third, … attempt; the last is repeated until the lease is over.
    pub retries: Vec<Duration>,
    /// Deliveries under way at a time, those to slow callbacks not counted.
    pub concurrency: usize,
    /// Of them, to one host.
    pub concurrency_per_host: usize,
    /// Subscriptions in all.
    pub max_subscriptions: usize,
    /// Subscriptions with callbacks on one host.
    pub max_subscriptions_per_host: usize,
}

impl Settings {
    /// Whether anybody is to be told of changes.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.is_enabled || self.has_cloud || !self.external.is_empty()
    }
}
