//! Puts everything together: configuration → store → listeners → watch → first scan → serve; and back in order.

mod admin;
mod assembly;
mod check;
mod export;
mod fixed;
mod manager;
mod names;
mod observer;
mod pages;
mod running;
mod setup;
mod signals;
mod sockets;
mod supervision;
mod tasks;
mod vitals;
mod within;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::config::{Config, ConfigError, Log};
use crate::http::{Listener, Tls};
use crate::ingest::{Clock, Ingest};
use crate::seed::Watcher;
use crate::store::{Opened, Origin, Store};

use assembly::Assembly;
use fixed::Passed;
use manager::Manager;
use names::Names;
use running::{Running, supervise};
use setup::{bind, listener_url, site, store_error, watch_error};
use signals::Signals;
use within::refuse_store_in_seeds;

pub use check::{check, check_files};
pub use export::{Exported, export};
pub use pages::Pages;
pub use setup::{SetupError, load_tls, tag_authority};

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
    refuse_store_in_seeds(&config.store, &config)?;
    // Before the store, so that a mistyped directory does not leave one behind.
    let watcher = Watcher::new(config.seeds.options.clone()).map_err(watch_error)?;
    let mut store = open_store(&config, clock)?;
    let tls = load_tls(&config)?;
    let (listeners, passed) = listeners(&config, tls.as_ref())?;

    let public = listeners.iter().find(|listener| !listener.is_admin());
    let fallback_url = listener_url(public.expect("there is one address or more to serve on"));
    let base_url = config.site.base_url.as_ref().unwrap_or(&fallback_url);
    let names = Names::settle(&mut store, &config, base_url)?;
    names.warn_of_local(&config);
    let site = site(&config, base_url, &names.id_base);
    let (commands, commanded) = tokio::sync::mpsc::unbounded_channel();
    let parts = Assembly::new(&config, &site, &store, commands, clock)?;
    let addresses: Vec<String> =
        listeners.iter().filter(|listener| !listener.is_admin()).map(ToString::to_string).collect();
    let ingest =
        Ingest::start(watcher, config.clone(), site, names.tag_authority, store, Arc::clone(&parts.shared), clock)?;
    announce(&addresses, config.log.is_json);

    let running = Running { config, passed, fallback_url, outside, ingest: Some(ingest), parts, tls };
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

fn listeners(config: &Config, tls: Option<&Arc<Tls>>) -> anyhow::Result<(Vec<Listener>, Passed)> {
    let mut listeners = sockets::inherited()?;
    let passed = Passed {
        public: listeners.iter().any(|listener| !listener.is_admin()),
        admin: listeners.iter().any(Listener::is_admin),
    };
    if passed.public {
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
    if let Some(address) = config.http.admin_listen.as_ref().filter(|_| !passed.admin) {
        // Metrics are no reason not to serve: a second instance beside the first would otherwise need a setting.
        match bind("admin_listen", address) {
            Ok(listener) => listeners.push(listener.for_admin()),
            Err(error) if error.is::<SetupError>() => return Err(error),
            Err(error) => tracing::warn!("no admin listener: {error}"),
        }
    }
    Ok((listeners, passed))
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
