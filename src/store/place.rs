//! Filling feeds with the items that are there already, the oldest first.

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

/// Which items go into which feeds.
#[derive(Debug, Default)]
pub struct Placing {
    items: Vec<Placed>,
    /// Feed, and index of the item.
    members: Vec<(u32, u32)>,
}

/// What a feed keeps of an item; in the order in which items are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    updated: i64,
    handle: i64,
    seq: i64,
    changed_at: i64,
}

impl Placing {
    /// Puts an item into feeds.
    pub fn put(&mut self, light: &Light, feeds: &[i64]) {
        if feeds.is_empty() {
            return;
        }
        let index = number(self.items.len());
        self.items.push(Placed {
            updated: light.item.times.updated.timestamp(),
            handle: light.handle,
            seq: light.seq,
            changed_at: light.changed_at.timestamp_millis(),
        });
        self.members.extend(feeds.iter().map(|&feed| (number(feed), index)));
    }

    /// Items by feed, the oldest update first, ties in the order of handles.
    fn in_order(self) -> impl Iterator<Item = (u32, Placed)> {
        let Self { mut items, mut members } = self;
        let mut order: Vec<u32> = (0..).take(items.len()).collect();
        order.sort_unstable_by_key(|&index| items[index as usize]);
        let mut ranks = vec![0_u32; items.len()];
        (0..).zip(&order).for_each(|(rank, &index)| ranks[index as usize] = rank);
        drop(order);
        items.sort_unstable();
        members.iter_mut().for_each(|(_, index)| *index = ranks[*index as usize]);
        members.sort_unstable();
        members.into_iter().map(move |(feed, rank)| (feed, items[rank as usize]))
    }
}

/// A number of a feed or an item; there are fewer than 2^32 of either.
fn number<T>(number: T) -> u32
where
    u32: TryFrom<T, Error: std::fmt::Debug>,
{
    u32::try_from(number).expect("there are fewer than 2^32 feeds, and items")
}

impl Batch<'_> {
    /// Up to `limit` live items with numbers above `after`, in the order of numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lights(&self, after: i64, limit: usize) -> Result<Vec<Light>, StoreError> {
        let sql = "SELECT published, published_offset, published_source, updated, updated_offset, updated_source, \
                   changed_at, standing, id, url, title, source, language, author, categories, handle, seq \
                   FROM items WHERE seq > ?1 AND state = 0 ORDER BY seq LIMIT ?2";
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
            let changed_at = utc_millis(row.get(6)?)?;
            Ok(Light { seq: row.get(16)?, item, standing, changed_at, handle: row.get(15)? })
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = query.query_map([after, limit], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// Makes these the members of feeds that have none.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn fill_feeds(&mut self, placing: Placing) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO members (feed, position, seq, updated, handle, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut insert = self.connection().prepare(sql)?;
        let mut counted = self.connection().prepare("UPDATE feeds SET placed = ?2, live = ?2 WHERE feed = ?1")?;
        let mut placed = placing.in_order().peekable();
        let mut position = 0_i64;
        while let Some((feed, Placed { updated, handle, seq, changed_at })) = placed.next() {
            insert.execute(params![feed, position, seq, updated, handle, changed_at])?;
            position += 1;
            if placed.peek().is_none_or(|(next, _)| *next != feed) {
                counted.execute(params![feed, position])?;
                position = 0;
            }
        }
        Ok(())
    }
}
