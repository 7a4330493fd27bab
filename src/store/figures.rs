//! Counts and findings for operators.

use rusqlite::Connection;

use crate::item::SeedPath;

use super::row::{instant, path_from};
use super::{Reader, StoreError};

/// How much is in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Seeds known, those missing included.
    pub seeds: u64,
    /// Seeds whose file is gone.
    pub missing: u64,
    /// Items in feeds.
    pub live: u64,
    /// Items whose time has not come.
    pub scheduled: u64,
    /// Items taken back.
    pub withdrawn: u64,
}

/// A diagnostic as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The seed.
    pub path: SeedPath,
    /// Line in it, from 1.
    pub line: Option<u32>,
    /// Whether the seed gave no item.
    pub is_rejected: bool,
    /// Stable word.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// A feed as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedFigures {
    /// Empty for the feed of everything.
    pub path: String,
    /// RFC 3339; `None` until it was first published.
    pub updated: Option<String>,
    /// Items in it now.
    pub members: u64,
}

impl Reader {
    /// Counts seeds and items. Every count runs over an index.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn figures(&self) -> Result<Figures, StoreError> {
        self.with(|connection| {
            // What files left that became other articles is no seed.
            let sql = "SELECT (SELECT count(*) FROM seeds) \
                       - (SELECT count(*) FROM seeds WHERE missing_since IS NOT NULL AND instr(path, x'00')), \
                       (SELECT count(*) FROM seeds WHERE missing_since IS NOT NULL AND NOT instr(path, x'00')), \
                       coalesce((SELECT live FROM feeds WHERE path = ''), 0), \
                       (SELECT count(*) FROM items WHERE due IS NOT NULL AND state = 1), \
                       (SELECT count(*) FROM items WHERE state = 2)";
            Ok(connection.prepare_cached(sql)?.query_row([], |row| {
                Ok(Figures {
                    seeds: row.get(0)?,
                    missing: row.get(1)?,
                    live: row.get(2)?,
                    scheduled: row.get(3)?,
                    withdrawn: row.get(4)?,
                })
            })?)
        })
    }

    /// How many diagnostics there are: code, whether the seed gave no item, count.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn diagnostic_counts(&self) -> Result<Vec<(String, bool, u64)>, StoreError> {
        self.with(|connection| {
            let sql = "SELECT code, rejected, count(*) FROM diagnostics GROUP BY code, rejected ORDER BY 3 DESC, 1, 2";
            let mut query = connection.prepare_cached(sql)?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The first `limit` diagnostics by severity and path.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn findings(&self, limit: u32) -> Result<Vec<Finding>, StoreError> {
        self.with(|connection| findings(connection, limit))
    }

    /// The configured feeds and that of everything, with when they changed and how much they hold.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn feed_figures(&self) -> Result<Vec<FeedFigures>, StoreError> {
        self.with(|connection| {
            let sql = "SELECT path, updated, updated_offset, live FROM feeds WHERE kind = 0 ORDER BY path";
            let mut query = connection.prepare_cached(sql)?;
            let mut rows = query.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let updated: Option<i64> = row.get(1)?;
                let updated = updated.map(|seconds| instant(seconds, row.get(2)?)).transpose()?;
                let updated = updated.map(|at| at.to_rfc3339());
                all.push(FeedFigures { path: row.get(0)?, updated, members: row.get(3)? });
            }
            Ok(all)
        })
    }
}

fn findings(connection: &Connection, limit: u32) -> Result<Vec<Finding>, StoreError> {
    let sql = "SELECT path, line, rejected, code, reason FROM diagnostics ORDER BY rejected DESC, path, line LIMIT ?1";
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query([limit])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(Finding {
            path: path_from(row, 0)?,
            line: row.get(1)?,
            is_rejected: row.get(2)?,
            code: row.get(3)?,
            reason: row.get(4)?,
        });
    }
    Ok(all)
}
