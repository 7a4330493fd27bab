//! What the service manager is told: ready, reloading, stopping, how it goes (sd_notify(3)). Without one, nothing.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;

/// How far the end of the start is put off each time, while the first scan goes on.
const EXTENSION: Duration = Duration::from_secs(60);
/// How often it is put off.
const EXTEND_EVERY: Duration = Duration::from_secs(10);
/// Silence that makes a part count as hanging where no watchdog says how much.
pub(super) const GRACE: Duration = Duration::from_secs(60);

/// The conversation with the service manager.
#[derive(Debug)]
pub(super) struct Manager {
    watchdog: Option<Duration>,
    pinged: Option<Instant>,
    extended: Option<Instant>,
    status: String,
    is_ready: bool,
}

impl Manager {
    /// Looks at what the service manager put into the environment.
    pub(super) fn new() -> Self {
        let watchdog = sd_notify::watchdog_enabled().filter(|time| !time.is_zero());
        Self { watchdog, pinged: None, extended: None, status: String::new(), is_ready: false }
    }

    /// How long a part may be silent beyond what it announced: as long as the service manager lets us be.
    pub(super) fn grace(&self) -> Duration {
        self.watchdog.unwrap_or(GRACE)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// The first scan is done.
    pub(super) fn ready(&mut self) {
        self.is_ready = true;
        tell(&[NotifyState::Ready]);
    }

    /// The first scan goes on.
    pub(super) fn still_starting(&mut self) {
        let is_due = self.extended.is_none_or(|at| at.elapsed() >= EXTEND_EVERY);
        if is_due && !self.is_ready {
            self.extended = Some(Instant::now());
            tell(&[NotifyState::ExtendTimeoutUsec(micros(EXTENSION))]);
        }
    }

    /// All parts live.
    pub(super) fn alive(&mut self) {
        let Some(watchdog) = self.watchdog else { return };
        if self.pinged.is_none_or(|at| at.elapsed() >= watchdog / 3) {
            self.pinged = Some(Instant::now());
            tell(&[NotifyState::Watchdog]);
        }
    }

    /// One line on how it goes.
    pub(super) fn status(&mut self, status: String) {
        if status != self.status {
            tell(&[NotifyState::Status(&status)]);
            self.status = status;
        }
    }

    /// The configuration is read again; followed by [`Manager::reloaded`].
    pub(super) fn reloading(&self) {
        // Without the clock (it cannot fail on Linux) newer managers would wait for ever, so say nothing then.
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            tell(&[NotifyState::Reloading, now]);
        }
    }

    pub(super) fn reloaded(&self) {
        if self.is_ready {
            tell(&[NotifyState::Ready]);
        }
    }

    pub(super) fn stopping(&mut self, drain: Duration) {
        tell(&[NotifyState::Stopping, NotifyState::ExtendTimeoutUsec(micros(drain + EXTEND_EVERY))]);
        self.status("stopping".to_owned());
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "cannot tell the service manager");
    }
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
