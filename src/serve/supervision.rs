//! How the service manager, and a terminal, are told how it goes.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep};

use crate::http::State;
use crate::ingest::Shared;
use crate::ops::{ReadOutcome, counted};

use super::Scanning;
use super::manager::Manager;
use super::running::Running;
use super::signals::Signals;
use super::vitals::late;

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

/// Looks at all parts, and remembers from one look to the next.
pub(super) struct Supervision {
    pub manager: Manager,
    shared: Arc<Shared>,
    state: Arc<State>,
    begun: Instant,
    drawn_at: Option<Instant>,
    status_at: Option<Instant>,
    day_since: Instant,
    /// What was late at the last look, so that it is logged once.
    late: Vec<String>,
    /// How many documents had been shown when the service manager was last told the number of items.
    told: Option<u64>,
}

impl Supervision {
    pub(super) fn new(manager: Manager, running: &Running) -> Self {
        Self {
            manager,
            shared: Arc::clone(&running.parts.shared),
            state: Arc::clone(&running.parts.state),
            begun: Instant::now(),
            drawn_at: None,
            status_at: None,
            day_since: Instant::now(),
            late: Vec::new(),
            told: None,
        }
    }

    /// Until the next look.
    pub(super) fn pause(&self) -> Duration {
        if self.manager.is_ready() { LOOK } else { LOOK_EARLY }
    }

    /// Waits for work that blocks, while the service manager goes on hearing of us: what came of it, and whether a signal
    /// said stop meanwhile; nothing when a second one did.
    pub(super) async fn wait_for<T>(
        &mut self,
        mut work: JoinHandle<T>,
        signals: &mut Signals,
    ) -> (Option<Result<T, JoinError>>, bool) {
        let mut stops = false;
        loop {
            tokio::select! {
                done = &mut work => return (Some(done), stops),
                signal = signals.stop_alone() => {
                    if stops {
                        tracing::warn!(signal, "ending at once");
                        return (None, true);
                    }
                    tracing::info!(signal, "stopping");
                    stops = true;
                }
                () = sleep(LOOK) => {
                    self.beat();
                }
            }
        }
    }

    /// Tells the service manager that all parts live; else gives those that are late.
    fn beat(&mut self) -> Vec<String> {
        let late = late(&self.shared.metrics, &self.state, self.manager.grace());
        if late.is_empty() {
            self.manager.alive();
            self.manager.still_starting();
        }
        late
    }

    /// Tells the service manager how it goes.
    pub(super) fn look(&mut self, running: &Running) {
        let late = self.beat();
        if !self.shared.health.is_scanned() {
            self.draw(running);
        } else if !self.manager.is_ready() {
            (running.outside.progress)(None);
            self.manager.ready();
            self.status_at = None;
        }
        if self.status_at.is_none_or(|at| at.elapsed() >= STATUS) {
            self.status_at = Some(Instant::now());
            self.tell_status(running);
        }
        if self.day_since.elapsed() >= DAY {
            self.day_since = Instant::now();
            running.parts.traffic.turn_day();
        }
        // Last, because whoever takes the log may be what hangs.
        if late != self.late {
            if late.is_empty() {
                tracing::info!("all parts give signs of life again");
            } else {
                tracing::error!(parts = late.join(", "), "no sign of life; the watchdog is told nothing more");
            }
            self.late = late;
        }
    }

    /// Shows how far the first scan is.
    fn draw(&mut self, running: &Running) {
        // In this order: a seed that is read in between is counted once at most.
        let done = self.seeds_read();
        let (since, left) = (self.begun.elapsed(), self.shared.metrics.queue());
        if left == 0 || since < DRAWN_AFTER || self.drawn_at.is_some_and(|at| at.elapsed() < DRAWN) {
            return;
        }
        self.drawn_at = Some(Instant::now());
        (running.outside.progress)(Some(Scanning { done, left, since }));
    }

    fn seeds_read(&self) -> u64 {
        ReadOutcome::ALL.map(|outcome| self.shared.metrics.reads(outcome)).iter().sum()
    }

    fn tell_status(&mut self, running: &Running) {
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
        } else if let (Ok(figures), Ok(found)) =
            (running.parts.reader.figures(), running.parts.reader.diagnostic_counts())
        {
            let diagnostics: u64 = found.iter().map(|(_, _, count)| count).sum();
            let (items, seeds) = (counted(figures.live, "item"), counted(figures.seeds, "seed"));
            let feeds = counted(running.config.feeds.len(), "feed");
            format!("{items} of {seeds} in {feeds}, {}", counted(diagnostics, "diagnostic"))
        } else {
            return;
        };
        self.manager.status(status);
    }
}
