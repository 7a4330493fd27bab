//! Whether right feeds can be served, and if not, why.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What can stand in the way of readiness. One cause of each kind at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Degraded {
    /// The seed directory is missing or cannot be read.
    SeedDirectory,
    /// Changes are no longer noticed.
    Watcher,
    /// Items or validators cannot be kept.
    Store,
    /// So many seeds vanished that nothing is withdrawn until it is confirmed.
    Brake,
    /// A document did not pass its check; the last good one is served.
    Document,
}

impl Degraded {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::SeedDirectory, Self::Watcher, Self::Store, Self::Brake, Self::Document];

    /// The word in metrics and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeedDirectory => "seed_directory",
            Self::Watcher => "watcher",
            Self::Store => "store",
            Self::Brake => "brake",
            Self::Document => "document",
        }
    }
}

/// Latches that the stages set and `/readyz` reads.
#[derive(Debug, Default)]
pub struct Health {
    is_scanned: AtomicBool,
    reasons: Mutex<BTreeMap<Degraded, String>>,
}

impl Health {
    /// The first scan is done: documents hold all that the directory does.
    pub fn set_scanned(&self) {
        self.is_scanned.store(true, Ordering::Release);
    }

    /// Whether the first scan is done.
    #[must_use]
    pub fn is_scanned(&self) -> bool {
        self.is_scanned.load(Ordering::Acquire)
    }

    /// Says that something is wrong, in words for the operator; true when that is news.
    pub fn degrade(&self, what: Degraded, reason: impl Into<String>) -> bool {
        let reason = reason.into();
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        reasons.insert(what, reason.clone()).as_ref() != Some(&reason)
    }

    /// Says that it is right again; true when that is news.
    pub fn restore(&self, what: Degraded) -> bool {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner).remove(&what).is_some()
    }

    /// Whether this is wrong at present.
    #[must_use]
    pub fn is_degraded(&self, what: Degraded) -> bool {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&what)
    }

    /// What is wrong apart from a first scan that is not done.
    #[must_use]
    pub fn first_degraded(&self) -> Option<String> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner).values().next().cloned()
    }

    /// All that is wrong; empty means ready.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.is_scanned() {
            reasons.push("the first scan of the seed directory is not done yet".to_owned());
        }
        reasons.extend(self.reasons.lock().unwrap_or_else(PoisonError::into_inner).values().cloned());
        reasons
    }
}
