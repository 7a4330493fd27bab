//! The WebSub hub of this service's own feeds (W3C Recommendation of 23 January 2018), and the publisher's side of
//! other hubs.
//!
//! A request to the hub is checked and answered at once; whether the subscriber meant it is asked afterwards. What is
//! to be delivered follows from what is stored: a subscription is due as long as the digest that it was given last is
//! not that of the document now at its topic. So a crash between a change and its delivery loses nothing, several
//! changes become one delivery of the newest, and there is no queue that could grow.

pub mod address;
mod budget;
mod callback;
mod chance;
mod client;
mod cloud;
mod counters;
mod deliver;
mod form;
mod network;
mod on_demand;
mod pending;
mod refusal;
mod retry;
mod settings;
mod signature;
mod status;
mod topic;
mod verify;
mod worker;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use hyper::StatusCode;
use tokio::sync::{Notify, mpsc};

use crate::http::{Accepted, Endpoint, Published, Served, Submission};
use crate::ops::client_key;
use crate::store::{Kind, StoreError, Subscriptions};

use budget::Budget;
use client::Client;
use form::{Ask, Request};
use on_demand::OnDemand;
use pending::{Pending, Place};
use refusal::Refusal;
use topic::{At, Topics};
use verify::{Question, Verification};

pub use cloud::CLOUD_PATH;

pub use callback::{Callback, CallbackError};
pub use counters::{Counted, Counters};
pub use form::FormError;
pub use network::{Boxed, Network, Stream, System};
pub use on_demand::{Made, Maker, Unavailable};
pub use retry::wait;
pub use settings::Settings;
pub use signature::{Algorithm, sign};
pub use status::{HostStatus, Status, TopicStatus};

/// Path of the hub below the site.
pub const PATH: &str = "/hub";

/// Type of the answers of the hub.
const TEXT: &str = "text/plain; charset=utf-8";

/// Tells the time; passed in, so that tests can set it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Requests to one callback host that are verified at once, and then so many a second: an aggregator subscribes to
/// every feed in one go, a host that somebody else names is left in peace.
const VERIFICATIONS: (u32, f64) = (300, 2.0);
/// Announcements of one client that are looked into at once, and then so many a second.
const PUBLISHES: (u32, f64) = (60, 1.0);

/// The hub. Work is done by [`Hub::run`]; everything else only says what there is to do.
pub struct Hub {
    setup: ArcSwap<Setup>,
    published: Arc<Published>,
    on_demand: OnDemand,
    store: Arc<Subscriptions>,
    client: Client,
    clock: Clock,
    pending: Pending,
    verifications: Budget<String>,
    publishes: Budget<Option<IpAddr>>,
    changed: Mutex<BTreeSet<String>>,
    wake: Notify,
    orders: mpsc::UnboundedSender<Order>,
    /// Taken by `run`.
    ordered: Mutex<Option<mpsc::UnboundedReceiver<Order>>>,
    counters: Counters,
    /// Held while a confirmed request takes effect.
    keeping: tokio::sync::Mutex<()>,
}

/// What can change while the hub runs.
struct Setup {
    settings: Settings,
    topics: Topics,
}

/// Something for `run` to do.
enum Order {
    /// To ask a subscriber whether it meant that.
    Verify(Box<Verification>),
    /// To tell a subscriber that it has no subscription.
    Deny { callback: Callback, topic: String, reason: &'static str },
}

impl Hub {
    /// `base_url` is that of the site, without a trailing slash: topics begin with it.
    #[must_use]
    pub fn new(
        settings: Settings,
        base_url: &str,
        published: Arc<Published>,
        store: Subscriptions,
        network: Arc<dyn Network>,
        clock: Clock,
    ) -> Arc<Self> {
        // Bounded by the places in `pending`, and by what an operator drops.
        let (orders, ordered) = mpsc::unbounded_channel();
        let topics = Topics { published: Arc::clone(&published), base_url: base_url.to_owned() };
        Arc::new(Self {
            setup: ArcSwap::from_pointee(Setup { settings, topics }),
            published,
            on_demand: OnDemand::default(),
            store: Arc::new(store),
            client: Client::new(network),
            clock,
            pending: Pending::default(),
            verifications: Budget::new(VERIFICATIONS.0, VERIFICATIONS.1),
            publishes: Budget::new(PUBLISHES.0, PUBLISHES.1),
            changed: Mutex::default(),
            wake: Notify::new(),
            orders,
            ordered: Mutex::new(Some(ordered)),
            counters: Counters::default(),
            keeping: tokio::sync::Mutex::default(),
        })
    }

    /// Takes up other settings or another base URL. Subscriptions stay; those to topics that are not ours any more get
    /// nothing until they are again, or their lease is over.
    pub fn reconfigure(&self, settings: Settings, base_url: &str) {
        let topics = Topics { published: Arc::clone(&self.published), base_url: base_url.to_owned() };
        self.setup.store(Arc::new(Setup { settings, topics }));
        self.look_at(self.setup.load().topics.all());
        self.look_at(self.on_demand.watched());
    }

    /// Says who makes the documents that are not kept ready: without, they are no topics. To be called before anything
    /// else.
    pub fn set_maker(&self, maker: Weak<dyn Maker>) {
        self.on_demand.set_maker(maker);
    }

    /// Says that what was made on demand at this path is out of date. Does not block.
    pub fn stale(&self, path: &str) {
        let topic = self.setup.load().topics.at(path);
        self.look_at(topic.filter(|topic| self.on_demand.is_watched(topic)));
    }

    /// Says that the documents at these paths may have changed. Does not block.
    pub fn changed(&self, paths: &[String]) {
        let setup = self.setup.load();
        self.look_at(paths.iter().filter_map(|path| setup.topics.at(path)));
    }

