//! Verification of intent (W3C WebSub §5.3): whoever is named as a callback must say so itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};
use tokio::time::sleep;

use super::callback::Callback;
use super::client::{Outgoing, SendError};
use super::deliver::{form, form_headers};
use super::pending::Place;
use super::{Counted, Hub, Order, Setup, chance};
use crate::store::{Bounds, Digest, Kind, NewSubscription, StoreError};

/// How often a confirmed request is tried to be kept while the store is busy, once a second.
const TRIES: u32 = 30;

/// A request to be verified.
pub(super) struct Verification {
    pub topic: String,
    pub callback: Callback,
    /// Secret and lease of a subscription; `None` to end one.
    pub wanted: Option<(Option<Vec<u8>>, Duration)>,
    /// Digest of the document when the request came.
    pub has: Digest,
    pub question: Question,
    pub place: Place,
}

/// How a subscriber is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// As in WebSub.
    WebSub,
    /// As in rssCloud, on another host than the one that asks: to repeat a challenge.
    CloudChallenge,
    /// As in rssCloud, on the host that asks: by the word of a change that it asks for.
    CloudTest,
}

impl Question {
    fn kind(self) -> Kind {
        match self {
            Self::WebSub => Kind::WebSub,
            Self::CloudChallenge | Self::CloudTest => Kind::RssCloud,
        }
    }
}

/// Why a request has no effect.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unmet {
    #[error("the callback could not be asked: {0}")]
    Send(#[from] SendError),
    #[error("the callback answered {0}")]
    Status(StatusCode),
    #[error("the callback did not repeat the challenge")]
    Challenge,
    #[error("the callback took too long")]
    Slow,
    #[error("this hub has no room for another subscription")]
    Full,
    #[error("a later request for the same callback counts")]
    Overtaken,
    #[error("the store does not answer")]
    Store(#[source] StoreError),
}

impl Unmet {
    /// The same for whoever asked. SECURITY: why exactly a callback could not be reached is for the log; a stranger could
    /// look around with it.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Send(_) => "the callback could not be reached".to_owned(),
            other => other.to_string(),
        }
    }
}

/// Asks the subscriber; a request that is confirmed takes effect, any other leaves everything as it was.
///
/// # Errors
/// When it has no effect. That is logged here.
pub(super) async fn verify(hub: &Hub, verification: Verification) -> Result<(), Unmet> {
    let setup = hub.setup.load_full();
    let (topic, callback) = (verification.topic.clone(), verification.callback.clone());
    let (is_subscription, question) = (verification.wanted.is_some(), verification.question);
    let host = callback.host();
    let confirmed = confirm(hub, &setup, &verification).await;
    hub.counters.add(if confirmed.is_ok() { Counted::Verified } else { Counted::Unverified });
    if let Err(reason) = confirmed {
        tracing::info!(topic, callback.host = host, %reason, "a request to the hub was not confirmed");
        return Err(reason);
    }
    // One at a time, so that of two requests for one callback the later one has the last word.
    let _turn = hub.keeping.lock().await;
    if !verification.place.settle() {
        return Err(Unmet::Overtaken);
    }
    match keep(hub, &setup, verification).await {
        Ok(true) => {
            let mode = if is_subscription { "subscribed" } else { "unsubscribed" };
            tracing::info!(topic, callback.host = host, "{mode}");
            if is_subscription && !setup.topics.is_live(&topic) {
                hub.on_demand.watch(&topic);
            }
            // It may have changed since the request came.
            hub.look_at([topic]);
            Ok(())
        }
        Ok(false) => {
            tracing::warn!(topic, callback.host = host, "there is no room for another subscription");
            if question == Question::WebSub {
                hub.order(Order::Deny { callback, topic, reason: "this hub has no room for another subscription" });
            }
            Err(Unmet::Full)
        }
        Err(error) => {
            tracing::error!(%error, callback.host = host, "a confirmed request could not be kept");
            Err(Unmet::Store(error))
        }
    }
}

async fn confirm(hub: &Hub, setup: &Setup, verification: &Verification) -> Result<(), Unmet> {
    let Verification { topic, callback, wanted, question, .. } = verification;
    let challenge = chance::word();
    let mode = if wanted.is_some() { "subscribe" } else { "unsubscribe" };
    let lease = wanted.as_ref().map(|(_, lease)| *lease);
    let get = |to| Outgoing {
        method: Method::GET,
        to,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        wanted: challenge.len(),
    };
    let outgoing = match question {
        Question::WebSub => get(callback.verification(mode, topic, &challenge, lease)),
        Question::CloudChallenge => get(callback.with(&[("url", topic), ("challenge", &challenge)])),
        Question::CloudTest => Outgoing {
            method: Method::POST,
            to: callback.clone(),
            headers: form_headers(),
            body: form(&[("url", topic)]),
            wanted: 0,
        },
    };
    let answer = hub.client.send(outgoing, Some(&setup.settings.callbacks), setup.settings.timeout).await?;
    if !answer.status.is_success() {
        return Err(Unmet::Status(answer.status));
    }
    if *question != Question::CloudTest && answer.body.as_deref() != Some(challenge.as_bytes()) {
        return Err(Unmet::Challenge);
    }
    Ok(())
}

/// Makes the request take effect; false when there is no room.
async fn keep(hub: &Hub, setup: &Setup, verification: Verification) -> Result<bool, StoreError> {
    let Verification { topic, callback, wanted, has, question, place } = verification;
    let settings = &setup.settings;
    let bounds = Bounds { total: settings.max_subscriptions, per_host: settings.max_subscriptions_per_host };
    let now = hub.now();
    let kind = question.kind();
    let new = wanted.map(|(secret, lease)| NewSubscription {
        kind,
        topic: topic.clone(),
        callback: callback.as_str().to_owned(),
        host: callback.host().to_owned(),
        secret,
        subscribed_at: now,
        expires_at: now + lease,
        has,
    });
    let mut tries = 1;
    loop {
        let store = Arc::clone(&hub.store);
        let (new, topic, callback) = (new.clone(), topic.clone(), callback.clone());
        let kept = tokio::task::spawn_blocking(move || match new {
            Some(new) => store.put(&new, bounds),
            None => store.remove(kind, &topic, callback.as_str()).map(|_| true),
        });
        let result = kept.await.expect("the store does not panic");
        match result {
            Err(error) if tries < TRIES => {
                tracing::debug!(%error, "the store is busy");
                tries += 1;
                sleep(Duration::from_secs(1)).await;
            }
            result => {
                drop(place);
                return result;
            }
        }
    }
}

/// Tells a subscriber that it has no subscription (§5.2). It is told once: nothing depends on it.
pub(super) async fn deny(hub: Arc<Hub>, callback: Callback, topic: String, reason: &'static str) {
    let setup = hub.setup.load_full();
    let outgoing = Outgoing {
        method: Method::GET,
        to: callback.denial(&topic, reason),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        wanted: 0,
    };
    if let Err(error) = hub.client.send(outgoing, Some(&setup.settings.callbacks), setup.settings.timeout).await {
        tracing::debug!(%error, callback.host = callback.host(), "a subscriber could not be told of its denial");
    }
}
