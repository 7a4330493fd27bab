//! The loop that sees to everything: who is due, how many at a time, when next.

mod contents;
mod dispatch;
mod pings;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, sleep_until};

use super::on_demand::Made;
use super::topic::Content;
use super::verify::{deny, verify};
use super::{Counted, Hub, Order};
use crate::http::Served;
use crate::store::{Attempt, AttemptEnd, StoreError, Subscriptions};

/// How often leases are looked at.
const EXPIRY: Duration = Duration::from_secs(60);
/// Longest sleep towards a moment on the wall clock, which may be set.
const WALL_CLOCK: Duration = Duration::from_secs(60);
/// Pause after a failure of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// How long an end waits for deliveries under way.
const GRACE: Duration = Duration::from_secs(3);

/// The state of the loop.
pub(super) struct Worker {
    hub: Arc<Hub>,
    orders: mpsc::UnboundedReceiver<Order>,
    /// Requests to callbacks that are no deliveries.
    asking: JoinSet<()>,
    sending: JoinSet<()>,
    events: mpsc::UnboundedReceiver<Event>,
    /// Given to each delivery.
    report: mpsc::UnboundedSender<Event>,
    under_way: HashMap<i64, UnderWay>,
    /// Deliveries under way by host, the slow ones included.
    hosts: HashMap<String, usize>,
    slow: usize,
    /// Results that are not recorded yet.
    results: Vec<Attempt>,
    /// Topics with subscriptions that may be due, and how far they are seen to.
    agenda: BTreeMap<String, Progress>,
    /// Topics to be looked at again at a certain time.
    later: BTreeMap<String, DateTime<Utc>>,
    /// Documents as they are delivered, made once for each that has subscribers.
    contents: HashMap<String, (Arc<Served>, Arc<Content>)>,
    /// Topics whose document is being made, and whether it has changed meanwhile.
    making: HashMap<String, bool>,
    /// Topics about which other hubs are pinged.
    pinged: HashSet<String>,
    pinged_hubs: Vec<String>,
    paused_until: Option<Instant>,
}

/// How far the subscriptions to a topic are seen to.
#[derive(Clone, Copy, Default)]
struct Progress {
    /// Number of the last one looked at.
    after: i64,
    /// Whether some were passed over because their host has as many as it may.
    is_skipping: bool,
}

/// A delivery under way.
struct UnderWay {
    topic: String,
    host: String,
    is_slow: bool,
}

enum Event {
    /// The delivery to this subscription takes its time.
    Slow(i64),
    /// It ended.
    Ended(Attempt),
    /// The document of this topic was made.
    Made(String, Made),
}

