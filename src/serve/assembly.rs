//! The parts that answer requests, tied to one another and to what they share with the ingest.

use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::UnboundedSender;

use crate::config::Config;
use crate::feed::Site;
use crate::http::{Parts, Published, State};
use crate::hub::{self, Hub};
use crate::ingest::{Clock, Shared, StaleDocuments};
use crate::ops::{AccessLog, Health, Metrics, Reloads, Traffic};
use crate::store::{Reader, Store};

use super::admin::{Command, Panel};
use super::observer::Observer;
use super::pages::Pages;
use super::setup::{open_access_log, settings};
use super::vitals::Ready;

/// What a running service answers from and counts with.
pub(super) struct Assembly {
    pub shared: Arc<Shared>,
    pub state: Arc<State>,
    pub pages: Arc<Pages>,
    pub hub: Arc<Hub>,
    pub traffic: Arc<Traffic>,
    pub access: Arc<AccessLog>,
    pub reloads: Arc<Reloads>,
    pub reader: Arc<Reader>,
}

impl Assembly {
    /// Nothing of it is at work yet, but for the access log, which is open. Operators' commands go to `commands`.
    pub(super) fn new(
        config: &Config,
        site: &Site,
        store: &Store,
        commands: UnboundedSender<Command>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let published = Arc::new(Published::default());
        let health = Arc::new(Health::default());
        let metrics = Arc::new(Metrics::default());
        let traffic = Arc::new(Traffic::default());
        traffic.set_feeds(&config.feeds);
        let access = Arc::new(AccessLog::default());
        open_access_log(&access, &config.log)?;
        let reloads = Arc::new(Reloads::new(clock()));
        let hub = Hub::new(
            config.hub.clone(),
            &site.base_url,
            Arc::clone(&published),
            store.subscriptions()?,
            Arc::new(hub::System),
            Arc::new(clock),
        );
        let panel = Arc::new(Panel {
            reader: Arc::new(store.reader()),
            store: config.store.to_string(),
            traffic: Arc::clone(&traffic),
            metrics: Arc::clone(&metrics),
            health: Arc::clone(&health),
            access: Arc::clone(&access),
            reloads: Arc::clone(&reloads),
            hub: Arc::clone(&hub),
            commands,
            started: clock(),
            clock,
            state: OnceLock::new(),
        });
        let pages = Arc::new(Pages::new(store.reader(), config, site.clone(), clock));
        let parts = Parts {
            published: Arc::clone(&published),
            on_demand: Arc::clone(&pages) as _,
            readiness: Arc::new(Ready { health: Arc::clone(&health), metrics: Arc::clone(&metrics) }),
            observer: Arc::new(Observer { traffic: Arc::clone(&traffic), access: Arc::clone(&access), clock }),
            hub: Some(Arc::clone(&hub) as _),
            admin: Arc::clone(&panel) as _,
            clock,
        };
        let state = State::new(parts, settings(site, config));
        // Weak: the state owns the panel and the hub.
        let _ = panel.state.set(Arc::downgrade(&state));
        hub.set_maker(Arc::downgrade(&state) as _);
        let shared = shared(published, health, metrics, &state, &hub, &pages);
        let reader = Arc::clone(&panel.reader);
        Ok(Self { shared, state, pages, hub, traffic, access, reloads, reader })
    }
}

/// What the ingest shares: it tells the server and the hub of what is stale, and the hub of what is shown.
fn shared(
    published: Arc<Published>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    state: &Arc<State>,
    hub: &Arc<Hub>,
    pages: &Arc<Pages>,
) -> Arc<Shared> {
    let stale = {
        let (state, hub, pages) = (Arc::clone(state), Arc::clone(hub), Arc::clone(pages));
        Box::new(move |stale: StaleDocuments<'_>| {
            let StaleDocuments::One(path) = stale else { return state.invalidate_all() };
            state.invalidate(path);
            for other in pages.stale_with(path) {
                state.invalidate(&other);
            }
            hub.stale(path);
        })
    };
    let shown = {
        let hub = Arc::clone(hub);
        Box::new(move |paths: &[String]| hub.changed(paths))
    };
    Shared::new(published, health, metrics, stale, shown)
}
