//! Items as stored.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::item::{IdentityKey, Item, ItemId, Language, SeedPath, Times};

use super::row::{
    damaged, handle_from_text, handle_of, path_from, times_columns, times_from, utc_millis, utc_seconds, whole,
};
use super::{Batch, StoreError};

/// Level of zstd for bodies. Those below zero leave the search for matches early: half the work of the first level, for an
/// eighth more space.
const BODY_LEVEL: i32 = -2;
/// A body larger than this was not written by us: `seeds.max_bytes` is 32 MiB at most, and escaping
/// makes five times of that at worst.
const BODY_LIMIT: usize = 256 << 20;

thread_local! {
    // Setting one up costs more than a small text does.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// What subscribers see of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// In the feeds.
    Live = 0,
    /// Held back until its publication time.
    Scheduled = 1,
    /// Gone from the feeds; known as withdrawn.
    Withdrawn = 2,
}

/// An item with what the store knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemRow {
    /// Arrival order; permanent.
    pub seq: i64,
    /// Whether subscribers see it.
    pub state: State,
    /// The version that stands.
    pub item: Item,
    /// When subscribers last got something new of it (milliseconds count).
    pub changed_at: DateTime<Utc>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// When it last came back after a withdrawal: those who were told that it is gone believe a later update only.
    pub restored_at: Option<DateTime<Utc>>,
    /// The seed whose version stands.
    pub standing: SeedPath,
    /// When the first of its versions that are held back is to be published; whole seconds.
    pub due: Option<DateTime<Utc>>,
}

/// Whether a seed of an item is there.
const HAS_FILE: &str = "EXISTS (SELECT 1 FROM seeds WHERE seeds.seq = items.seq AND seeds.missing_since IS NULL)";

const COLUMNS: &str = "seq, state, published, published_offset, published_source, updated, updated_offset, \
     updated_source, changed_at, withdrawn_at, standing, id, url, title, source, language, categories, body, \
     restored_at, due";

pub(super) fn from_row(row: &Row<'_>) -> Result<ItemRow, StoreError> {
    let state = match row.get(1)? {
        0_u8 => State::Live,
        1 => State::Scheduled,
        2 => State::Withdrawn,
        _ => return Err(damaged("state")),
    };
    let categories: String = row.get(16)?;
    let (summary, content) = decode_body(row.get_ref(17)?.as_blob().map_err(|_| damaged("body"))?)?;
    let item = Item {
        id: ItemId::new(row.get::<_, String>(11)?),
        url: row.get(12)?,
        title: row.get(13)?,
        summary,
        content,
        times: times_from(row, 2)?,
        language: row.get::<_, Option<String>>(15)?.as_deref().and_then(Language::new),
        categories: serde_json::from_str(&categories).map_err(|_| damaged("categories"))?,
        source: row.get(14)?,
    };
    Ok(ItemRow {
        seq: row.get(0)?,
        state,
        item,
        changed_at: utc_millis(row.get(8)?)?,
        withdrawn_at: row.get::<_, Option<i64>>(9)?.map(utc_millis).transpose()?,
        restored_at: row.get::<_, Option<i64>>(18)?.map(utc_millis).transpose()?,
        standing: path_from(row, 10)?,
        due: row.get::<_, Option<i64>>(19)?.map(utc_seconds).transpose()?,
    })
}

/// Summary and content as they are stored. Made where there is time for it: with many items, away from the writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body(Vec<u8>);

impl Body {
    /// The body of an item.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        let text = serde_json::to_vec(&(&item.summary, &item.content)).expect("strings become JSON");
        Self(COMPRESSOR.with_borrow_mut(|kept| {
            let compressor = kept.get_or_insert_with(|| {
                zstd::bulk::Compressor::new(BODY_LEVEL).expect("the level is one that zstd has")
            });
            compressor.compress(&text).expect("compressing to memory does not fail")
        }))
    }
}

