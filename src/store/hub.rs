//! Subscriptions: who is told of changes, what each was given last, and who is due.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use super::open::connect_beside;
use super::row::{damaged, utc_millis, utc_seconds};
use super::{Digest, Store, StoreError};

/// The digest of no bytes: a subscriber that has it is due for whatever there is.
pub const NOTHING: Digest = [0; 16];

/// What a subscriber is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The document itself (W3C WebSub).
    WebSub = 0,
    /// Word that it changed, to another hub.
    Ping = 1,
    /// Word that it changed, as rssCloud has it.
    Cloud = 2,
}

impl Kind {
    fn from_code(code: i64) -> Result<Self, StoreError> {
        match code {
            0 => Ok(Self::WebSub),
            1 => Ok(Self::Ping),
            2 => Ok(Self::Cloud),
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
    /// Those to this topic ...
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
#[derive(Clone, Debug, serde::Serialize)]
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
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
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

const DUE: &str = "SELECT id, kind, callback, host, secret, failures FROM subscriptions \
    WHERE topic = ?1 AND id > ?2 AND delivered <> ?3 AND expires_at > ?4 / 1000 AND claimed_until <= ?4 \
    AND (next_attempt <= ?4 OR (attempted <> ?3 AND failures < ?5)) ORDER BY id LIMIT ?6";

const PUT: &str = "INSERT INTO subscriptions (kind, topic, callback, host, secret, subscribed_at, expires_at, \
    delivered, attempted, failures, next_attempt, claimed_until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 0, 0, 0) \
    ON CONFLICT (topic, kind, callback) DO UPDATE SET secret = ?5, subscribed_at = ?6, expires_at = ?7, failures = 0, \
    problem = NULL, next_attempt = 0";

impl Subscriptions {
    /// Keeps a subscription; one of the same kind, topic and callback gets the new secret and lease, and keeps the
    /// memory of what it was given. Says whether there was room for it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn put(&self, new: &NewSubscription, bounds: Bounds) -> Result<bool, StoreError> {
        let NewSubscription { kind, topic, callback, host, secret, subscribed_at, expires_at, has } = new;
        let mut connection = self.connection();
        // What a subscriber was promised must survive the plug being pulled; the record of deliveries need not, since
        // they are then only made again.
        connection.pragma_update(None, "synchronous", "full")?;
        let batch = begin(&mut connection)?;
        let count = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> Result<usize, StoreError> {
            Ok(batch.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
        };
        let known = "SELECT count(*) FROM subscriptions WHERE topic = ?1 AND kind = ?2 AND callback = ?3";
        let is_new = count(known, &[topic, &(*kind as i64), callback])? == 0;
        let is_full = is_new
            && (count("SELECT count(*) FROM subscriptions", &[])? >= bounds.total
                || count("SELECT count(*) FROM subscriptions WHERE host = ?1", &[host])? >= bounds.per_host);
        if !is_full {
            batch.prepare_cached(PUT)?.execute(params![
                *kind as i64,
                topic,
                callback,
                host,
                secret,
                subscribed_at.timestamp(),
                expires_at.timestamp(),
                has
            ])?;
        }
        batch.commit()?;
        connection.pragma_update(None, "synchronous", "normal")?;
        Ok(!is_full)
    }

    /// Ends a subscription; says whether there was one.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove(&self, kind: Kind, topic: &str, callback: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM subscriptions WHERE topic = ?1 AND kind = ?2 AND callback = ?3";
        Ok(self.connection().prepare_cached(sql)?.execute(params![topic, kind as i64, callback])? > 0)
    }

    /// Ends a subscription by its number; gives its topic and callback.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_by_id(&self, id: i64) -> Result<Option<(String, String)>, StoreError> {
        let connection = self.connection();
        let mut query =
            connection.prepare_cached("DELETE FROM subscriptions WHERE id = ?1 RETURNING topic, callback")?;
        let mut rows = query.query([id])?;
        let row = rows.next()?.map(|row| Ok::<_, StoreError>((row.get(0)?, row.get(1)?))).transpose()?;
        // A statement that returns rows is done only when the last was taken.
        while rows.next()?.is_some() {}
        Ok(row)
    }

    /// Makes these hubs the only ones that are pinged.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn retain_pings(&self, hubs: &[String]) -> Result<(), StoreError> {
        let mut connection = self.connection();
        let batch = begin(&mut connection)?;
        let known: Vec<String> = batch
            .prepare_cached("SELECT DISTINCT callback FROM subscriptions WHERE kind = 1")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for hub in known.iter().filter(|hub| !hubs.contains(hub)) {
            batch.execute("DELETE FROM subscriptions WHERE kind = 1 AND callback = ?1", [hub])?;
        }
        batch.commit()?;
        Ok(())
    }

