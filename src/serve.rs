//! Puts everything together: configuration → store → listeners → watch → first scan → serve; and back in order.

mod admin;
mod export;
mod manager;
mod names;
mod observer;
mod pages;
mod running;
mod setup;
mod signals;
mod sockets;
mod supervision;
mod vitals;

use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;

use crate::config::{Config, ConfigError, Log};
use crate::feed::{Published, Site, page};
use crate::http::{self, AbsencePages, AdminNames, Limits, Listener, Parts, Settings, Tls, TrustedProxies};
use crate::hub::{self, Hub};
use crate::ingest::{Clock, Ingest, Shared};
use crate::ops::{AccessLog, Health, Metrics, Traffic};
use crate::seed::Watcher;
use crate::store::{Opened, Origin, Store};

use admin::Panel;
use manager::Manager;
use names::Names;
use observer::Observer;
use running::{Running, supervise};
use setup::{bind, listener_url, site, store_error, watch_error};
use signals::Signals;
use vitals::Ready;

pub use export::{Exported, export};
pub use pages::Pages;
pub use setup::{SetupError, load_tls, tag_authority};

/// How long connections wait in the listeners' queues for the first scan, so that the first visitor of a new service
/// sees its feeds and not a "later". A longer scan is answered with 503 meanwhile.
const FIRST_SCAN: Duration = Duration::from_secs(5);

/// How long whatever is still at work may be so after the end, which is nothing unless a second signal asked for it.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Reads the configuration again, for a reload.
pub type Reload = Box<dyn Fn() -> Result<Config, ConfigError> + Send>;

/// Has log lines written as the section says from now on.
pub type Relog = Box<dyn Fn(&Log) -> anyhow::Result<()> + Send>;

/// How far a first scan is.
#[derive(Clone, Copy, Debug)]
pub struct Scanning {
    /// Seeds that were read.
    pub done: u64,
    /// Seeds that are still to be read.
    pub left: u64,
    /// How long the service has been at it.
    pub since: Duration,
}

/// What a running service cannot do by itself.
pub struct Outside {
    /// Reads the configuration again.
    pub reload: Reload,
    /// Changes how the log is written.
    pub relog: Relog,
    /// Shows how far the first scan is; `None` when it is done.
    pub progress: fn(Option<Scanning>),
    /// Tells the time.
    pub clock: Clock,
}

/// Serves until told to stop.
///
/// # Errors
/// When it cannot start, or a part of it failed for good.
pub fn run(config: Config, outside: Outside) -> anyhow::Result<()> {
    let clock = outside.clock;
    let manager = Manager::new();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    // First of all, so that none that comes during a long start ends the process; it is heard when the start is done.
    let signals = {
        let _context = runtime.enter();
        Signals::listen().context("cannot listen for signals")?
    };
    // Before the store, so that a mistyped directory does not leave one behind.
    let watcher = Watcher::new(config.seeds.options.clone()).map_err(watch_error)?;
    let mut store = open_store(&config, clock)?;
    let tls = load_tls(&config)?;
    let listeners = listeners(&config, tls.as_ref())?;

    let public = listeners.iter().find(|listener| !listener.is_admin());
    let fallback_url = listener_url(public.expect("there is one address or more to serve on"));
    let base_url = config.site.base_url.as_ref().unwrap_or(&fallback_url);
    let names = Names::settle(&mut store, &config, base_url)?;
    names.warn_of_local(&config);
    let site = site(&config, base_url, &names.id_base);
    let published = Arc::new(Published::default());
    let health = Arc::new(Health::default());
    let metrics = Arc::new(Metrics::default());
    let traffic = Arc::new(Traffic::default());
    traffic.set_feeds(&config.feeds);
    let access = Arc::new(AccessLog::default());
    access.configure(config.log.access, config.log.access_file.as_deref()).map_err(SetupError::AccessLog)?;
    let (commands, commanded) = tokio::sync::mpsc::unbounded_channel();
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
        hub: Arc::clone(&hub),
        commands,
        started: clock(),
        clock,
        state: OnceLock::new(),
    });
    let pages = Arc::new(Pages::new(store.reader(), &config, site.clone(), clock));
    let parts = Parts {
        published: Arc::clone(&published),
        on_demand: Arc::clone(&pages) as _,
        readiness: Arc::new(Ready { health: Arc::clone(&health), metrics: Arc::clone(&metrics) }),
        observer: Arc::new(Observer { traffic: Arc::clone(&traffic), access: Arc::clone(&access), clock }),
        hub: Some(Arc::clone(&hub) as _),
        admin: Arc::clone(&panel) as _,
        clock,
    };
    let state = http::State::new(parts, settings(&site, &config));
    // Weak: the state owns the panel and the hub.
    let _ = panel.state.set(Arc::downgrade(&state));
    hub.set_maker(Arc::downgrade(&state) as _);
    let changed = {
        let (state, hub, pages) = (Arc::clone(&state), Arc::clone(&hub), Arc::clone(&pages));
        Box::new(move |path: &str| {
            state.invalidate(path);
            for other in pages.outdated_with(path) {
                state.invalidate(&other);
            }
            hub.outdated(path);
        })
    };
    let shown = {
        let hub = Arc::clone(&hub);
        Box::new(move |paths: &[String]| hub.changed(paths))
    };
    let shared = Shared::new(published, Arc::clone(&health), Arc::clone(&metrics), changed, shown);
    let addresses: Vec<String> =
        listeners.iter().filter(|listener| !listener.is_admin()).map(ToString::to_string).collect();
    let ingest = Ingest::start(watcher, config.clone(), site, names.tag_authority, store, Arc::clone(&shared), clock)?;
    announce(&addresses, config.log.is_json);

    let ingest = Some(ingest);
    let reader = Arc::clone(&panel.reader);
    let running =
        Running { config, fallback_url, outside, ingest, shared, state, pages, hub, traffic, access, reader, tls };
    let result = runtime.block_on(supervise(running, manager, signals, commanded, listeners));
    // What blocks after a second signal ends with the process.
    runtime.shutdown_timeout(LAST_MOMENT);
    result
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