fn decode_body(body: &[u8]) -> Result<(Option<String>, String), StoreError> {
    let bound = zstd::zstd_safe::get_frame_content_size(body).ok().flatten();
    let size =
        bound.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= BODY_LIMIT).ok_or_else(|| damaged("body"))?;
    let text = DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor =
            kept.get_or_insert_with(|| zstd::bulk::Decompressor::new().expect("zstd needs nothing but memory"));
        decompressor.decompress(body, size).map_err(|_| damaged("body"))
    })?;
    serde_json::from_slice(&text).map_err(|_| damaged("body"))
}

pub(super) fn item(connection: &Connection, seq: i64) -> Result<Option<ItemRow>, StoreError> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM items WHERE seq = ?1"))?;
    query.query_row([seq], |row| Ok(from_row(row))).optional()?.transpose()
}

/// The item that `/items/{handle}/` names.
pub(super) fn item_by_handle(connection: &Connection, handle: &str) -> Result<Option<ItemRow>, StoreError> {
    let Some(handle) = handle_from_text(handle) else { return Ok(None) };
    let sql = format!("SELECT {COLUMNS} FROM items WHERE handle = ?1 ORDER BY seq LIMIT 1");
    let mut query = connection.prepare_cached(&sql)?;
    query.query_row([handle], |row| Ok(from_row(row))).optional()?.transpose()
}

impl Batch<'_> {
    /// The item that was ever seen under this identity key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn seq_by_key(&self, key: &IdentityKey) -> Result<Option<i64>, StoreError> {
        let digest = key.digest();
        if self.is_new(beginning(&digest)) {
            return Ok(None);
        }
        let mut query = self.connection().prepare_cached("SELECT seq FROM keys WHERE key = ?1")?;
        Ok(query.query_row([digest], |row| row.get(0)).optional()?)
    }

    /// The item that carries this id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn seq_by_id(&self, id: &ItemId) -> Result<Option<i64>, StoreError> {
        let handle = handle_of(id);
        if self.is_new(handle.cast_unsigned()) {
            return Ok(None);
        }
        let sql = "SELECT seq FROM items WHERE handle = ?1 AND id = ?2";
        let mut query = self.connection().prepare_cached(sql)?;
        Ok(query.query_row(params![handle, id.as_str()], |row| row.get(0)).optional()?)
    }

    /// Remembers that this key means this item: for ever where it is a URL. A path means the item that came there last.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn bind_key(&mut self, key: &IdentityKey, seq: i64) -> Result<(), StoreError> {
        let sql = if key.is_path() {
            "INSERT INTO keys (key, seq) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET seq = excluded.seq"
        } else {
            "INSERT INTO keys (key, seq) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING"
        };
        let digest = key.digest();
        self.known(beginning(&digest));
        self.connection().prepare_cached(sql)?.execute(params![digest, seq])?;
        Ok(())
    }

    /// Adds an item at the end of the arrival order and gives its number; `row.seq` is not looked at.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn insert_item(&mut self, row: &ItemRow, body: &Body) -> Result<i64, StoreError> {
        let sql = "INSERT INTO items (state, published, published_offset, published_source, updated, updated_offset, \
                   updated_source, changed_at, withdrawn_at, standing, id, url, title, source, language, \
                   categories, body, restored_at, handle, due) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
        let handle = handle_of(&row.item.id);
        self.known(handle.cast_unsigned());
        let mut insert = self.connection().prepare_cached(sql)?;
        bind(&mut insert, row, body)?;
        insert.raw_bind_parameter(11, row.item.id.as_str())?;
        insert.raw_bind_parameter(19, handle)?;
        insert.raw_execute()?;
        Ok(self.connection().last_insert_rowid())
    }

    /// Replaces everything of item `row.seq` but its id.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn update_item(&mut self, row: &ItemRow) -> Result<(), StoreError> {
        let sql = "UPDATE items SET state = ?1, published = ?2, published_offset = ?3, published_source = ?4, \
                   updated = ?5, updated_offset = ?6, updated_source = ?7, changed_at = ?8, withdrawn_at = ?9, \
                   standing = ?10, url = ?12, title = ?13, source = ?14, language = ?15, categories = ?16, \
                   body = ?17, restored_at = ?18, due = ?20 WHERE seq = ?11";
        let mut update = self.connection().prepare_cached(sql)?;
        bind(&mut update, row, &Body::of(&row.item))?;
        update.raw_bind_parameter(11, row.seq)?;
        update.raw_execute()?;
        Ok(())
    }

    /// Up to `limit` items with a version whose publication time has come, earliest first. Those whose files are gone wait until
    /// they are back or forgotten.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn due_items(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<i64>, StoreError> {
        let sql = format!("SELECT seq FROM items WHERE due <= ?1 AND {HAS_FILE} ORDER BY due, seq LIMIT ?2");
        let mut query = self.connection().prepare_cached(&sql)?;
        let values = params![now.timestamp(), whole(limit)];
        let rows = query.query_map(values, |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets up to `limit` items that were withdrawn before `before`, with the keys and positions that led to them;
    /// says how many.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn purge_withdrawn(&mut self, before: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        // While a seed leads to it, it may come back.
        let old = "SELECT seq FROM items WHERE state = 2 AND withdrawn_at < ?1 \
                   AND NOT EXISTS (SELECT 1 FROM seeds WHERE seeds.seq = items.seq) ORDER BY withdrawn_at LIMIT ?2";
        let values = params![before.timestamp_millis(), whole(limit)];
        if !self.connection().prepare_cached(old)?.exists(values)? {
            return Ok(0);
        }
        // Keys are not indexed by item: all of them are looked through, as the listing before this looked at every seed.
        for table in ["members", "keys"] {
            self.connection().execute(&format!("DELETE FROM {table} WHERE seq IN ({old})"), values)?;
        }
        Ok(self.connection().execute(&format!("DELETE FROM items WHERE seq IN ({old})"), values)?)
    }

    /// When the next version that is held back is due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = format!("SELECT due FROM items WHERE due IS NOT NULL AND {HAS_FILE} ORDER BY due LIMIT 1");
        let next: Option<i64> = self.connection().prepare_cached(&sql)?.query_row([], |row| row.get(0)).optional()?;
        next.map(utc_seconds).transpose()
    }
}