    /// Has a hub pinged about these topics from now on, at once where it never was. `host` is that of the hub.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn add_pings(&self, hub: &str, host: &str, topics: &[String], now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut connection = self.connection();
        let batch = begin(&mut connection)?;
        for topic in topics {
            let sql = "INSERT OR IGNORE INTO subscriptions (kind, topic, callback, host, subscribed_at, expires_at, \
                delivered, attempted, failures, next_attempt, claimed_until) \
                VALUES (1, ?1, ?2, ?3, ?4, 9007199254740991, ?5, ?5, 0, 0, 0)";
            batch.prepare_cached(sql)?.execute(params![topic, hub, host, now.timestamp(), NOTHING])?;
        }
        batch.commit()?;
        Ok(())
    }

    /// Claims subscriptions that are due until `until`: nobody else sends to them before that, and if this attempt
    /// leaves no result, it counts for nothing then. `admits` says of a host whether one more may be sent to it.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn claim(
        &self,
        wanted: Wanted<'_>,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        mut admits: impl FnMut(&str) -> bool,
    ) -> Result<Claim, StoreError> {
        let mut connection = self.connection();
        // Most changes concern a topic that nobody subscribed to: then the ingest thread need not wait for its turn.
        let any = "SELECT EXISTS (SELECT 1 FROM subscriptions WHERE topic = ?1)";
        if !connection.prepare_cached(any)?.query_row([wanted.topic], |row| row.get::<_, bool>(0))? {
            return Ok(Claim::default());
        }
        let batch = begin(&mut connection)?;
        let mut claim = Claim::default();
        {
            let mut query = batch.prepare_cached(DUE)?;
            let mut mark = batch.prepare_cached("UPDATE subscriptions SET claimed_until = ?2 WHERE id = ?1")?;
            let values = params![
                wanted.topic,
                wanted.after,
                wanted.digest,
                now.timestamp_millis(),
                wanted.patience,
                i64::try_from(wanted.limit).unwrap_or(i64::MAX)
            ];
            let found: Vec<Result<Due, StoreError>> =
                query.query_map(values, |row| Ok(due(row)))?.collect::<Result<_, _>>()?;
            let is_whole = found.len() < wanted.limit;
            for one in found {
                let one = one?;
                claim.next = Some(one.id);
                if !admits(&one.host) {
                    claim.is_skipping = true;
                    continue;
                }
                mark.execute(params![one.id, until.timestamp_millis()])?;
                claim.due.push(one);
            }
            if is_whole {
                claim.next = None;
            }
        }
        if claim.due.is_empty() {
            return Ok(claim);
        }
        batch.commit()?;
        Ok(claim)
    }

    /// The next moment at which a subscription to the topic that has other bytes may be tried.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_attempt(
        &self,
        topic: &str,
        digest: &Digest,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT min(max(next_attempt, claimed_until)) FROM subscriptions \
            WHERE topic = ?1 AND delivered <> ?2 AND expires_at > ?3";
        let connection = self.connection();
        let mut query = connection.prepare_cached(sql)?;
        let millis: Option<i64> = query.query_row(params![topic, digest, now.timestamp()], |row| row.get(0))?;
        millis.map(utc_millis).transpose()
    }

    /// Records what came of attempts.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn record(&self, attempts: &[Attempt]) -> Result<(), StoreError> {
        let mut connection = self.connection();
        let batch = begin(&mut connection)?;
        for Attempt { id, digest, at, end } in attempts {
            match end {
                AttemptEnd::Delivered => {
                    let sql = "UPDATE subscriptions SET delivered = ?2, attempted = ?2, delivered_at = ?3, \
                        failures = 0, problem = NULL, next_attempt = 0, claimed_until = 0 WHERE id = ?1";
                    batch.prepare_cached(sql)?.execute(params![id, digest, at.timestamp()])?;
                }
                AttemptEnd::Failed { problem, next } => {
                    let sql = "UPDATE subscriptions SET attempted = ?2, failures = failures + 1, problem = ?3, \
                        next_attempt = ?4, claimed_until = 0 WHERE id = ?1";
                    batch.prepare_cached(sql)?.execute(params![id, digest, problem, next.timestamp_millis()])?;
                }
                AttemptEnd::Gone => {
                    batch.prepare_cached("DELETE FROM subscriptions WHERE id = ?1")?.execute([id])?;
                }
                AttemptEnd::Released => {
                    let sql = "UPDATE subscriptions SET claimed_until = 0 WHERE id = ?1";
                    batch.prepare_cached(sql)?.execute([id])?;
                }
            }
        }
        batch.commit()?;
        Ok(())
    }

    /// Forgets subscriptions whose lease is over; gives their number.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn expire(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let sql = "DELETE FROM subscriptions WHERE expires_at <= ?1";
        Ok(self.connection().prepare_cached(sql)?.execute([now.timestamp()])?)
    }

    /// The topics that have subscriptions.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn topics(&self) -> Result<Vec<String>, StoreError> {
        let connection = self.connection();
        let mut query = connection.prepare_cached("SELECT DISTINCT topic FROM subscriptions")?;
        let topics = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(topics)
    }

    /// All subscriptions as they stand, by number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn all(&self) -> Result<Vec<SubscriptionRow>, StoreError> {
        let sql = "SELECT id, kind, topic, host, subscribed_at, expires_at, delivered_at, delivered, failures, \
            problem, next_attempt FROM subscriptions ORDER BY id";
        let connection = self.connection();
        let mut query = connection.prepare_cached(sql)?;
        let rows = query.query_map([], |row| Ok(subscription(row)))?.collect::<Result<Vec<_>, _>>()?;
        rows.into_iter().collect()
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

fn due(row: &Row<'_>) -> Result<Due, StoreError> {
    Ok(Due {
        id: row.get(0)?,
        kind: Kind::from_code(row.get(1)?)?,
        callback: row.get(2)?,
        host: row.get(3)?,
        secret: row.get(4)?,
        failures: row.get(5)?,
    })
}

fn subscription(row: &Row<'_>) -> Result<SubscriptionRow, StoreError> {
    let delivered_at: Option<i64> = row.get(6)?;
    let failures = row.get(8)?;
    Ok(SubscriptionRow {
        id: row.get(0)?,
        kind: Kind::from_code(row.get(1)?)?,
        topic: row.get(2)?,
        host: row.get(3)?,
        subscribed_at: utc_seconds(row.get(4)?)?,
        expires_at: utc_seconds(i64::min(row.get(5)?, DateTime::<Utc>::MAX_UTC.timestamp()))?,
        delivered_at: delivered_at.map(utc_seconds).transpose()?,
        has: row.get(7)?,
        failures,
        problem: row.get(9)?,
        next_attempt: if failures > 0 { Some(utc_millis(row.get(10)?)?) } else { None },
    })
}
