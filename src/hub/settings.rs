//! What an operator may set about the hub.

use std::time::Duration;

use super::address::Policy;
use super::signature::Algorithm;
use crate::store::{Kind, Kinds};

/// Section `[hub]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whether `/hub` takes subscriptions.
    pub is_enabled: bool,
    /// Whether rssCloud subscribers may register, and RSS documents say where.
    pub takes_rsscloud: bool,
    /// Hubs elsewhere that are told of changes and named in documents (absolute URLs).
    pub external: Vec<String>,
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
    /// The kinds of subscription that are sent anything. Other hubs are always told: without any there are no such
    /// subscriptions.
    pub(super) fn kinds(&self) -> Kinds {
        Kinds::that(|kind| match kind {
            Kind::WebSub => self.is_enabled,
            Kind::RssCloud => self.takes_rsscloud,
            Kind::Ping => true,
        })
    }
}
