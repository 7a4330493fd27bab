//! What is at the topics now.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::super::on_demand::Made;
use super::super::topic::{At, Content};
use super::{Event, Progress, Worker};
use crate::store::Subscriptions;

/// Documents that are made for the hub at a time: requests have theirs made as well.
const MAKING: usize = 2;
/// When a document that could not be made is tried again, in seconds.
const TRY_AGAIN: i64 = 10;

impl Worker {
    /// What is at a topic, as far as that is at hand.
    pub(super) fn known(&mut self, topic: &str) -> Option<Arc<Content>> {
        let setup = self.hub.setup.load();
        let document = match setup.topics.place(topic) {
            Some(At::Slot(slot)) => slot.load(),
            Some(At::OnDemand(_)) => return self.contents.get(topic).map(|(_, content)| Arc::clone(content)),
            None => None,
        };
        let Some(document) = document else {
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

    /// Has the document of a topic made where that has to be; it comes as an event. False when others have to be made
    /// first.
    pub(super) fn make(&mut self, topic: &str) -> bool {
        let setup = self.hub.setup.load_full();
        let Some(At::OnDemand(_)) = setup.topics.place(topic) else { return true };
        if self.making.contains_key(topic) {
            return true;
        }
        if self.making.len() >= MAKING {
            return false;
        }
        self.making.insert(topic.to_owned(), false);
        let (hub, topic, report) = (Arc::clone(&self.hub), topic.to_owned(), self.report.clone());
        self.asking.spawn(async move {
            let made = match setup.topics.place(&topic) {
                Some(At::OnDemand(path)) => hub.on_demand.make(path).await,
                _ => Ok(None),
            };
            let _ = report.send(Event::Made(topic, made));
        });
        true
    }

    /// A document was made.
    pub(super) fn made(&mut self, topic: String, made: Made) {
        let is_stale = self.making.remove(&topic).unwrap_or(true);
        match made {
            _ if is_stale => {}
            Ok(Some(document)) => {
                let content = Arc::new(Content::new(&document));
                self.hub.on_demand.remember(&topic, Some(content.digest));
                self.contents.insert(topic.clone(), (document, content));
            }
            Ok(None) => {
                self.hub.on_demand.remember(&topic, None);
                return;
            }
            Err(error) => {
                tracing::warn!(topic, %error, "deliveries wait for the document");
                let later = self.hub.now() + TimeDelta::seconds(TRY_AGAIN);
                self.look_later(&topic, later);
                return;
            }
        }
        self.agenda.insert(topic, Progress::default());
    }

    /// What is known of a topic whose document is made on demand is known no more.
    pub(super) fn stale(&mut self, topic: &str) {
        if let Some(is_stale) = self.making.get_mut(topic) {
            *is_stale = true;
        }
        if !self.hub.setup.load().topics.is_live(topic) {
            self.contents.remove(topic);
        }
    }

    /// Watches the topics made on demand that have subscriptions, and no others.
    pub(super) async fn watch(&self) {
        // No subscription is made between the list and its use.
        let _turn = self.hub.keeping.lock().await;
        match self.on_store(Subscriptions::topics).await {
            Ok(topics) => {
                let setup = self.hub.setup.load();
                let is_on_demand = |topic: &String| matches!(setup.topics.place(topic), Some(At::OnDemand(_)));
                let topics: BTreeSet<String> = topics.into_iter().filter(is_on_demand).collect();
                let new = self.hub.on_demand.watch_only(topics);
                if !new.is_empty() {
                    self.hub.look_at(new);
                }
            }
            Err(error) => tracing::warn!(%error, "the topics that have subscriptions could not be listed"),
        }
    }
}
