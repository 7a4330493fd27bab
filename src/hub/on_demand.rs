//! Topics whose documents are made when somebody asks: the feeds by source, language and category. Only those that
//! have subscriptions are looked at when they change; there may be thousands of others.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::network::Boxed;
use crate::http::{Outcome, Served, State};
use crate::store::Digest;

/// Makes documents.
pub trait Maker: Send + Sync {
    /// The document at a path below the site, the same that a request gets; `None` where there is none.
    ///
    /// # Errors
    /// When that cannot be told now.
    fn document<'a>(&'a self, path: &'a str) -> Boxed<'a, Made>;
}

/// What came of making a document.
pub type Made = Result<Option<Arc<Served>>, Unavailable>;

/// A document cannot be had now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the document cannot be made now")]
pub struct Unavailable;

impl Maker for State {
    fn document<'a>(&'a self, path: &'a str) -> Boxed<'a, Made> {
        Box::pin(async move {
            match self.on_demand(path).await {
                Outcome::Found(document) => Ok(Some(document)),
                Outcome::Gone | Outcome::Missing | Outcome::Redirect(_) => Ok(None),
                Outcome::Failed | Outcome::Panicked => Err(Unavailable),
            }
        })
    }
}

/// The topics made on demand that have subscriptions, and who makes them.
#[derive(Default)]
pub(super) struct OnDemand {
    maker: OnceLock<Weak<dyn Maker>>,
    /// With the digest of the document as it was last made.
    watched: Mutex<HashMap<String, Option<Digest>>>,
}

impl OnDemand {
    pub(super) fn set_maker(&self, maker: Weak<dyn Maker>) {
        // Set once, before anything runs.
        let _ = self.maker.set(maker);
    }

    pub(super) async fn make(&self, path: &str) -> Made {
        let maker = self.maker.get().and_then(Weak::upgrade).ok_or(Unavailable)?;
        maker.document(path).await
    }

    /// Watches a topic, if it was not watched before.
    pub(super) fn watch(&self, topic: &str) {
        self.lock().entry(topic.to_owned()).or_default();
    }

    /// Watches exactly these topics; gives those that were not watched before.
    pub(super) fn watch_only(&self, topics: BTreeSet<String>) -> Vec<String> {
        let mut watched = self.lock();
        watched.retain(|topic, _| topics.contains(topic));
        let new: Vec<String> = topics.into_iter().filter(|topic| !watched.contains_key(topic)).collect();
        watched.extend(new.iter().map(|topic| (topic.clone(), None)));
        new
    }

    pub(super) fn is_watched(&self, topic: &str) -> bool {
        self.lock().contains_key(topic)
    }

    pub(super) fn watched(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Remembers of a topic that is watched what was made last.
    pub(super) fn remember(&self, topic: &str, digest: Option<Digest>) {
        if let Some(known) = self.lock().get_mut(topic) {
            *known = digest;
        }
    }

    /// Digest of what was made last.
    pub(super) fn digest(&self, topic: &str) -> Option<Digest> {
        self.lock().get(topic).copied().flatten()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Option<Digest>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
