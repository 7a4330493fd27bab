//! To whom a document is sent now, and how many at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::super::deliver::deliver;
use super::super::topic::Content;
use super::super::{Hub, Setup};
use super::{Event, Progress, UnderWay, Worker};
use crate::store::{Attempt, AttemptEnd, Due, StoreError, Wanted};

/// A delivery that takes longer no longer counts among those under way, so that slow callbacks hold up nobody else; one
/// to a subscriber that failed last time does not from the start.
const SLOW: Duration = Duration::from_millis(300);
/// Slow ones in multiples of the others; beyond that they do count.
const SLOW_SHARE: usize = 2;
/// How much longer than a request a claim lasts.
const CLAIM_SLACK: Duration = Duration::from_secs(60);
/// Subscriptions looked at in one go.
const SCAN: usize = 512;

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
    /// Sends to the subscribers of one topic, as far as there is room; takes it off the agenda when all were seen to.
    pub(super) async fn send_to(&mut self, setup: &Arc<Setup>, topic: String) -> Result<(), StoreError> {
        let Some(content) = self.known(&topic) else {
            if self.make(&topic) {
                self.agenda.remove(&topic);
            }
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
            let (per_host, kinds) = (settings.concurrency_per_host, settings.kinds());
            let (name, digest, after) = (topic.clone(), content.digest, progress.after);
            let claim = self
                .on_store(move |store| {
                    let wanted = Wanted { kinds, topic: &name, digest: &digest, after, limit, patience };
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
        let (name, digest, now, kinds) = (topic.clone(), content.digest, self.hub.now(), settings.kinds());
        match self.on_store(move |store| store.next_attempt(kinds, &name, &digest, now)).await? {
            Some(next) => self.look_later(&topic, next),
            None => {
                self.contents.remove(&topic);
            }
        }
        Ok(())
    }

    fn room(&self, concurrency: usize) -> usize {
        let fast = self.under_way.len() - self.slow.min(concurrency * SLOW_SHARE);
        concurrency.saturating_sub(fast)
    }

    fn send(&mut self, setup: &Arc<Setup>, topic: &str, due: Due, content: &Arc<Content>) {
        let host = due.host.clone();
        *self.hosts.entry(host.clone()).or_default() += 1;
        // One that failed before is likely to keep us waiting again.
        let is_slow = due.failures > 0;
        self.slow += usize::from(is_slow);
        self.under_way.insert(due.id, UnderWay { topic: topic.to_owned(), host, is_slow });
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
}
