//! Subscriptions: who is told of changes, what each was given last, and who is due.

mod attempts;
mod keep;
mod list;

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::open::connect_beside;
use super::row::damaged;
use super::{Digest, Store, StoreError};

/// The digest of no bytes: a subscriber that has it is due for whatever there is.
pub const NOTHING: Digest = [0; 16];

/// What a subscriber is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The document itself (W3C WebSub).
    WebSub = 0,
    /// Word that it changed, to another hub.
    Ping = 1,
    /// Word that it changed, to a subscriber who then asks for it (rssCloud).
    RssCloud = 2,
}

/// Some of the kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Those for which this holds.
    pub fn that(is_among: impl Fn(Kind) -> bool) -> Self {
        let all = [Kind::WebSub, Kind::Ping, Kind::RssCloud];
        Self(all.into_iter().filter(|kind| is_among(*kind)).map(|kind| 1 << kind as u8).sum())
    }
}

impl Kind {
    fn from_code(code: i64) -> Result<Self, StoreError> {
        match code {
            0 => Ok(Self::WebSub),
            1 => Ok(Self::Ping),
            2 => Ok(Self::RssCloud),
            _ => Err(damaged("kind of subscription")),
        }
    }
}

/// A subscription to be kept. Not `Debug`: it holds a secret.
#[derive(Clone)]
pub struct NewSubscription {
    /// What it is sent.
    pub kind: Kind,
    /// Absolute URL.
    pub topic: String,
    /// Absolute URL.
    pub callback: String,
    /// Host of the callback.
    pub host: String,
    /// Key of the signatures.
    pub secret: Option<Vec<u8>>,
    /// When it was made or made anew.
    pub subscribed_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Digest of the bytes that it is taken to have.
    pub has: Digest,
}

/// How many subscriptions are kept.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// In all.
    pub total: usize,
    /// With callbacks on one host.
    pub per_host: usize,
}

/// A subscription that is due, claimed for one attempt. Not `Debug`: it holds a secret.
#[derive(Clone)]
pub struct Due {
    /// Its number, never given twice.
    pub id: i64,
    /// What it is sent.
    pub kind: Kind,
    /// Absolute URL.
    pub callback: String,
    /// Host of the callback.
    pub host: String,
    /// Key of the signatures.
    pub secret: Option<Vec<u8>>,
    /// Failed attempts since the last success.
    pub failures: u32,
}

/// Which subscriptions are due.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Those of these kinds ...
    pub kinds: Kinds,
    /// ... to this topic ...
    pub topic: &'a str,
    /// ... that have other bytes than these ...
    pub digest: &'a Digest,
    /// ... with a number above this one.
    pub after: i64,
    /// So many of them at most.
    pub limit: usize,
    /// A subscription that failed fewer times in a row is tried with new bytes at once, another when its time has come.
    pub patience: u32,
}

/// What [`Subscriptions::claim`] found.
#[derive(Default)]
pub struct Claim {
    /// Claimed, in the order of their numbers.
    pub due: Vec<Due>,
    /// Whether some were passed over because they were not admitted.
    pub is_skipping: bool,
    /// Where the next call goes on; `None` at the end.
    pub next: Option<i64>,
}

/// What came of one attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The subscription.
    pub id: i64,
    /// Digest of what was sent.
    pub digest: Digest,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How it ended.
    pub end: AttemptEnd,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub enum AttemptEnd {
    /// Taken.
    Delivered,
    /// Not taken; to be tried again from this moment on.
    Failed {
        /// Why, for the operator.
        problem: String,
        /// Not before.
        next: DateTime<Utc>,
    },
    /// The subscriber wants no more.
    Gone,
    /// Broken off without result.
    Released,
}

/// One subscription as it stands, without its secret.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub struct SubscriptionRow {
    /// Its number.
    pub id: i64,
    /// What it is sent.
    pub kind: Kind,
    /// Absolute URL.
    pub topic: String,
    /// Host of the callback; the rest of a callback is as good as a password.
    pub host: String,
    /// When it was made or made anew.
    pub subscribed_at: DateTime<Utc>,
    /// When it ends by itself; `None`: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last given something.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Digest of the bytes that it has.
    #[serde(skip)]
    pub has: Digest,
    /// Failed attempts since the last success.
    pub failures: u32,
    /// What was wrong with the last attempt.
    pub problem: Option<String>,
    /// When the next attempt is made, where there was a failure.
    pub next_attempt: Option<DateTime<Utc>>,
}

/// The subscriptions of a store, on a connection of their own beside the one that ingests. Every call blocks on the
/// disk.
#[derive(Debug)]
pub struct Subscriptions {
    connection: Mutex<Connection>,
}

impl Store {
    /// The subscriptions. Claims of an earlier run are void, since no other process has the store.
    ///
    /// # Errors
    /// When the store cannot be opened a second time or written.
    pub fn subscriptions(&self) -> Result<Subscriptions, StoreError> {
        let connection = connect_beside(self.location.path())?;
        connection.execute("UPDATE subscriptions SET claimed_until = 0 WHERE claimed_until > 0", [])?;
        Ok(Subscriptions { connection: Mutex::new(connection) })
    }
}

impl Subscriptions {
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}
