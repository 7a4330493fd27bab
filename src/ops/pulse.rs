//! Signs of life of the parts that must not hang, for the service manager's watchdog.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Moments are kept as milliseconds since this one, plus one: zero means that nothing is expected.
static BASE: LazyLock<Instant> = LazyLock::new(Instant::now);

/// One part's sign of life: each beat says when the next one is to be expected.
#[derive(Debug, Default)]
pub struct Pulse {
    due: AtomicU64,
}

impl Pulse {
    /// The part lives, and will say so again after `expected` at the latest.
    pub fn beat(&self, expected: Duration) {
        let due = BASE.elapsed().saturating_add(expected);
        self.due.store(millis(due).saturating_add(1), Ordering::Relaxed);
    }

    /// The part has nothing to do: silence is right until the next beat.
    pub fn rest(&self) {
        self.due.store(0, Ordering::Relaxed);
    }

    /// Whether the expected beat is overdue by more than `grace`.
    #[must_use]
    pub fn is_late(&self, grace: Duration) -> bool {
        match self.due.load(Ordering::Relaxed) {
            0 => false,
            due => millis(BASE.elapsed()) > due.saturating_add(millis(grace)),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The pulses of parts whose number is known only when they start.
#[derive(Debug, Default)]
pub struct Pulses {
    all: Mutex<Vec<(String, Arc<Pulse>)>>,
}

impl Pulses {
    /// Another part.
    pub fn add(&self, name: impl Into<String>) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::default());
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push((name.into(), Arc::clone(&pulse)));
        pulse
    }

    /// The names of those that are late.
    #[must_use]
    pub fn late(&self, grace: Duration) -> Vec<String> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(_, pulse)| pulse.is_late(grace)).map(|(name, _)| name.clone()).collect()
    }
}
