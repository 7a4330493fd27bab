//! The loop that sees to everything: who is due, how many at a time, when next.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, sleep_until};

use super::callback::Callback;
use super::deliver::deliver;
use super::topic::Content;
use super::verify::{deny, verify};
use super::{Counted, Hub, Order, Setup};
use crate::feed::Document;
use crate::store::{Attempt, AttemptEnd, Due, StoreError, Subscriptions, Wanted};

/// A delivery that takes longer no longer counts among those under way, so that slow callbacks hold up nobody else.
const SLOW: Duration = Duration::from_millis(300);
/// Slow ones in multiples of the others; beyond that they do count.
const SLOW_SHARE: usize = 2;
/// How much longer than a request a claim lasts.
const CLAIM_SLACK: Duration = Duration::from_secs(60);
/// How often leases are looked at.
const EXPIRY: Duration = Duration::from_secs(60);
/// Longest sleep towards a moment on the wall clock, which may be set.
const WALL_CLOCK: Duration = Duration::from_secs(60);
/// Pause after a failure of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// How long an end waits for deliveries under way.
const GRACE: Duration = Duration::from_secs(3);
/// Subscriptions looked at in one go.
const SCAN: usize = 512;

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
    contents: HashMap<String, (Arc<Document>, Arc<Content>)>,
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
}

/// Reports a delivery that ends without result, by a panic, as released.
struct Report {
    sender: mpsc::UnboundedSender<Event>,
    released: Option<Attempt>,
}

