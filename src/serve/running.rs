//! A service at work: serves, listens to signals, notices when a part of it has failed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::http::{self, Listener, State, Tls};
use crate::hub::Hub;
use crate::ingest::{Ingest, Shared};
use crate::ops::{AccessLog, Degraded, Health, Metrics, ReadOutcome, Traffic};
use crate::seed::Watcher;
use crate::store::Reader;

use super::admin::Command;
use super::manager::Manager;
use super::pages::Pages;
use super::setup::{SetupError, load_tls, needs_restart, site, tag_authority, watch_error};
use super::signals::{Signals, Told};
use super::vitals::late;
use super::{FIRST_SCAN, Outside, Scanning, settings};

/// How often all parts are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The same until the first scan is done, so that "ready" is told at once.
const LOOK_EARLY: Duration = Duration::from_millis(20);
/// How often the service manager is told the number of items.
const STATUS: Duration = Duration::from_secs(10);
/// After this time the estimates of who polls begin anew.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long a first scan lasts before its progress is shown, and how often that is done.
const DRAWN_AFTER: Duration = Duration::from_millis(500);
const DRAWN: Duration = Duration::from_millis(100);

/// All parts of a running service.
pub(super) struct Running {
    pub config: Config,
    /// Base URL where none is configured.
    pub fallback_url: String,
    pub outside: Outside,
    /// `None` only while it is replaced.
    pub ingest: Option<Ingest>,
    pub shared: Arc<Shared>,
    pub state: Arc<State>,
    pub pages: Arc<Pages>,
    pub hub: Arc<Hub>,
    pub traffic: Arc<Traffic>,
    pub access: Arc<AccessLog>,
    pub reader: Arc<Reader>,
    pub tls: Option<Arc<Tls>>,
    pub manager: Manager,
    /// How many documents had been shown when the service manager was last told the number of items.
    pub told: Option<u64>,
}

/// Serves until a signal says stop, then drains within the configured time. A second signal ends at once.
pub(super) async fn supervise(
    mut running: Running,
    mut signals: Signals,
    mut commands: UnboundedReceiver<Command>,
    listeners: Vec<Listener>,
) -> anyhow::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let (health, metrics) = (Arc::clone(&running.shared.health), Arc::clone(&running.shared.metrics));
    let state = Arc::clone(&running.state);
    let drain = running.config.http.drain;
    let mut server = tokio::spawn(async move {
        first_scan(&health, &metrics).await;
        let shutdown = async move {
            // A dropped sender means stop as well.
            let _ = stopped.await;
        };
        http::serve(listeners, state, shutdown, drain).await
    });
    let (stop_hub, hub_stopped) = oneshot::channel::<()>();
    let mut hub = tokio::spawn(Arc::clone(&running.hub).run(async move {
        let _ = hub_stopped.await;
    }));
    let mut watch = Watch::new();
    let failure = loop {
        let pause = if running.manager.is_ready() { LOOK } else { LOOK_EARLY };
        tokio::select! {
            told = signals.next() => match told {
                Told::Reload => {
                    if let Err(error) = running.reload() {
                        // The store has everything; the next start goes on from there.
                        break Some(format!("reload failed: {error:#}"));
                    }
                }
                Told::Stop(signal) => {
                    tracing::info!(signal, "stopping");
                    break None;
                }
            },
            Some(Command::Rescan { accepts_removals }) = commands.recv() => running.rescan(accepts_removals),
            ended = &mut server => {
                running.stop();
                ended??;
                anyhow::bail!("the server ended by itself");
            }
            ended = &mut hub => {
                running.stop();
                ended?;
                anyhow::bail!("the hub ended by itself");
            }
            () = sleep(pause) => {
                if let Some(ingest) = running.ingest.as_ref().filter(|ingest| !ingest.is_alive()) {
                    break Some(ingest.failure().unwrap_or_else(|| "the ingest thread panicked".to_owned()));
                }
                watch.look(&mut running);
            }
        }
    };
    (running.outside.progress)(None);
    running.manager.stopping(drain);
    // Dropping the sender of an ended server is no harm.
    let _ = stop.send(());
    tokio::select! {
        ended = server => ended??,
        signal = signals.stop() => {
            tracing::warn!(signal, "ending at once");
            // What it has not recorded is only sent again.
            hub.abort();
        }
    }
    // After the last answer, since requests come in until then.
    let _ = stop_hub.send(());
    if let Err(error) = hub.await
        && error.is_panic()
    {
        tracing::error!("the hub panicked: {error}");
    }
    running.stop();
    match failure {
        Some(reason) => Err(anyhow::anyhow!(reason)),
        None => Ok(()),
    }
}

/// Waits until there is something to serve.
async fn first_scan(health: &Health, metrics: &Metrics) {
    let until = Instant::now() + FIRST_SCAN;
    while !health.is_scanned() && metrics.documents.value() == 0 && Instant::now() < until {
        sleep(Duration::from_millis(5)).await;
    }
}

/// What the supervisor remembers from one look to the next.
struct Watch {
    begun: Instant,
    drawn_at: Option<Instant>,
    status_at: Option<Instant>,
    day_since: Instant,
    /// What was late at the last look, so that it is logged once.
    late: Vec<String>,
}

impl Watch {
    fn new() -> Self {
        Self { begun: Instant::now(), drawn_at: None, status_at: None, day_since: Instant::now(), late: Vec::new() }
    }

