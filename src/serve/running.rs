//! A service at work: serves, listens to signals, notices when a part of it has failed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, interval, sleep};

use crate::config::Config;
use crate::http::{self, Listener, State};
use crate::ingest::{Clock, Ingest, Shared};
use crate::ops::Health;
use crate::seed::Watcher;

use super::pages::Pages;
use super::setup::{needs_restart, site, tag_authority};
use super::signals::{Signals, Told};
use super::{FIRST_SCAN, Reload, settings};

/// How often the ingest thread is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// All parts of a running service.
pub(super) struct Running {
    pub config: Config,
    /// Base URL where none is configured.
    pub fallback_url: String,
    pub reload: Reload,
    pub clock: Clock,
    /// `None` only while it is replaced.
    pub ingest: Option<Ingest>,
    pub shared: Arc<Shared>,
    pub state: Arc<State>,
    pub pages: Arc<Pages>,
    pub health: Arc<Health>,
}

/// Serves until a signal says stop, then drains within the configured time. A second signal ends at once.
pub(super) async fn supervise(
    mut running: Running,
    mut signals: Signals,
    listeners: Vec<Listener>,
) -> anyhow::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let health = Arc::clone(&running.health);
    let state = Arc::clone(&running.state);
    let drain = running.config.http.drain;
    let mut server = tokio::spawn(async move {
        first_scan(&health).await;
        let shutdown = async move {
            // A dropped sender means stop as well.
            let _ = stopped.await;
        };
        http::serve(listeners, state, shutdown, drain).await
    });
    let mut look = interval(LOOK);
    let failure = loop {
        tokio::select! {
            told = signals.next() => match told {
                Told::Reload => running.reload(),
                Told::Stop(signal) => {
                    tracing::info!(signal, "stopping");
                    break None;
                }
            },
            ended = &mut server => {
                running.stop();
                ended??;
                anyhow::bail!("the server ended by itself");
            }
            _ = look.tick() => {
                if let Some(ingest) = running.ingest.as_ref().filter(|ingest| !ingest.is_alive()) {
                    break Some(ingest.failure().unwrap_or_else(|| "the ingest thread panicked".to_owned()));
                }
            }
        }
    };
    // Dropping the sender of an ended server is no harm.
    let _ = stop.send(());
    tokio::select! {
        ended = server => ended??,
        Told::Stop(signal) = signals.next() => tracing::warn!(signal, "ending at once"),
        else => {}
    }
    running.stop();
    match failure {
        Some(reason) => Err(anyhow::anyhow!(reason)),
        None => Ok(()),
    }
}

async fn first_scan(health: &Health) {
    let until = Instant::now() + FIRST_SCAN;
    while !health.is_scanned() && Instant::now() < until {
        sleep(Duration::from_millis(5)).await;
    }
}

impl Running {
    /// Reads the configuration again. What is wrong with it is logged, and the old one stays.
    fn reload(&mut self) {
        let new = match (self.reload)() {
            Ok(new) => new,
            Err(error) => {
                tracing::error!("reload refused, the old configuration stays: {error}");
                return;
            }
        };
        for key in needs_restart(&self.config, &new) {
            tracing::warn!("`{key}` has changed; it takes effect at the next start");
        }
        // The new directory is watched before the old one is let go.
        let watcher = match Watcher::new(new.seeds.options.clone()) {
            Ok(watcher) => watcher,
            Err(error) => {
                tracing::error!("reload refused, the old configuration stays: {error}");
                return;
            }
        };
        if let Err(error) = self.replace_ingest(watcher, new) {
            // The thread is gone; the supervisor ends the service, whose store has everything.
            tracing::error!("reload failed: {error:#}");
        } else {
            tracing::info!("configuration reloaded");
        }
    }

    fn replace_ingest(&mut self, watcher: Watcher, new: Config) -> anyhow::Result<()> {
        let old = self.ingest.take().ok_or_else(|| anyhow::anyhow!("nothing runs"))?;
        let store = old.stop()?;
        let site = site(&new, &self.fallback_url);
        let authority = tag_authority(&new, &site.base_url);
        self.pages.reload(&new, site.clone());
        self.state.reload(settings(&site.base_url));
        self.shared.restart();
        let shared = Arc::clone(&self.shared);
        self.ingest = Some(Ingest::start(watcher, new.clone(), site, authority, store, shared, self.clock)?);
        self.config = new;
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(Err(error)) = self.ingest.take().map(Ingest::stop) {
            tracing::error!("{error}");
        }
        tracing::info!("stopped");
    }
}
