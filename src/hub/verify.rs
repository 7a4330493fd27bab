//! Verification of intent (W3C WebSub §5.3): whoever is named as a callback must say so itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};
use tokio::time::sleep;

use super::callback::Callback;
use super::client::{Outgoing, SendError};
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
    pub place: Place,
}

/// Why a request has no effect.
#[derive(Debug, thiserror::Error)]
enum Unconfirmed {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("did not repeat the challenge")]
    Challenge,
}

/// Asks the subscriber; a request that is confirmed takes effect, any other leaves everything as it was.
pub(super) async fn verify(hub: Arc<Hub>, verification: Verification) {
    let setup = hub.setup.load_full();
    match confirm(&hub, &setup, &verification).await {
        Ok(()) => hub.counters.add(Counted::Verified),
        Err(reason) => {
            hub.counters.add(Counted::Unverified);
            tracing::info!(
                topic = verification.topic, callback.host = verification.callback.host(), %reason,
                "a request to the hub was not confirmed"
            );
            return;
        }
    }
    // One at a time, so that of two requests for one callback the later one has the last word.
    let _turn = hub.keeping.lock().await;
    if !verification.place.settle() {
        return;
    }
    let is_subscription = verification.wanted.is_some();
    let host = verification.callback.host().to_owned();
    let topic = verification.topic.clone();
    let callback = verification.callback.clone();
    match keep(&hub, &setup, verification).await {
        Ok(true) => {
            let mode = if is_subscription { "subscribed" } else { "unsubscribed" };
            tracing::info!(topic, callback.host = host, "{mode}");
            // It may have changed since the request came.
            hub.look_at([topic]);
        }
        Ok(false) => {
            tracing::warn!(topic, callback.host = host, "there is no room for another subscription");
            hub.order(Order::Deny { callback, topic, reason: "this hub has no room for another subscription" });
        }
        Err(error) => tracing::error!(%error, callback.host = host, "a confirmed request could not be kept"),
    }
}

async fn confirm(hub: &Hub, setup: &Setup, verification: &Verification) -> Result<(), Unconfirmed> {
    let Verification { topic, callback, wanted, .. } = verification;
    let challenge = chance::word();
    let mode = if wanted.is_some() { "subscribe" } else { "unsubscribe" };
    let lease = wanted.as_ref().map(|(_, lease)| *lease);
    let outgoing = Outgoing {
        method: Method::GET,
        to: callback.verification(mode, topic, &challenge, lease),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        wanted: challenge.len(),
    };
    let answer = hub.client.send(outgoing, Some(&setup.settings.callbacks), setup.settings.timeout).await?;
    if !answer.status.is_success() {
        return Err(Unconfirmed::Status(answer.status));
    }
    if answer.body.as_deref() != Some(challenge.as_bytes()) {
        return Err(Unconfirmed::Challenge);
    }
    Ok(())
}

/// Makes the request take effect; false when there is no room.
async fn keep(hub: &Arc<Hub>, setup: &Setup, verification: Verification) -> Result<bool, StoreError> {
    let Verification { topic, callback, wanted, has, place } = verification;
    let settings = &setup.settings;
    let bounds = Bounds { total: settings.max_subscriptions, per_host: settings.max_subscriptions_per_host };
    let now = hub.now();
    let new = wanted.map(|(secret, lease)| NewSubscription {
        kind: Kind::WebSub,
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
            None => store.remove(Kind::WebSub, &topic, callback.as_str()).map(|_| true),
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
