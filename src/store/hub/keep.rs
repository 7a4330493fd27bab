//! Which subscriptions there are: made, renewed, ended.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use super::{Bounds, Kind, NOTHING, NewSubscription, Subscriptions, begin};
use crate::store::StoreError;

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
        let mut connection = self.connection();
        // What a subscriber was promised must survive the plug being pulled; the record of deliveries need not, since
        // they are then only made again.
        connection.pragma_update(None, "synchronous", "full")?;
        let put = put(&mut connection, new, bounds);
        connection.pragma_update(None, "synchronous", "normal")?;
        put
    }

    /// Ends a subscription; says whether there was one.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove(&self, kind: Kind, topic: &str, callback: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM subscriptions WHERE topic = ?1 AND kind = ?2 AND callback = ?3";
        Ok(self.connection().prepare_cached(sql)?.execute(params![topic, kind as i64, callback])? > 0)
    }

    /// Ends a subscription by its number; gives its kind, topic and callback.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_by_id(&self, id: i64) -> Result<Option<(Kind, String, String)>, StoreError> {
        let connection = self.connection();
        let sql = "DELETE FROM subscriptions WHERE id = ?1 RETURNING kind, topic, callback";
        let mut query = connection.prepare_cached(sql)?;
        let mut rows = query.query([id])?;
        let ended = |row: &Row<'_>| Ok::<_, StoreError>((Kind::from_code(row.get(0)?)?, row.get(1)?, row.get(2)?));
        let row = rows.next()?.map(ended).transpose()?;
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

    /// Forgets subscriptions whose lease is over; gives their number.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn expire(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let sql = "DELETE FROM subscriptions WHERE expires_at <= ?1";
        Ok(self.connection().prepare_cached(sql)?.execute([now.timestamp()])?)
    }
}

fn put(connection: &mut Connection, new: &NewSubscription, bounds: Bounds) -> Result<bool, StoreError> {
    let NewSubscription { kind, topic, callback, host, secret, subscribed_at, expires_at, has } = new;
    let batch = begin(connection)?;
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
    Ok(!is_full)
}
