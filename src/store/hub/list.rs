//! Subscriptions as operators see them.

use rusqlite::Row;

use super::{Kind, SubscriptionRow, Subscriptions};
use crate::store::StoreError;
use crate::store::row::{utc_millis, utc_seconds};

impl Subscriptions {
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
}

fn subscription(row: &Row<'_>) -> Result<SubscriptionRow, StoreError> {
    let delivered_at: Option<i64> = row.get(6)?;
    let failures = row.get(8)?;
    let kind = Kind::from_code(row.get(1)?)?;
    Ok(SubscriptionRow {
        id: row.get(0)?,
        kind,
        topic: row.get(2)?,
        host: row.get(3)?,
        subscribed_at: utc_seconds(row.get(4)?)?,
        expires_at: if kind == Kind::Ping { None } else { Some(utc_seconds(row.get(5)?)?) },
        delivered_at: delivered_at.map(utc_seconds).transpose()?,
        has: row.get(7)?,
        failures,
        problem: row.get(9)?,
        next_attempt: if failures > 0 { Some(utc_millis(row.get(10)?)?) } else { None },
    })
}
