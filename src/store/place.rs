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
    /// Feed, and index of the item, joined to one number that sorts quickly.
    members: Vec<u64>,
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
        let index = self.items.len();
        self.items.push(Placed {
            updated: light.item.times.updated.timestamp(),
            handle: light.handle,
            seq: light.seq,
            changed_at: light.changed_at.timestamp_millis(),
        });
        self.members.extend(feeds.iter().map(|&feed| joined(feed, index)));
    }

    /// Items by feed, the oldest update first, ties in the order of handles.
    fn in_order(self) -> impl Iterator<Item = (i64, Placed)> {
        let Self { mut items, mut members } = self;
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_unstable_by_key(|&index| items[index]);
        let mut ranks = vec![0; items.len()];
        order.iter().enumerate().for_each(|(rank, &index)| ranks[index] = rank);
        drop(order);
        items.sort_unstable();
        for member in &mut members {
            let (feed, index) = parted(*member);
            *member = joined(feed, ranks[index]);
        }
        members.sort_unstable();
        members.into_iter().map(parted).map(move |(feed, rank)| (feed, items[rank]))
    }
}

fn joined(feed: i64, index: usize) -> u64 {
    let half = "feeds and items have numbers below 2^32";
    u64::from(u32::try_from(feed).expect(half)) << 32 | u64::from(u32::try_from(index).expect(half))
}

fn parted(member: u64) -> (i64, usize) {
    ((member >> 32).cast_signed(), (member & 0xffff_ffff) as usize)
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