impl Worker {
    pub(super) fn new(hub: Arc<Hub>, orders: mpsc::UnboundedReceiver<Order>) -> Self {
        let (report, events) = mpsc::unbounded_channel();
        Self {
            hub,
            orders,
            asking: JoinSet::new(),
            sending: JoinSet::new(),
            events,
            report,
            under_way: HashMap::new(),
            hosts: HashMap::new(),
            slow: 0,
            results: Vec::new(),
            agenda: BTreeMap::new(),
            later: BTreeMap::new(),
            contents: HashMap::new(),
            making: HashMap::new(),
            pinged: HashSet::new(),
            pinged_hubs: Vec::new(),
            paused_until: None,
        }
    }

    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut expiry = interval(EXPIRY);
        // What an earlier run did not get done.
        self.hub.look_at(self.hub.setup.load().topics.all());
        loop {
            let look = self.next_look();
            tokio::select! {
                () = &mut stop => break,
                () = self.hub.wake.notified() => {}
                Some(order) = self.orders.recv() => {
                    self.ask(order);
                    continue;
                }
                Some(event) = self.events.recv() => {
                    self.take(event);
                    while let Ok(event) = self.events.try_recv() {
                        self.take(event);
                    }
                }
                Some(_) = self.asking.join_next(), if !self.asking.is_empty() => continue,
                Some(_) = self.sending.join_next(), if !self.sending.is_empty() => continue,
                _ = expiry.tick() => {
                    self.expire().await;
                    self.watch().await;
                }
                () = sleep_until(look) => {}
            }
            if self.paused_until.is_some_and(|until| Instant::now() < until) {
                continue;
            }
            self.paused_until = None;
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "deliveries wait for the store");
                self.paused_until = Some(Instant::now() + STORE_PAUSE);
            }
        }
        self.end().await;
    }

    fn ask(&mut self, order: Order) {
        let hub = Arc::clone(&self.hub);
        match order {
            Order::Verify(verification) => self.asking.spawn(async move {
                // Logged there.
                let _ = verify(&hub, *verification).await;
            }),
            Order::Deny { callback, topic, reason } => self.asking.spawn(deny(hub, callback, topic, reason)),
        };
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Slow(id) => {
                if let Some(one) = self.under_way.get_mut(&id).filter(|one| !one.is_slow) {
                    one.is_slow = true;
                    self.slow += 1;
                }
            }
            Event::Ended(attempt) => {
                let Some(UnderWay { topic, host, is_slow }) = self.under_way.remove(&attempt.id) else { return };
                self.slow -= usize::from(is_slow);
                if let Some(count) = self.hosts.get_mut(&host) {
                    *count -= 1;
                    if *count == 0 {
                        self.hosts.remove(&host);
                    }
                }
                match &attempt.end {
                    AttemptEnd::Failed { next, .. } => self.look_later(&topic, *next),
                    AttemptEnd::Gone => {}
                    AttemptEnd::Delivered | AttemptEnd::Released => {
                        // It may have changed meanwhile, and nothing is claimed twice.
                        let current = self.known(&topic);
                        if current.is_some_and(|content| content.digest != attempt.digest) {
                            self.agenda.insert(topic, Progress::default());
                        }
                    }
                }
                self.results.push(attempt);
            }
            Event::Made(topic, made) => self.made(topic, made),
        }
    }

    fn look_later(&mut self, topic: &str, at: DateTime<Utc>) {
        match self.later.get_mut(topic) {
            Some(earlier) => *earlier = at.min(*earlier),
            None => {
                self.later.insert(topic.to_owned(), at);
            }
        }
    }

    fn next_look(&self) -> Instant {
        let now = Instant::now();
        if let Some(until) = self.paused_until {
            return until;
        }
        let first = self.later.values().min();
        let wait = first.map_or(WALL_CLOCK, |at| (*at - self.hub.now()).to_std().unwrap_or_default().min(WALL_CLOCK));
        now + wait
    }

    /// Records what ended, then sends to whoever is due, as far as there is room.
    async fn round(&mut self) -> Result<(), StoreError> {
        self.record().await?;
        let setup = self.hub.setup.load_full();
        let now = self.hub.now();
        let changed = std::mem::take(&mut *self.hub.changed.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for topic in changed {
            self.stale(&topic);
            self.agenda.insert(topic, Progress::default());
        }
        self.later.retain(|topic, at| {
            let is_later = *at > now;
            if !is_later {
                self.agenda.entry(topic.clone()).or_default();
            }
            is_later
        });
        self.see_to_pings(&setup).await?;
        let mut topics: Vec<String> = self.agenda.keys().cloned().collect();
        // First what is there already.
        topics.sort_by_cached_key(|topic| !setup.topics.is_live(topic));
        for topic in topics {
            self.send_to(&setup, topic).await?;
        }
        Ok(())
    }

    async fn record(&mut self) -> Result<(), StoreError> {
        if self.results.is_empty() {
            return Ok(());
        }
        let results = self.results.clone();
        self.on_store(move |store| store.record(&results)).await?;
        self.results.clear();
        Ok(())
    }

    async fn expire(&mut self) {
        let now = self.hub.now();
        match self.on_store(move |store| store.expire(now)).await {
            Ok(0) => {}
            Ok(number) => {
                self.hub.counters.add_many(Counted::Expired, number);
                tracing::info!(subscriptions = number, "leases are over");
            }
            Err(error) => tracing::warn!(%error, "leases that are over could not be removed"),
        }
    }

    async fn on_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Subscriptions) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.hub.store);
        tokio::task::spawn_blocking(move || work(&store)).await.expect("the store does not panic")
    }

    /// Lets deliveries under way finish for a moment and records what came of them; the others are made again after the
    /// next start. Verifications have the same moment: a subscriber that confirmed takes itself for subscribed.
    async fn end(mut self) {
        let until = sleep(GRACE);
        tokio::pin!(until);
        while let Ok(order) = self.orders.try_recv() {
            self.ask(order);
        }
        while !(self.under_way.is_empty() && self.asking.is_empty()) {
            tokio::select! {
                Some(event) = self.events.recv() => self.take(event),
                Some(_) = self.asking.join_next(), if !self.asking.is_empty() => {}
                () = &mut until => break,
            }
        }
        self.sending.shutdown().await;
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
        if let Err(error) = self.record().await {
            tracing::warn!(%error, "the last deliveries are not recorded and will be made again");
        }
    }
}
