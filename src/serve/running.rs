//! A service at work: serves, listens to signals, reloads and stops in order.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::sleep;

use crate::config::Config;
use crate::http::{Listener, Tls};
use crate::ingest::Ingest;
use crate::ops::Degraded;
use crate::seed::Watcher;

use super::Outside;
use super::admin::Command;
use super::assembly::Assembly;
use super::fixed::{Passed, keep};
use super::manager::Manager;
use super::names::Names;
use super::setup::{load_tls, open_access_log, settings, site, watch_error};
use super::signals::{Signals, Told};
use super::supervision::Supervision;
use super::tasks::Tasks;
use super::within::refuse_store_in_seeds;

/// All parts of a running service.
pub(super) struct Running {
    /// What it runs with.
    pub config: Config,
    pub passed: Passed,
    /// Base URL where none is configured.
    pub fallback_url: String,
    pub outside: Outside,
    /// `None` only while it is replaced.
    pub ingest: Option<Ingest>,
    pub parts: Assembly,
    pub tls: Option<Arc<Tls>>,
}

/// Serves until a signal says stop, then drains within the configured time. A second signal ends at once: what is not
/// finished then is still under way when this returns.
pub(super) async fn supervise(
    mut running: Running,
    manager: Manager,
    mut signals: Signals,
    mut commands: UnboundedReceiver<Command>,
    listeners: Vec<Listener>,
) -> anyhow::Result<()> {
    let drain = running.config.http.drain;
    let mut tasks = Tasks::start(&running, listeners);
    let mut supervision = Supervision::new(manager, &running);
    let failure = loop {
        tokio::select! {
            told = signals.next() => match told {
                Told::Reload => {
                    supervision.manager.reloading();
                    let reload = spawn_blocking(move || {
                        let reloaded = running.reload();
                        (running, reloaded)
                    });
                    let (done, stop) = supervision.wait_for(reload, &mut signals).await;
                    let Some(done) = done else { return Ok(()) };
                    let reloaded;
                    (running, reloaded) = done?;
                    supervision.manager.reloaded();
                    if let Err(error) = reloaded {
                        // The store has everything; the next start goes on from there.
                        break Some(format!("reload failed: {error:#}"));
                    }
                    if stop {
                        break None;
                    }
                }
                Told::Stop(signal) => {
                    tracing::info!(signal, "stopping");
                    break None;
                }
            },
            Some(Command::Rescan { accepts_removals }) = commands.recv() => running.rescan(accepts_removals),
            ended = &mut tasks.server => {
                running.stop();
                ended??;
                anyhow::bail!("the listeners ended by themselves");
            }
            ended = &mut tasks.hub => {
                running.stop();
                ended?;
                anyhow::bail!("the hub ended by itself");
            }
            () = sleep(supervision.pause()) => {
                if let Some(ingest) = running.ingest.as_ref().filter(|ingest| !ingest.is_alive()) {
                    break Some(ingest.failure().unwrap_or_else(|| "the ingest thread panicked".to_owned()));
                }
                supervision.look(&running);
            }
        }
    };
    (running.outside.progress)(None);
    supervision.manager.stopping(drain);
    tokio::select! {
        finished = tasks.stop(running) => finished?,
        signal = signals.stop() => tracing::warn!(signal, "ending at once"),
    }
    match failure {
        Some(reason) => Err(anyhow::anyhow!(reason)),
        None => Ok(()),
    }
}

impl Running {
    fn rescan(&self, accepts_removals: bool) {
        if let Some(ingest) = &self.ingest {
            tracing::info!(accepts_removals, "rescan asked for");
            ingest.rescan(accepts_removals);
        }
    }

    /// Reads the configuration again. What is wrong with it is logged, and the old one stays. An error means that the
    /// service cannot go on. Blocks, for long where feeds are filled anew.
    fn reload(&mut self) -> anyhow::Result<()> {
        let (mut new, watcher) = match self.prepare() {
            Ok(prepared) => prepared,
            Err(error) => {
                self.parts.reloads.refused((self.outside.clock)(), format!("{error:#}"));
                tracing::error!("reload refused, the old configuration stays: {error:#}");
                self.reopen_access_log();
                return Ok(());
            }
        };
        if let Err(error) = (self.outside.relog)(&new.log) {
            tracing::error!("the log stays as it was: {error:#}");
        }
        new.warn();
        self.renew_certificate();
        keep(&self.config, self.passed, &mut new);
        self.replace_ingest(watcher, new)?;
        self.parts.reloads.loaded((self.outside.clock)());
        tracing::info!("configuration reloaded");
        Ok(())
    }

    /// The new configuration, with everything opened that it names, so that what could not be started is not taken up.
    fn prepare(&self) -> anyhow::Result<(Config, Watcher)> {
        // The ingest that begins with it would have to write at once.
        if self.parts.shared.health.is_degraded(Degraded::Store) {
            anyhow::bail!("the store cannot be written at present; reload again when it can");
        }
        let new = (self.outside.reload)()?;
        load_tls(&new)?;
        // The one that is open stays.
        refuse_store_in_seeds(&self.config.store, &new)?;
        // The new directory is watched before the old one is let go.
        let watcher = Watcher::new(new.seeds.options.clone()).map_err(watch_error)?;
        // Last, because this one takes effect at once.
        open_access_log(&self.parts.access, &new.log)?;
        Ok((new, watcher))
    }

    /// A certificate that was renewed keeps its file name.
    fn renew_certificate(&self) {
        if let Some(Err(error)) = self.tls.as_ref().map(|tls| tls.reload()) {
            tracing::error!("the certificate stays as it was: {:#}", anyhow::Error::new(error));
        }
    }

    /// Opens the access log anew, since it may have been rotated away.
    fn reopen_access_log(&self) {
        if let Err(error) = open_access_log(&self.parts.access, &self.config.log) {
            tracing::error!("the access log stays as it was: {error}");
        }
    }

    fn replace_ingest(&mut self, watcher: Watcher, new: Config) -> anyhow::Result<()> {
        let old = self.ingest.take().ok_or_else(|| anyhow::anyhow!("nothing runs"))?;
        let mut store = old.stop()?;
        let base_url = new.site.base_url.as_ref().unwrap_or(&self.fallback_url);
        let Names { id_base, tag_authority } = Names::settle(&mut store, &new, base_url)?;
        let site = site(&new, base_url, &id_base);
        self.parts.pages.reload(&new, site.clone());
        self.parts.state.reload(settings(&site, &new));
        self.parts.traffic.set_feeds(&new.feeds);
        self.parts.hub.reconfigure(new.hub.clone(), &site.base_url);
        self.parts.shared.restart();
        let shared = Arc::clone(&self.parts.shared);
        let clock = self.outside.clock;
        self.ingest = Some(Ingest::start(watcher, new.clone(), site, tag_authority, store, shared, clock)?);
        self.config = new;
        Ok(())
    }

    /// Says so if the hub did not end as it should.
    pub(super) fn hub_ended(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended
            && error.is_panic()
        {
            tracing::error!("the hub panicked: {error}");
        }
    }

    /// Ends what is left to end. Blocks.
    pub(super) fn stop(self) {
        if let Some(Err(error)) = self.ingest.map(Ingest::stop) {
            tracing::error!("{error}");
        }
        self.parts.access.stop();
        tracing::info!("stopped");
    }
}