    /// Tells the service manager how it goes.
    fn look(&mut self, running: &mut Running) {
        let late = late(&running.shared.metrics, &running.state, running.manager.grace());
        if late.is_empty() {
            running.manager.alive();
            running.manager.still_starting();
        }
        if !running.shared.health.is_scanned() {
            self.draw(running);
        } else if !running.manager.is_ready() {
            (running.outside.progress)(None);
            running.manager.ready();
            self.status_at = None;
        }
        if self.status_at.is_none_or(|at| at.elapsed() >= STATUS) {
            self.status_at = Some(Instant::now());
            running.tell_status();
        }
        if self.day_since.elapsed() >= DAY {
            self.day_since = Instant::now();
            running.traffic.turn_day();
        }
        // Last, because whoever takes the log may be what hangs.
        if late != self.late {
            if late.is_empty() {
                tracing::warn!("all parts give signs of life again");
            } else {
                tracing::error!(parts = late.join(", "), "no sign of life; the watchdog is told nothing more");
            }
            self.late = late;
        }
    }
}

impl Watch {
    /// Shows how far the first scan is.
    fn draw(&mut self, running: &Running) {
        // In this order: a seed that is read in between is counted once at most.
        let done = running.seeds_read();
        let (since, left) = (self.begun.elapsed(), running.shared.metrics.queue());
        if left == 0 || since < DRAWN_AFTER || self.drawn_at.is_some_and(|at| at.elapsed() < DRAWN) {
            return;
        }
        self.drawn_at = Some(Instant::now());
        (running.outside.progress)(Some(Scanning { done, left, since }));
    }
}

impl Running {
    fn seeds_read(&self) -> u64 {
        ReadOutcome::ALL.map(|outcome| self.shared.metrics.reads(outcome)).iter().sum()
    }

    fn rescan(&self, accepts_removals: bool) {
        if let Some(ingest) = &self.ingest {
            tracing::info!(accepts_removals, "rescan asked for");
            ingest.rescan(accepts_removals);
        }
    }

    fn tell_status(&mut self) {
        let reasons = self.shared.health.reasons();
        let shown = self.shared.metrics.documents.value();
        if reasons.is_empty() && self.told == Some(shown) {
            return;
        }
        self.told = reasons.is_empty().then_some(shown);
        let status = if !self.shared.health.is_scanned() {
            format!("first scan: {} seeds read", self.seeds_read())
        } else if let Some(reason) = reasons.first() {
            format!("degraded: {reason}")
        } else if let (Ok(figures), Ok(found)) = (self.reader.figures(), self.reader.diagnostic_counts()) {
            let diagnostics: u64 = found.iter().map(|(_, _, count)| count).sum();
            let feeds = self.config.feeds.len();
            format!("{} items of {} seeds in {feeds} feeds, {diagnostics} diagnostics", figures.live, figures.seeds)
        } else {
            return;
        };
        self.manager.status(status);
    }

    /// Reads the configuration again. What is wrong with it is logged, and the old one stays. An error means that the
    /// service cannot go on.
    fn reload(&mut self) -> anyhow::Result<()> {
        self.manager.reloading();
        let result = self.take_configuration();
        self.manager.reloaded();
        result
    }

    fn take_configuration(&mut self) -> anyhow::Result<()> {
        let (new, watcher) = match self.prepare() {
            Ok(prepared) => prepared,
            Err(error) => {
                tracing::error!("reload refused, the old configuration stays: {error:#}");
                self.reopen_access_log();
                return Ok(());
            }
        };
        if let Err(error) = (self.outside.relog)(&new.log) {
            tracing::error!("the log stays as it was: {error:#}");
        }
        self.renew_certificate();
        for key in needs_restart(&self.config, &new) {
            tracing::warn!("`{key}` has changed; it takes effect at the next start");
        }
        self.replace_ingest(watcher, new)?;
        tracing::info!("configuration reloaded");
        Ok(())
    }

    /// The new configuration, with everything opened that it names, so that what could not be started is not taken up.
    fn prepare(&self) -> anyhow::Result<(Config, Watcher)> {
        // The ingest that begins with it would have to write at once.
        if self.shared.health.is_degraded(Degraded::Store) {
            anyhow::bail!("the store cannot be written at present; reload again when it can");
        }
        let new = (self.outside.reload)()?;
        load_tls(&new)?;
        // The new directory is watched before the old one is let go.
        let watcher = Watcher::new(new.seeds.options.clone()).map_err(watch_error)?;
        // Last, because this one takes effect at once.
        self.access.configure(new.log.access, new.log.access_file.as_deref()).map_err(SetupError::AccessLog)?;
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
        let log = &self.config.log;
        if let Err(error) = self.access.configure(log.access, log.access_file.as_deref()) {
            tracing::error!("the access log stays as it was: `log.access_file`: {error}");
        }
    }

    fn replace_ingest(&mut self, watcher: Watcher, new: Config) -> anyhow::Result<()> {
        let old = self.ingest.take().ok_or_else(|| anyhow::anyhow!("nothing runs"))?;
        let store = old.stop()?;
        let site = site(&new, &self.fallback_url);
        let authority = tag_authority(&new, &site.base_url);
        self.pages.reload(&new, site.clone());
        self.state.reload(settings(&site.base_url, &new));
        self.traffic.set_feeds(&new.feeds);
        self.hub.reconfigure(new.hub.clone(), &site.base_url);
        self.shared.restart();
        let shared = Arc::clone(&self.shared);
        let clock = self.outside.clock;
        self.ingest = Some(Ingest::start(watcher, new.clone(), site, authority, store, shared, clock)?);
        self.config = new;
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(Err(error)) = self.ingest.take().map(Ingest::stop) {
            tracing::error!("{error}");
        }
        self.access.stop();
        tracing::info!("stopped");
    }
}
