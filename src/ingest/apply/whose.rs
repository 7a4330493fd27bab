//! Which item a seed is a version of.

use crate::item::{IdentityKey, Item, ItemId, SeedPath};
use crate::store::{SeedRow, Stamp, StoreError};

use super::super::moves::file_at;
use super::Apply;

/// What a seed turned out to be.
pub(super) struct Whose {
    /// The item that it is a version of; `None` for a new one.
    pub seq: Option<i64>,
    /// The seed at another place that was moved to this one.
    pub moved: Option<SeedRow>,
    /// What it says, with the id that it has if it is new.
    pub item: Item,
}

impl Apply<'_, '_> {
    /// Tells by the key, and without a URL also by what was moved: a new name is no new article, and a new article under an
    /// old name is one.
    pub(super) fn whose(&mut self, seed: &mut SeedRow, mut item: Item, key: &IdentityKey) -> Result<Whose, StoreError> {
        let by_key = self.batch.seq_by_key(key)?;
        if !key.is_path() {
            let seq = if by_key.is_some() { by_key } else { self.batch.seq_by_id(&item.id)? };
            return Ok(Whose { seq, moved: None, item });
        }
        let is_another = match by_key {
            Some(seq) => self.is_elsewhere(seq, seed)?,
            None => false,
        };
        let moved = self.moves.get(&seed.path).filter(|moved| moved.digest == seed.digest).cloned();
        let moved = match moved {
            None if is_another || by_key.is_none() => self.moved_here(seed)?,
            moved => moved,
        };
        let seq = if let Some(moved) = &moved {
            seed.first_seen = moved.first_seen;
            moved.seq
        } else if is_another {
            // What was here before says nothing of when this came.
            seed.first_seen = self.now();
            item = self.read_again(&seed.path, None, &seed.digest).unwrap_or(item);
            item.id = self.free_id(&item.id)?;
            None
        } else if by_key.is_some() {
            by_key
        } else {
            self.batch.seq_by_id(&item.id)?
        };
        Ok(Whose { seq, moved, item })
    }

    /// What a seed without URL left at another place when it was moved here. A listing may find it here before the event
    /// says that it is gone there.
    fn moved_here(&mut self, seed: &SeedRow) -> Result<Option<SeedRow>, StoreError> {
        let mut same = self.batch.same_bytes(&seed.digest)?;
        same.retain(|other| other.path != seed.path);
        // Of many with these bytes, the one that kept its name.
        let has_other_name = |other: &SeedRow| other.path.as_path().file_name() != seed.path.as_path().file_name();
        same.sort_by_key(|other| (other.missing_since.is_none(), has_other_name(other)));
        let moved = same.into_iter().find(|other| other.missing_since.is_some() || !self.is_there(other, seed));
        if let Some(moved) = &moved {
            self.mark_missing(&moved.path)?;
        }
        Ok(moved)
    }

    /// Whether the item without URL that was at the place of `seed` has moved on and lies at another: then this is another
    /// article, like a new `latest.txt` after the last one was put away under its date.
    fn is_elsewhere(&self, seq: i64, seed: &SeedRow) -> Result<bool, StoreError> {
        let versions = self.batch.versions(seq, 0, usize::MAX)?;
        Ok(versions.iter().any(|other| other.path != seed.path && self.file_at(&other.path).is_some()))
    }

    /// Whether a file is still where it was, whatever events have said of it so far: not where there is none now, and not
    /// where there is another while this one is `seed`.
    fn is_there(&self, file: &SeedRow, seed: &SeedRow) -> bool {
        let found = self.file_at(&file.path);
        found.is_some_and(|found| found == file.stamp.unmoved() || seed.stamp.unmoved() != file.stamp.unmoved())
    }

    fn file_at(&self, path: &SeedPath) -> Option<Stamp> {
        file_at(&self.source.config.seeds.options.directory.join(path.as_path()))
    }

    /// An id for an article whose own went on with another: RFC 4151 §2.1 has room for a query.
    fn free_id(&self, taken: &ItemId) -> Result<ItemId, StoreError> {
        let mut number = 2_u64;
        loop {
            let id = ItemId::new(format!("{taken}?{number}"));
            if self.batch.seq_by_id(&id)?.is_none() {
                return Ok(id);
            }
            number += 1;
        }
    }
}
