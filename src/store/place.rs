//! Filling feeds with the items that are there already, the oldest first.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::item::{Item, ItemId, Language, SeedPath};

use super::row::{damaged, times_from, utc_millis};
use super::{Batch, StoreError};

/// A live item as filters see it: without summary and content.
#[derive(Debug)]
pub struct Light {
    /// Its number.
    pub seq: i64,
    /// The item; `summary` and `content` are empty.
    pub item: Item,
    /// The seed whose version stands.
    pub standing: SeedPath,
    /// When subscribers last got something new of it.
    pub changed_at: DateTime<Utc>,
    /// Beginning of the digest of its id.
    handle: i64,
}

/// Positions given out during one filling.
#[derive(Debug, Default)]
pub struct Placing {
    next: HashMap<i64, u64>,
}

impl Batch<'_> {
    /// Gives every live item to `take`, the oldest update first, ties in the order of handles.
    ///
    /// # Errors
    /// When the store cannot be read or written, or what `take` gives.
    pub fn each_live(
        &mut self,
        mut take: impl FnMut(&mut Self, Light) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut order: Vec<(i64, i64, i64)> = {
            let mut query = self.connection().prepare("SELECT updated, handle, seq FROM items WHERE state = 0")?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        order.sort_unstable();
        for (_, _, seq) in order {
            let light = self.light(seq)?;
            take(self, light)?;
        }
        Ok(())
    }

    fn light(&self, seq: i64) -> Result<Light, StoreError> {
        let sql = "SELECT published, published_offset, published_source, updated, updated_offset, updated_source, \
                   changed_at, standing, id, url, title, source, language, author, categories, handle \
                   FROM items WHERE seq = ?1";
        let mut query = self.connection().prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| -> Result<Light, StoreError> {
            let item = Item {
                id: ItemId::new(row.get::<_, String>(8)?),
                url: row.get(9)?,
                title: row.get(10)?,
                summary: None,
                content: String::new(),
                times: times_from(row, 0)?,
                language: row.get::<_, Option<String>>(12)?.as_deref().and_then(Language::new),
                categories: serde_json::from_str(&row.get::<_, String>(14)?).map_err(|_| damaged("categories"))?,
                author: row.get(13)?,
                source: row.get(11)?,
            };
            let standing = SeedPath::from_bytes(row.get_ref(7)?.as_blob().map_err(|_| damaged("path"))?);
            Ok(Light { seq, item, standing, changed_at: utc_millis(row.get(6)?)?, handle: row.get(15)? })
        };
        query.query_row([seq], |row| Ok(read(row)))?
    }

    /// Puts an item behind all others of a feed that is being filled.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn place_next(&mut self, placing: &mut Placing, feed: i64, light: &Light) -> Result<(), StoreError> {
        let next = placing.next.entry(feed).or_insert(0);
        let sql =
            "INSERT INTO members (feed, position, seq, updated, handle, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![
            feed,
            *next,
            light.seq,
            light.item.times.updated.timestamp(),
            light.handle,
            light.changed_at.timestamp_millis()
        ];
        self.connection().prepare_cached(sql)?.execute(values)?;
        *next += 1;
        Ok(())
    }

    /// Ends a filling.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn finish_placing(&mut self, placing: Placing) -> Result<(), StoreError> {
        let mut update = self.connection().prepare("UPDATE feeds SET placed = ?2, live = ?2 WHERE feed = ?1")?;
        for (feed, count) in placing.next {
            update.execute(params![feed, count])?;
        }
        Ok(())
    }
}
