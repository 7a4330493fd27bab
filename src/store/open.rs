//! Opening: location, version, migrations, and setting a damaged file aside.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::error::WRITABLE;
use super::filling::discard_half_filled;
use super::lock::Lock;
use super::whose::{is_ours, refuse_foreign};
use super::{Store, StoreError};

/// Marks our files among SQLite databases (`PRAGMA application_id`): "seed" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x7365_6564;

/// The numbered steps from an empty file to the present version; `PRAGMA user_version` counts those done.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/0001_core.sql"),
    include_str!("migrations/0002_hub.sql"),
    include_str!("migrations/0003_versions.sql"),
];

/// Page cache of a connection in KiB. The working set of a change is a few dozen pages.
pub(super) const CACHE_KIB: i32 = 16 * 1024;

/// Pages of the log with which a commit puts it into the file, though somebody may be waiting for the change.
pub(super) const LONGEST_LOG: i32 = 4000;

/// Where a store lives: `sqlite:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreUrl {
    path: PathBuf,
}

impl StoreUrl {
    /// The SQLite database at `path`.
    #[must_use]
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl FromStr for StoreUrl {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::sqlite(path)),
            _ => Err(StoreError::Url(url.to_owned())),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.path.display())
    }
}

/// What was found at the location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing: the store starts empty and a scan fills it.
    Fresh,
    /// A store of ours.
    Existing,
    /// A damaged file, now lying at this path; the store starts empty.
    SetAside(PathBuf),
}

/// An open store with its origin.
#[derive(Debug)]
pub struct Opened {
    /// Ready to write.
    pub store: Store,
    /// How it came about.
    pub origin: Origin,
}

impl Store {
    /// Opens the store, creates it if there is none, brings an older one up to date. A damaged one is moved aside
    /// (its name gets `now`) and a new one begun, since a scan gives back all but first-seen times; a file that is not
    /// known to be ours is left as it is.
    ///
    /// # Errors
    /// When it is in use, newer than this program, another program's, or cannot be opened at all.
    pub fn open(location: &StoreUrl, now: DateTime<Utc>) -> Result<Opened, StoreError> {
        let path = location.path();
        refuse_foreign(path)?;
        if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(|error| StoreError::refused(path, &error))?;
        }
        let lock = Lock::take(path)?;
        discard_half_filled(path)?;
        let fresh = std::fs::metadata(path).map_or(true, |found| found.len() == 0);
        if fresh {
            // It speaks of a file that somebody, or the line above, took away.
            remove_mark(&suspect_mark(path))?;
        }
        let suspect = suspect_mark(path).exists();
        let attempt = if suspect { Err(StoreError::Corrupt("marked by an earlier run".into())) } else { connect(path) };
        let (connection, origin) = match attempt {
            Ok(connection) => (connection, if fresh { Origin::Fresh } else { Origin::Existing }),
            Err(StoreError::Corrupt(_)) => {
                if !is_ours(path) {
                    let what = "damaged, and not known to be a seedcast store";
                    return Err(StoreError::Foreign { path: path.to_owned(), what });
                }
                let aside = set_aside(path, now)?;
                (connect(path)?, Origin::SetAside(aside))
            }
            Err(StoreError::ReadOnly(reason)) => {
                return Err(StoreError::Open { path: path.to_owned(), reason: format!("{reason}: {WRITABLE}") });
            }
            Err(other) => return Err(other),
        };
        lock.sign();
        Ok(Opened { store: Self { connection, location: location.clone(), bloom: None, _lock: lock }, origin })
    }

    /// Leaves a mark that makes the next [`Store::open`] set this store aside: for damage that shows only in use.
    pub fn mark_suspect(&self) {
        if let Err(error) = std::fs::write(suspect_mark(self.location.path()), b"") {
            tracing::error!(%error, "cannot mark the damaged store; delete it by hand before the next start");
        }
    }
}

pub(super) fn suspect_mark(path: &Path) -> PathBuf {
    with_suffix(path, ".suspect")
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn set_aside(path: &Path, now: DateTime<Utc>) -> Result<PathBuf, StoreError> {
    let aside = with_suffix(path, &format!(".corrupt-{}", now.format("%Y%m%dT%H%M%SZ")));
    let failed = |error: std::io::Error| StoreError::refused(path, &error);
    std::fs::rename(path, &aside).map_err(failed)?;
    for suffix in ["-wal", "-shm"] {
        let part = with_suffix(path, suffix);
        if part.exists() {
            std::fs::rename(&part, with_suffix(&aside, suffix)).map_err(failed)?;
        }
    }
    remove_mark(&suspect_mark(path))?;
    Ok(aside)
}

fn remove_mark(mark: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(mark) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::refused(mark, &error)),
        _ => Ok(()),
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path).map_err(|error| match StoreError::from(error) {
        StoreError::Engine(reason) => StoreError::Open { path: path.to_owned(), reason },
        other => other,
    })?;
    // The engine opens what it may not write as it can, and would say so only with the first change.
    if connection.is_readonly(MAIN_DB)? {
        let reason = format!("it cannot be written: {WRITABLE}");
        return Err(StoreError::Open { path: path.to_owned(), reason });
    }
    prepare(&connection)?;
    refuse_database(&connection, path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // FULL: what subscribers were shown (first-seen times, ids) must survive the plug being pulled, not only a crash.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", LONGEST_LOG)?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

/// A second connection that writes, for small things that must not wait for the ingest thread to come round; it takes
/// its turn with that.
pub(super) fn connect_beside(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    prepare(&connection)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn connect_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // Without this promise the planner looks at what is bound to a statement, since partial indexes may fit it, and so plans
    // many of them anew with every use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Fails for a database of another program, of which nothing has been changed by then.
fn refuse_database(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || version(connection)? > 0) {
        let what = "an SQLite database of another program";
        return Err(StoreError::Foreign { path: path.to_owned(), what });
    }
    Ok(())
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let known = MIGRATIONS.len();
    let found = version(connection)?;
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    if done > known {
        let known = u32::try_from(known).expect("the migrations can be counted");
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(done) {
        let step = connection.transaction()?;
        step.execute_batch(sql)?;
        step.pragma_update(None, "user_version", u32::try_from(index + 1).expect("the migrations can be counted"))?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.commit()?;
    }
    Ok(())
}
