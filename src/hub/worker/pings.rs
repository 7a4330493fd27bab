//! Word to other hubs.

use super::super::Setup;
use super::super::callback::Callback;
use super::Worker;
use crate::store::StoreError;

impl Worker {
    /// Other hubs are pinged like subscribers of every topic that there is.
    pub(super) async fn see_to_pings(&mut self, setup: &Setup) -> Result<(), StoreError> {
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
        let is_new = |topic: &&String| !self.pinged.contains(*topic) && setup.topics.is_live(topic);
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
}