impl Report {
    fn send(mut self, attempt: Attempt) {
        self.released = None;
        let _ = self.sender.send(Event::Ended(attempt));
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if let Some(attempt) = self.released.take() {
            let _ = self.sender.send(Event::Ended(attempt));
        }
    }
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
                _ = expiry.tick() => self.expire().await,
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
            Order::Verify(verification) => self.asking.spawn(verify(hub, *verification)),
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
                        let current = self.content(&topic);
                        if current.is_some_and(|content| content.digest != attempt.digest) {
                            self.agenda.insert(topic, Progress::default());
                        }
                    }
                }
                self.results.push(attempt);
            }
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
        self.agenda.extend(changed.into_iter().map(|topic| (topic, Progress::default())));
        self.later.retain(|topic, at| {
            let is_later = *at > now;
            if !is_later {
                self.agenda.entry(topic.clone()).or_default();
            }
            is_later
        });
        self.see_to_pings(&setup).await?;
        let topics: Vec<String> = self.agenda.keys().cloned().collect();
        for topic in topics {
            self.send_to(&setup, topic).await?;
        }
        Ok(())
    }

    /// Sends to the subscribers of one topic, as far as there is room; takes it off the agenda when all were seen to.
    async fn send_to(&mut self, setup: &Arc<Setup>, topic: String) -> Result<(), StoreError> {
        let Some(content) = self.content(&topic) else {
            self.agenda.remove(&topic);
            return Ok(());
        };
        let settings = &setup.settings;
        let patience = u32::try_from(settings.retries.len()).unwrap_or(u32::MAX);
        let mut progress = self.agenda.get(&topic).copied().unwrap_or_default();
        loop {
            let limit = self.room(settings.concurrency).min(SCAN);
            if limit == 0 {
                self.agenda.insert(topic, progress);
                return Ok(());
            }
            let now = self.hub.now();
            let until = now + settings.timeout + CLAIM_SLACK;
            let mut hosts = self.hosts.clone();
            let per_host = settings.concurrency_per_host;
            let (name, digest, after) = (topic.clone(), content.digest, progress.after);
            let claim = self
                .on_store(move |store| {
                    let wanted = Wanted { topic: &name, digest: &digest, after, limit, patience };
                    store.claim(wanted, now, until, |host| {
                        let count = hosts.entry(host.to_owned()).or_default();
                        let is_admitted = *count < per_host;
                        *count += usize::from(is_admitted);
                        is_admitted
                    })
                })
                .await?;
            progress.is_skipping |= claim.is_skipping;
            for due in claim.due {
                self.send(setup, &topic, due, &content);
            }
            match claim.next {
                Some(last) => progress.after = last,
                // Those that were passed over are looked at again when something has ended.
                None if progress.is_skipping => {
                    self.agenda.insert(topic, Progress::default());
                    return Ok(());
                }
                None => break,
            }
        }
        self.agenda.remove(&topic);
        let (name, digest, now) = (topic.clone(), content.digest, self.hub.now());
        match self.on_store(move |store| store.next_attempt(&name, &digest, now)).await? {
            Some(next) => self.look_later(&topic, next),
            None => {
                self.contents.remove(&topic);
            }
        }
        Ok(())
    }

    /// What is at a topic now.
    fn content(&mut self, topic: &str) -> Option<Arc<Content>> {
        let Some(document) = self.hub.setup.load().topics.document(topic) else {
            self.contents.remove(topic);
            return None;
        };
        if let Some((known, content)) = self.contents.get(topic)
            && Arc::ptr_eq(known, &document)
        {
            return Some(Arc::clone(content));
        }
        let content = Arc::new(Content::new(&document));
        self.contents.insert(topic.to_owned(), (document, Arc::clone(&content)));
        Some(content)
    }

    fn room(&self, concurrency: usize) -> usize {
        let fast = self.under_way.len() - self.slow.min(concurrency * SLOW_SHARE);
        concurrency.saturating_sub(fast)
    }

    fn send(&mut self, setup: &Arc<Setup>, topic: &str, due: Due, content: &Arc<Content>) {
        let host = due.host.clone();
        *self.hosts.entry(host.clone()).or_default() += 1;
        self.under_way.insert(due.id, UnderWay { topic: topic.to_owned(), host, is_slow: false });
        let (hub, setup, content) = (Arc::clone(&self.hub), Arc::clone(setup), Arc::clone(content));
        let (topic, sender) = (topic.to_owned(), self.report.clone());
        let attempt = move |hub: &Hub, id, digest, end| Attempt { id, digest, at: hub.now(), end };
        let released = Some(attempt(&hub, due.id, content.digest, AttemptEnd::Released));
        let report = Report { sender: sender.clone(), released };
        self.sending.spawn(async move {
            let delivery = deliver(&hub, &setup, &topic, &due, &content);
            tokio::pin!(delivery);
            let end = tokio::select! {
                biased;
                end = &mut delivery => end,
                () = sleep(SLOW) => {
                    let _ = sender.send(Event::Slow(due.id));
                    delivery.await
                }
            };
            report.send(attempt(&hub, due.id, content.digest, end));
        });
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

    /// Other hubs are pinged like subscribers of every topic that there is.
    async fn see_to_pings(&mut self, setup: &Setup) -> Result<(), StoreError> {
        let hubs = &setup.settings.external;
        if *hubs != self.pinged_hubs {
            let wanted = hubs.clone();
            self.on_store(move |store| store.retain_pings(&wanted)).await?;
            self.pinged_hubs.clone_from(hubs);
            self.pinged.clear();
        }
        if hubs.is_empty() {
            return Ok(());
        }
        let is_new = |topic: &&String| !self.pinged.contains(*topic) && setup.topics.is_ours(topic);
        let topics: Vec<String> = self.agenda.keys().filter(is_new).cloned().collect();
        if topics.is_empty() {
            return Ok(());
        }
        let now = self.hub.now();
        for hub in hubs {
            let Some(callback) = Callback::known(hub) else { continue };
            let (hub, host, topics) = (hub.clone(), callback.host().to_owned(), topics.clone());
            self.on_store(move |store| store.add_pings(&hub, &host, &topics, now)).await?;
        }
        self.pinged.extend(topics);
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
    /// next start.
    async fn end(mut self) {
        let until = sleep(GRACE);
        tokio::pin!(until);
        while !self.under_way.is_empty() {
            tokio::select! {
                Some(event) = self.events.recv() => self.take(event),
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
