//! Whether right feeds can be served, and if not, why.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What can stand in the way of readiness.
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
    /// Documents did not pass their check; the last good ones are served.
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
    /// By what is wrong and, where there are several of it, which one.
    reasons: Mutex<BTreeMap<(Degraded, String), String>>,
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
        self.degrade_one(what, "", reason)
    }

    /// Says that it is right again; true when that is news.
    pub fn restore(&self, what: Degraded) -> bool {
        let mut reasons = self.locked();
        let before = reasons.len();
        reasons.retain(|(wrong, _), _| *wrong != what);
        reasons.len() < before
    }

    /// Says that one of several is wrong; true when that is news.
    pub fn degrade_one(&self, what: Degraded, which: &str, reason: impl Into<String>) -> bool {
        let reason = reason.into();
        let mut reasons = self.locked();
        reasons.insert((what, which.to_owned()), reason.clone()).as_ref() != Some(&reason)
    }

    /// Says that this one is right again; true when it was the last that was not.
    pub fn restore_one(&self, what: Degraded, which: &str) -> bool {
        let mut reasons = self.locked();
        let is_any = |reasons: &BTreeMap<(Degraded, String), String>| reasons.keys().any(|(wrong, _)| *wrong == what);
        is_any(&reasons) && reasons.remove(&(what, which.to_owned())).is_some() && !is_any(&reasons)
    }

    /// Whether this is wrong at present.
    #[must_use]
    pub fn is_degraded(&self, what: Degraded) -> bool {
        self.locked().keys().any(|(wrong, _)| *wrong == what)
    }

    /// What is wrong apart from a first scan that is not done.
    #[must_use]
    pub fn first_degraded(&self) -> Option<String> {
        self.locked().values().next().cloned()
    }

    /// All that is wrong; empty means ready.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.is_scanned() {
            reasons.push("the first scan of the seed directory is not done yet".to_owned());
        }
        reasons.extend(self.locked().values().cloned());
        reasons
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<(Degraded, String), String>> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
