//! How the last reload of the configuration went.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// Written by whoever reloads, read by the admin listener.
#[derive(Debug)]
pub struct Reloads {
    last: Mutex<LastReload>,
}

/// The last reload, or the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastReload {
    /// When the configuration that holds was taken up.
    pub loaded: DateTime<Utc>,
    /// When and why a later one was refused; `None`: none was.
    pub refused: Option<(DateTime<Utc>, String)>,
}

impl Reloads {
    /// A service that was started with its configuration at `now`.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { last: Mutex::new(LastReload { loaded: now, refused: None }) }
    }

    /// A new configuration was taken up.
    pub fn loaded(&self, now: DateTime<Utc>) {
        self.set(LastReload { loaded: now, refused: None });
    }

    /// A new configuration was refused, in words.
    pub fn refused(&self, now: DateTime<Utc>, reason: String) {
        let loaded = self.last().loaded;
        self.set(LastReload { loaded, refused: Some((now, reason)) });
    }

    /// How it went.
    #[must_use]
    pub fn last(&self) -> LastReload {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, last: LastReload) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}
