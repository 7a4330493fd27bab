//! Filling feeds with the items that are there already, the oldest first.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, FixedOffset, Utc};
use rusqlite::types::Null;
use rusqlite::{OptionalExtension, Row, params};

use crate::item::{Item, ItemId, Language, SeedPath};

use super::members::ADD_MEMBER;
use super::row::{damaged, handle_of, instant, path_from, times_from, utc_millis, whole};
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
}

/// Which items go into which feeds.
#[derive(Debug, Default)]
pub struct Placing {
    items: Vec<Placed>,
    /// Feeds that items go into together, and the number of that set: there are few of them, and many items.
    sets: HashMap<Box<[i64]>, u32>,
}

/// What a feed keeps of an item; in the order in which items are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    updated: i64,
    handle: i64,
    seq: u32,
    offset: i32,
    changed_at: i64,
    set: u32,
}

/// What a feed was filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Number of the feed.
    pub feed: i64,
    /// The latest update among its items.
    pub newest: DateTime<FixedOffset>,
    /// When subscribers last got something new of it.
    pub changed_at: DateTime<Utc>,
}

impl Placing {
    /// Puts an item into feeds.
    pub fn put(&mut self, seq: i64, item: &Item, changed_at: DateTime<Utc>, feeds: &[i64]) {
        if feeds.is_empty() {
            return;
        }
        let set = self.sets.get(feeds).copied().unwrap_or_else(|| {
            let set = number(self.sets.len());
            self.sets.insert(feeds.into(), set);
            set
        });
        self.items.push(Placed {
            updated: item.times.updated.timestamp(),
            handle: handle_of(&item.id),
            seq: number(seq),
            offset: item.times.updated.offset().local_minus_utc(),
            changed_at: changed_at.timestamp_millis(),
            set,
        });
    }

    /// Takes items out of all feeds.
    pub fn remove(&mut self, seqs: &HashSet<i64>) {
        self.items.retain(|placed| !seqs.contains(&i64::from(placed.seq)));
    }

    /// The items, the oldest update first, ties in the order of handles; and which of them each feed has.
    fn by_feed(self) -> (Vec<Placed>, BTreeMap<i64, Vec<u32>>) {
        let Self { mut items, sets } = self;
        items.sort_unstable();
        let mut numbered = vec![Box::default(); sets.len()];
        sets.into_iter().for_each(|(feeds, set)| numbered[set as usize] = feeds);
        let mut feeds: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (index, placed) in (0..).zip(&items) {
            numbered[placed.set as usize].iter().for_each(|&feed| feeds.entry(feed).or_default().push(index));
        }
        (items, feeds)
    }
}

/// A number of a set of feeds or an item; there are fewer than 2^32 of either.
fn number<T>(number: T) -> u32
where
    u32: TryFrom<T, Error: std::fmt::Debug>,
{
    u32::try_from(number).expect("there are fewer than 2^32 sets of feeds, and items")
}

const LIGHT: &str = "SELECT published, published_offset, published_source, updated, updated_offset, updated_source, \
     changed_at, standing, id, url, title, source, language, categories, seq FROM items";

fn light(row: &Row<'_>) -> Result<Light, StoreError> {
    let item = Item {
        id: ItemId::new(row.get::<_, String>(8)?),
        url: row.get(9)?,
        title: row.get(10)?,
        summary: None,
        content: String::new(),
        times: times_from(row, 0)?,
        language: row.get::<_, Option<String>>(12)?.as_deref().and_then(Language::new),
        categories: serde_json::from_str(&row.get::<_, String>(13)?).map_err(|_| damaged("categories"))?,
        source: row.get(11)?,
    };
    let standing = path_from(row, 7)?;
    Ok(Light { seq: row.get(14)?, item, standing, changed_at: utc_millis(row.get(6)?)? })
}

impl Batch<'_> {
    /// Up to `limit` live items with numbers above `after`, in the order of numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lights(&self, after: i64, limit: usize) -> Result<Vec<Light>, StoreError> {
        let sql = format!("{LIGHT} WHERE seq > ?1 AND state = 0 ORDER BY seq LIMIT ?2");
        let mut query = self.connection().prepare_cached(&sql)?;
        let rows = query.query_map([after, whole(limit)], |row| Ok(light(row)))?;
        rows.map(|row| row?).collect()
    }

    /// The item with this number, if it is live.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn light(&self, seq: i64) -> Result<Option<Light>, StoreError> {
        let mut query = self.connection().prepare_cached(&format!("{LIGHT} WHERE seq = ?1 AND state = 0"))?;
        query.query_row([seq], |row| Ok(light(row))).optional()?.transpose()
    }

    /// Items that were withdrawn after `since`, each with when, the first ones first; without those that were never published.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn withdrawn_lights(&self, since: DateTime<Utc>) -> Result<Vec<(Light, DateTime<Utc>)>, StoreError> {
        let columns = LIGHT.replacen("seq FROM", "seq, withdrawn_at FROM", 1);
        let sql = format!(
            "{columns} WHERE state = 2 AND withdrawn_at > ?1 AND published * 1000 <= withdrawn_at \
             ORDER BY withdrawn_at, seq"
        );
        let mut query = self.connection().prepare_cached(&sql)?;
        let rows = query.query_map([since.timestamp_millis()], |row| {
            let withdrawn: i64 = row.get(15)?;
            Ok(light(row).and_then(|light| Ok((light, utc_millis(withdrawn)?))))
        })?;
        rows.map(|row| row?).collect()
    }

    /// Notes that an item was in a feed until it was withdrawn, at a place behind all others.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn put_gone_member(&mut self, feed: i64, item: &Light, withdrawn: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE feeds SET placed = placed + 1 WHERE feed = ?1 RETURNING placed - 1";
        let position: i64 = self.connection().prepare_cached(sql)?.query_row([feed], |row| row.get(0))?;
        let Light { seq, item, changed_at, .. } = item;
        let (updated, handle) = (item.times.updated.timestamp(), handle_of(&item.id));
        let (changed_at, gone_at) = (changed_at.timestamp_millis(), withdrawn.timestamp_millis());
        let values = params![feed, position, seq, updated, handle, changed_at, gone_at];
        self.connection().prepare_cached(ADD_MEMBER)?.execute(values)?;
        Ok(())
    }

    /// Makes these the members of feeds that have none.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn fill_feeds(&mut self, placing: Placing) -> Result<Vec<Filled>, StoreError> {
        let mut insert = self.connection().prepare(ADD_MEMBER)?;
        let mut count = self.connection().prepare("UPDATE feeds SET placed = ?2, live = ?2 WHERE feed = ?1")?;
        let (items, feeds) = placing.by_feed();
        let mut filled = Vec::with_capacity(feeds.len());
        for (feed, members) in feeds {
            let mut last_change = i64::MIN;
            for (position, &index) in (0_i64..).zip(&members) {
                let Placed { updated, handle, seq, changed_at, .. } = items[index as usize];
                insert.execute(params![feed, position, seq, updated, handle, changed_at, Null])?;
                last_change = last_change.max(changed_at);
            }
            count.execute(params![feed, members.len()])?;
            let newest = &items[*members.last().expect("a feed is named by an item") as usize];
            filled.push(Filled {
                feed,
                newest: instant(newest.updated, newest.offset)?,
                changed_at: utc_millis(last_change)?,
            });
        }
        Ok(filled)
    }
}
