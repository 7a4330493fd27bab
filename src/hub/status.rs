//! How the hub is doing, for its operator.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Counted, Hub, topic};
use crate::store::{Kind, StoreError, SubscriptionRow};

/// Subscriptions that are listed one by one; those with failures come first.
const LISTED: usize = 1000;

/// Everything at a glance.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Status {
    /// Subscriptions in all, pings of other hubs included.
    pub subscriptions: usize,
    /// Of them, those that do not have the newest document yet.
    pub due: usize,
    /// What happened since the start, by name.
    pub counters: BTreeMap<String, u64>,
    /// By topic.
    pub topics: Vec<TopicStatus>,
    /// By host of the callbacks.
    pub hosts: Vec<HostStatus>,
    /// The first thousand, those with most failures first.
    pub listed: Vec<SubscriptionRow>,
}

/// The subscriptions to one topic.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct TopicStatus {
    /// Its URL.
    pub topic: String,
    /// Whether it is one of ours at present.
    pub is_live: bool,
    /// Subscribers, WebSub and rssCloud.
    pub subscribers: usize,
    /// Those that do not have the newest document yet.
    pub due: usize,
}

/// The subscriptions with callbacks on one host.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct HostStatus {
    /// Its name or address.
    pub host: String,
    /// How many.
    pub subscriptions: usize,
    /// Those whose last attempt failed.
    pub failing: usize,
    /// The latest success.
    pub last_delivery: Option<DateTime<Utc>>,
    /// The next attempt after a failure.
    pub next_retry: Option<DateTime<Utc>>,
}

impl Hub {
    /// The state of all subscriptions. Blocks on the disk.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn status(&self) -> Result<Status, StoreError> {
        let setup = self.setup.load();
        let mut rows = self.store.all()?;
        let mut topics: BTreeMap<String, TopicStatus> = BTreeMap::new();
        let mut hosts: BTreeMap<String, HostStatus> = BTreeMap::new();
        let mut digests = BTreeMap::new();
        let mut due = 0;
        for row in &rows {
            let current =
                *digests.entry(row.topic.clone()).or_insert_with_key(|topic| match setup.topics.document(topic) {
                    Some(document) => Some(topic::digest(&document)),
                    None => self.on_demand.digest(topic),
                });
            let is_due = current.is_some_and(|digest| digest != row.has);
            due += usize::from(is_due);
            let topic = topics.entry(row.topic.clone()).or_default();
            topic.is_live = current.is_some();
            topic.subscribers += usize::from(row.kind != Kind::Ping);
            topic.due += usize::from(is_due);
            let host = hosts.entry(row.host.clone()).or_default();
            host.subscriptions += 1;
            host.failing += usize::from(row.failures > 0);
            host.last_delivery = host.last_delivery.max(row.delivered_at);
            host.next_retry = [host.next_retry, row.next_attempt].into_iter().flatten().min();
        }
        let subscriptions = rows.len();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.failures), row.id));
        rows.truncate(LISTED);
        Ok(Status {
            subscriptions,
            due,
            counters: Counted::ALL
                .iter()
                .map(|(what, name)| ((*name).to_owned(), self.counters.count(*what)))
                .collect(),
            topics: topics.into_iter().map(|(topic, status)| TopicStatus { topic, ..status }).collect(),
            hosts: hosts.into_iter().map(|(host, status)| HostStatus { host, ..status }).collect(),
            listed: rows,
        })
    }
}