fn beginning(digest: &[u8; 16]) -> u64 {
    u64::from_be_bytes(*digest.first_chunk().expect("it has sixteen bytes"))
}

fn bind(statement: &mut rusqlite::Statement<'_>, row: &ItemRow, body: &Body) -> Result<(), StoreError> {
    let Item { url, title, language, categories, source, .. } = &row.item;
    let times: &Times = &row.item.times;
    let (published, published_offset, published_source, updated, updated_offset, updated_source) = times_columns(times);
    statement.raw_bind_parameter(1, row.state as u8)?;
    statement.raw_bind_parameter(2, published)?;
    statement.raw_bind_parameter(3, published_offset)?;
    statement.raw_bind_parameter(4, published_source)?;
    statement.raw_bind_parameter(5, updated)?;
    statement.raw_bind_parameter(6, updated_offset)?;
    statement.raw_bind_parameter(7, updated_source)?;
    statement.raw_bind_parameter(8, row.changed_at.timestamp_millis())?;
    statement.raw_bind_parameter(9, row.withdrawn_at.map(|at| at.timestamp_millis()))?;
    statement.raw_bind_parameter(10, row.standing.as_bytes())?;
    statement.raw_bind_parameter(12, url)?;
    statement.raw_bind_parameter(13, title)?;
    statement.raw_bind_parameter(14, source)?;
    statement.raw_bind_parameter(15, language.as_ref().map(Language::as_str))?;
    statement.raw_bind_parameter(16, serde_json::to_string(categories).expect("strings become JSON"))?;
    statement.raw_bind_parameter(17, &body.0)?;
    statement.raw_bind_parameter(18, row.restored_at.map(|at| at.timestamp_millis()))?;
    statement.raw_bind_parameter(20, row.due.map(|due| due.timestamp()))?;
    Ok(())
}
