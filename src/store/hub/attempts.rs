//! Who is due, and what came of it.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::{Attempt, AttemptEnd, Claim, Due, Kind, Kinds, Subscriptions, Wanted, begin};
use crate::store::row::{utc_millis, whole};
use crate::store::{Digest, StoreError};

const DUE: &str = "SELECT id, kind, callback, host, secret, failures FROM subscriptions \
    WHERE topic = ?1 AND id > ?2 AND delivered <> ?3 AND expires_at > ?4 / 1000 AND claimed_until <= ?4 \
    AND (next_attempt <= ?4 OR (attempted <> ?3 AND failures < ?5)) AND (?7 >> kind) & 1 ORDER BY id LIMIT ?6";

impl Subscriptions {
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
                whole(wanted.limit),
                wanted.kinds.0
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

    /// The next moment at which a subscription of these kinds to the topic that has other bytes may be tried.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_attempt(
        &self,
        kinds: Kinds,
        topic: &str,
        digest: &Digest,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT min(max(next_attempt, claimed_until)) FROM subscriptions \
            WHERE topic = ?1 AND delivered <> ?2 AND expires_at > ?3 AND (?4 >> kind) & 1";
        let connection = self.connection();
        let mut query = connection.prepare_cached(sql)?;
        let millis: Option<i64> =
            query.query_row(params![topic, digest, now.timestamp(), kinds.0], |row| row.get(0))?;
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
