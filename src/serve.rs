//! Puts everything together: configuration → store → listeners → watch → first scan → serve; and back in order.

mod pages;
mod running;
mod setup;
mod signals;

use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;

use crate::config::{Config, ConfigError};
use crate::feed::{Published, page};
use crate::http::{self, Listener, Parts, Readiness, Settings};
use crate::ingest::{Clock, Ingest, Shared};
use crate::ops::Health;
use crate::seed::Watcher;
use crate::store::{Opened, Origin, Store};

use running::{Running, supervise};
use setup::{bind, listener_url, site, store_error, watch_error};
use signals::Signals;

pub use pages::Pages;
pub use setup::{SetupError, tag_authority};

/// How long connections wait in the listeners' queues for the first scan, so that the first visitor of a new service
/// sees its feeds and not a "later". A longer scan is answered with 503 meanwhile.
const FIRST_SCAN: Duration = Duration::from_secs(5);

/// Reads the configuration again, for a reload.
pub type Reload = Box<dyn Fn() -> Result<Config, ConfigError>>;

/// Serves until told to stop.
///
/// # Errors
/// When it cannot start, or a part of it failed for good.
pub fn run(config: Config, reload: Reload, clock: Clock) -> anyhow::Result<()> {
    // Before the store, so that a mistyped directory does not leave one behind.
    let watcher = Watcher::new(config.seeds.options.clone()).map_err(watch_error)?;
    let store = open_store(&config, clock)?;
    let listeners = listeners(&config)?;

    let fallback_url = listener_url(&listeners[0]);
    let site = site(&config, &fallback_url);
    let authority = tag_authority(&config, &site.base_url);
    let published = Arc::new(Published::default());
    let health = Arc::new(Health::default());
    let pages = Arc::new(Pages::new(store.reader(), &config, site.clone(), clock));
    let parts = Parts {
        published: Arc::clone(&published),
        on_demand: Arc::clone(&pages) as _,
        readiness: Arc::clone(&health) as _,
        observer: Arc::new(()),
        hub: None,
        admin: Arc::new(()),
        clock,
    };
    let state = http::State::new(parts, settings(&site.base_url));
    let changed = {
        let state = Arc::clone(&state);
        Box::new(move |path: &str| state.invalidate(path))
    };
    let shared = Shared::new(published, Arc::clone(&health), changed);
    let addresses: Vec<String> =
        listeners.iter().filter(|listener| !listener.is_admin()).map(ToString::to_string).collect();
    let ingest = Ingest::start(watcher, config.clone(), site, authority, store, Arc::clone(&shared), clock)?;
    announce(&addresses);

    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let running = Running { config, fallback_url, reload, clock, ingest: Some(ingest), shared, state, pages, health };
    runtime.block_on(async {
        let signals = Signals::listen().context("cannot listen for signals")?;
        supervise(running, signals, listeners).await
    })
}

fn open_store(config: &Config, clock: Clock) -> anyhow::Result<Store> {
    let Opened { store, origin } = Store::open(&config.store, clock()).map_err(store_error)?;
    match origin {
        Origin::Fresh => tracing::info!(store = %config.store, "new store"),
        Origin::Existing => tracing::info!(store = %config.store, "store opened"),
        Origin::SetAside(path) => tracing::error!(
            store = %config.store,
            "the store was damaged: it now lies at `{}`, and a new one is filled from the seeds",
            path.display()
        ),
    }
    Ok(store)
}

fn listeners(config: &Config) -> anyhow::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    for address in &config.http.listen {
        listeners.push(bind("listen", address)?);
    }
    if let Some(address) = &config.http.admin_listen {
        // Metrics are no reason not to serve: a second instance beside the first would otherwise need a setting.
        match bind("admin_listen", address) {
            Ok(listener) => listeners.push(listener.for_admin()),
            Err(error) if error.is::<SetupError>() => return Err(error),
            Err(error) => tracing::warn!("no admin listener: {error}"),
        }
    }
    Ok(listeners)
}

/// The line that people and programs wait for, whatever the log says.
fn announce(addresses: &[String]) {
    let mut stderr = std::io::stderr().lock();
    for address in addresses {
        // Standard error may be closed; then nobody waits for the line.
        let _ = writeln!(stderr, "listening on {address}");
    }
}

fn settings(base_url: &str) -> Settings {
    static POLICY: OnceLock<String> = OnceLock::new();
    let policy = POLICY.get_or_init(|| page::content_security_policy().to_string());
    let base_path = url::Url::parse(base_url).map(|url| url.path().trim_end_matches('/').to_owned());
    Settings {
        base_path: base_path.unwrap_or_default(),
        content_security_policy: policy.clone(),
        ..Settings::default()
    }
}

impl Readiness for Health {
    fn reasons_not_ready(&self) -> Vec<String> {
        self.reasons()
    }
}