    fn look_at(&self, topics: impl IntoIterator<Item = String>) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).extend(topics);
        self.wake.notify_one();
    }

    /// Verifies and delivers until `stop` is ready; then lets what is under way finish for a moment. To be called once.
    ///
    /// # Panics
    /// When called twice.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let ordered = self.ordered.lock().unwrap_or_else(PoisonError::into_inner).take();
        worker::Worker::new(self, ordered.expect("run is called once")).run(stop).await;
    }

    /// Ends a subscription by its number; says whether there was one. A WebSub subscriber is told, for others there is no
    /// way to say it. Blocks on the disk.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn drop_subscription(&self, id: i64) -> Result<bool, StoreError> {
        let Some((kind, topic, callback)) = self.store.remove_by_id(id)? else { return Ok(false) };
        self.counters.add(Counted::Dropped);
        if let Some(callback) = Callback::known(&callback).filter(|_| kind == Kind::WebSub) {
            self.order(Order::Deny { callback, topic, reason: "the operator of the hub ended the subscription" });
        }
        Ok(true)
    }

    /// What happened since the start.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    fn order(&self, order: Order) {
        // Nobody receives only after the end of `run`; then there is nobody to do it either.
        let _ = self.orders.send(order);
    }

    async fn answer(&self, submission: &Submission) -> Result<&'static str, Refusal> {
        let setup = self.setup.load_full();
        let ask = Ask::parse(submission.content_type.as_deref(), &submission.body);
        // Whoever has a subscription from before may still end it.
        if !setup.settings.is_enabled && !matches!(ask, Ok(Ask::Unsubscribe(_))) {
            return Err(Refusal::Off);
        }
        match ask? {
            Ask::Publish(topics) => {
                if let Some(other) = topics.iter().find(|topic| setup.topics.place(topic).is_none()) {
                    return Err(Refusal::Topic(other.clone()));
                }
                let take = || self.publishes.take(submission.client.map(client_key));
                take().map_err(Refusal::Often)?;
                let is_followed = |topic: &String| setup.topics.is_live(topic) || self.on_demand.is_watched(topic);
                let (followed, others): (Vec<_>, Vec<_>) = topics.into_iter().partition(is_followed);
                for topic in others {
                    // Each costs a look at the store; nobody waits for its news.
                    take().map_err(Refusal::Often)?;
                    self.find(&setup, &topic).await?;
                }
                // Whether they did change, the digests tell.
                self.look_at(followed);
                Ok("the topic will be checked\n")
            }
            Ask::Subscribe { request, secret, lease } => {
                let lease = lease.unwrap_or(setup.settings.default_lease);
                let lease = lease.clamp(setup.settings.min_lease, setup.settings.max_lease);
                self.accept(&setup, submission.client, request, Some((secret, lease))).await
            }
            Ask::Unsubscribe(request) => self.accept(&setup, submission.client, request, None).await,
        }
    }

    /// `wanted` is secret and lease; `None` to unsubscribe.
    async fn accept(
        &self,
        setup: &Setup,
        client: Option<IpAddr>,
        request: Request,
        wanted: Option<(Option<Vec<u8>>, Duration)>,
    ) -> Result<&'static str, Refusal> {
        let Request { topic, callback } = request;
        let callback = Callback::parse(&callback, &setup.settings.callbacks)?;
        // A subscription to a topic that is no longer ours may be ended.
        if wanted.is_some() && setup.topics.place(&topic).is_none() {
            return Err(Refusal::Topic(topic));
        }
        let place = self.admit(client, &callback, &topic)?;
        let has = match &wanted {
            // What changes from now on is news to this subscriber, even if its verification takes a while.
            Some(_) => topic::digest(&*self.find(setup, &topic).await?),
            None => crate::store::NOTHING,
        };
        self.counters.add(Counted::Accepted);
        let question = Question::WebSub;
        self.order(Order::Verify(Box::new(Verification { topic, callback, wanted, has, question, place })));
        Ok("the callback will be asked to confirm\n")
    }

    /// A place for a request that its callback may be asked about now.
    fn admit(&self, client: Option<IpAddr>, callback: &Callback, topic: &str) -> Result<Place, Refusal> {
        let place = self.pending.enter(client, callback.host(), topic, callback.as_str()).map_err(Refusal::Full)?;
        self.verifications.take(callback.host().to_owned()).map_err(Refusal::Often)?;
        Ok(place)
    }

    /// The document at a topic of ours.
    async fn find(&self, setup: &Setup, topic: &str) -> Result<Arc<Served>, Refusal> {
        let made = match setup.topics.place(topic) {
            Some(At::Slot(slot)) => return slot.load().ok_or(Refusal::Early),
            Some(At::OnDemand(path)) => self.on_demand.make(path).await,
            None => Ok(None),
        };
        made.map_err(|Unavailable| Refusal::Early)?.ok_or_else(|| Refusal::Topic(topic.to_owned()))
    }
}

impl Endpoint for Hub {
    fn takes(&self, path: &str) -> bool {
        path == PATH || (path == CLOUD_PATH && self.setup.load().settings.takes_rsscloud)
    }

    fn submit(&self, submission: Submission) -> Boxed<'_, Accepted> {
        if submission.path == CLOUD_PATH {
            return Box::pin(async move { cloud::answer(self, &submission).await });
        }
        Box::pin(async move {
            match self.answer(&submission).await {
                Ok(text) => Accepted {
                    status: StatusCode::ACCEPTED,
                    content_type: TEXT,
                    text: text.to_owned(),
                    retry_after_seconds: None,
                },
                Err(refusal) => {
                    self.counters.add(Counted::Refused);
                    Accepted::from(&refusal)
                }
            }
        })
    }
}
