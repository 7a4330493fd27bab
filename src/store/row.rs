//! Between our values and column values.

use chrono::{DateTime, FixedOffset, TimeZone, Utc};
use rusqlite::Row;

use crate::item::{ItemId, SeedPath, TimeSource, Times};

use super::{Stamp, StoreError};

/// A row holds something that no version of this program writes.
pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(format!("a row has no right {what}"))
}

/// A count or position; SQLite has no larger number than `i64::MAX`.
pub(super) fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

pub(super) fn path_from(row: &Row<'_>, column: usize) -> Result<SeedPath, StoreError> {
    Ok(SeedPath::from_bytes(row.get_ref(column)?.as_blob().map_err(|_| damaged("path"))?))
}

/// [`ItemId::number`] as the store keeps it.
pub(super) fn handle_of(id: &ItemId) -> i64 {
    id.number().cast_signed()
}

pub(super) fn handle_from_text(text: &str) -> Option<i64> {
    let canonical = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then(|| u64::from_str_radix(text, 16).ok().map(u64::cast_signed)).flatten()
}

pub(super) fn instant(seconds: i64, offset: i32) -> Result<DateTime<FixedOffset>, StoreError> {
    let offset = FixedOffset::east_opt(offset).ok_or_else(|| damaged("offset"))?;
    offset.timestamp_opt(seconds, 0).single().ok_or_else(|| damaged("time"))
}

pub(super) fn utc_millis(millis: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| damaged("time"))
}

pub(super) fn utc_seconds(seconds: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| damaged("time"))
}

/// Times as the six columns that hold them.
pub(super) fn times_columns(times: &Times) -> (i64, i32, u8, i64, i32, u8) {
    (
        times.published.timestamp(),
        times.published.offset().local_minus_utc(),
        times.published_source as u8,
        times.updated.timestamp(),
        times.updated.offset().local_minus_utc(),
        times.updated_source as u8,
    )
}

/// Times from six columns, the first of which is `first`.
pub(super) fn times_from(row: &Row<'_>, first: usize) -> Result<Times, StoreError> {
    let source = |index| -> Result<TimeSource, StoreError> {
        TimeSource::from_code(row.get(index)?).ok_or_else(|| damaged("source of a time"))
    };
    Ok(Times {
        published: instant(row.get(first)?, row.get(first + 1)?)?,
        published_source: source(first + 2)?,
        updated: instant(row.get(first + 3)?, row.get(first + 4)?)?,
        updated_source: source(first + 5)?,
    })
}

/// A stamp from four columns, the first of which is `first`.
pub(super) fn stamp_from(row: &Row<'_>, first: usize) -> rusqlite::Result<Stamp> {
    Ok(Stamp {
        size: row.get(first)?,
        mtime_ns: row.get(first + 1)?,
        ctime_ns: row.get(first + 2)?,
        inode: row.get(first + 3)?,
    })
}
