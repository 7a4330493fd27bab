//! The start: what the store knows, and whether it still holds.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::feed::{Document, Site};
use crate::ingest::{Clock, Shared};
use crate::item::SeedPath;
use crate::ops::Degraded;
use crate::store::{Batch, Store, StoreError};

use super::super::brake::Brake;
use super::super::codings::Codings;
use super::super::feeds::{Feeds, Wanted};
use super::super::noticed::Noticed;
use super::super::publish::{Press, Ready, coded, live_paths, show};
use super::super::unreadable::Unreadable;
use super::{Engine, Progress};

/// Raised when `parse` reads the same bytes differently than before: then every seed is read anew once.
const PARSER_VERSION: u32 = 8;

impl Engine {
    /// Takes up where the store left off; documents of a store that is not empty are shown at once.
    pub(in crate::ingest) fn open(
        config: Config,
        site: Site,
        tag_authority: String,
        mut store: Store,
        shared: Arc<Shared>,
        codings: Codings,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let now = clock();
        let parsing = parsing_fingerprint(&config, &tag_authority);
        let is_first_scan = store.batch()?.meta("scanned")?.is_none();
        if is_first_scan {
            store.begin_filling()?;
        }
        let mut batch = store.batch()?;
        if batch.meta("parsing")?.is_none_or(|known| known != parsing) {
            batch.unread_seeds()?;
            batch.set_meta("parsing", &parsing)?;
        }
        let wanted = Wanted {
            definitions: config.feeds.clone(),
            automatic: config.automatic.clone(),
            tombstone_age: config.seeds.tombstone_age,
            has_deltas: config.http.has_deltas,
        };
        note_form(&mut batch, &config, &site, now)?;
        let brake = Brake::open(&batch, shared.take_acceptance(), &shared.health)?;
        // A first scan that was interrupted left items in the store that are not read again.
        let is_blank = batch.known_below(&SeedPath::new(""), None, 1)?.is_empty();
        let unreadable = Unreadable::open(&mut batch, &config.seeds.options)?;
        let feeds = Feeds::open(&mut batch, Arc::new(site), wanted, now, is_first_scan)?;
        batch.commit()?;
        shared.published.retain_paths(live_paths(&config.feeds));
        let filling = (is_first_scan && is_blank).then(|| feeds.filling());
        let mut engine = Self {
            config,
            tag_authority,
            store,
            feeds,
            codings,
            shared,
            clock,
            watch: None,
            brake,
            progress: Progress::NotListed,
            noticed: Noticed::default(),
            unreadable,
            overflows: 0,
            next_wake: None,
            retry_at: None,
            is_first_scan,
            is_tidy: true,
            filling,
        };
        // What somebody asked for since the settings changed may be made from feeds as they were.
        engine.shared.all_stale();
        if !is_first_scan {
            engine.show_all(now)?;
        }
        Ok(engine)
    }

    /// Makes and shows every document.
    fn show_all(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut batch = self.store.batch()?;
        let ready = all_documents(&mut batch, &mut self.feeds, &self.shared, now)?;
        // Nobody is waiting yet, and those who come back after a restart hold tags of every coding.
        let (ready, committed) = coded(ready, Document::compress, || batch.commit());
        committed?;
        self.shared.documents_shown(&show(&self.shared.published, ready, None));
        Ok(())
    }
}

/// Every document of the configured feeds, and the lists of feeds.
pub(super) fn all_documents(
    batch: &mut Batch<'_>,
    feeds: &mut Feeds,
    shared: &Shared,
    now: DateTime<Utc>,
) -> Result<Vec<Ready>, StoreError> {
    // Those that have no place any more are not made again.
    shared.health.restore(Degraded::Document);
    let mut press = Press { batch, health: &shared.health, now, ready: Vec::new() };
    press.opml(feeds)?;
    let all = (0..feeds.states.len()).collect();
    press.feeds(feeds, &all)?;
    Ok(press.ready)
}

/// Notes since when documents have the form that they have: another title, base URL or program writes other bytes for the
/// same items.
fn note_form(batch: &mut Batch<'_>, config: &Config, site: &Site, now: DateTime<Utc>) -> Result<(), StoreError> {
    let Config { feeds, automatic, seeds, .. } = config;
    let text = format!("{} {site:?} {feeds:?} {automatic:?} {:?}", env!("CARGO_PKG_VERSION"), seeds.tombstone_age);
    let form = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
    if batch.meta("form")?.as_ref() != Some(&form) {
        batch.set_meta("form", &form)?;
        batch.set_meta("form_since", &now.to_rfc3339())?;
    }
    Ok(())
}

/// A word that changes when the same bytes would be read differently.
fn parsing_fingerprint(config: &Config, tag_authority: &str) -> String {
    let seeds = &config.seeds;
    let text = format!(
        "{PARSER_VERSION} {tag_authority} {:?} {:?} {} {:?}",
        config.site.time_zone, config.site.language, seeds.directory_categories, seeds.rules
    );
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}