fn listeners(config: &Config, tls: Option<&Arc<Tls>>) -> anyhow::Result<Vec<Listener>> {
    let mut listeners = sockets::inherited()?;
    let has_admin = listeners.iter().any(Listener::is_admin);
    if listeners.iter().any(|listener| !listener.is_admin()) {
        tracing::info!("serving on the sockets that the service manager passed; `http.listen` is not used");
    } else {
        // The first one is the address of the site.
        for (index, address) in config.http.listen.iter().enumerate() {
            listeners.insert(index, bind("listen", address)?.for_everybody()?);
        }
    }
    if let Some(tls) = tls {
        let secured = listeners.into_iter().map(|one| if one.is_admin() { one } else { one.with_tls(Arc::clone(tls)) });
        listeners = secured.collect();
    }
    if has_admin {
        return Ok(listeners);
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

/// The line that people and programs wait for, whatever the log says. It is no JSON, so it is an event as well for whoever
/// reads nothing else.
fn announce(addresses: &[String], is_json: bool) {
    if is_json {
        addresses.iter().for_each(|address| tracing::info!(address, "listening"));
    }
    let mut stderr = std::io::stderr().lock();
    for address in addresses {
        // Standard error may be closed; then nobody waits for the line.
        let _ = writeln!(stderr, "listening on {address}");
    }
}

fn settings(site: &Site, config: &Config) -> Settings {
    let http = &config.http;
    let base_path = url::Url::parse(&site.base_url).map(|url| url.path().trim_end_matches('/').to_owned());
    Settings {
        base_path: base_path.unwrap_or_default(),
        content_security_policy: page::content_security_policy(site.icon.as_deref()),
        absence: AbsencePages {
            // Without a page there is still the line of text.
            missing: page::not_found(site).ok().map(Bytes::from),
            gone: page::gone(site).ok().map(Bytes::from),
        },
        trusted_proxies: TrustedProxies::new(http.trusted_proxies.iter().map(String::as_str))
            .expect("the configuration was checked")
            .writing(http.forwarded),
        admin_names: http.admin_listen.as_deref().map(AdminNames::of).unwrap_or_default(),
        limits: Limits {
            idle: http.idle,
            connections: http.max_connections,
            connections_per_address: http.max_connections_per_address,
            requests_per_second: http.requests_per_second.into(),
            request_burst: http.request_burst,
            unconditional_per_hour: http.unconditional_per_hour,
            ..Limits::default()
        },
        spool: config
            .store
            .path()
            .parent()
            .map(|parent| if parent.as_os_str().is_empty() { ".".into() } else { parent.into() }),
        ..Settings::default()
    }
}
