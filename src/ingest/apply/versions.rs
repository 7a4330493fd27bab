//! The versions of an item: which one stands, and what its times are.

use chrono::{DateTime, TimeDelta, Utc};

use crate::item::{Item, SeedPath, Times};
use crate::store::{ItemRow, SeedRow, State, StoreError};

use super::super::revise::{Seen, is_edited, not_before, revise};
use super::standing::Standing;
use super::{Apply, gone};

impl Apply<'_, '_> {
    /// Takes a seed as a version of an item that is there: another file with it, or the same one with other bytes.
    pub(super) fn add_version(
        &mut self,
        seq: i64,
        seed: &mut SeedRow,
        known: Option<&SeedRow>,
        moved: Option<&SeedRow>,
        item: &Item,
    ) -> Result<i64, StoreError> {
        let standing = self.batch.item(seq)?.ok_or_else(|| gone(seq))?;
        // A moved or copied file says what it said where it was, and is no later for it.
        let copied =
            if moved.is_none() && known.is_none() { self.batch.twin(seq, &seed.path, &seed.digest)? } else { None };
        let twin = moved.or(copied.as_ref());
        if let Some(twin) = twin {
            // One that was moved takes the place of what it leaves behind, one that was copied does not.
            let is_left = moved.is_some() || twin.missing_since.is_some();
            let step = TimeDelta::milliseconds(if is_left { 1 } else { -1 });
            seed.arrival = twin.arrival + step;
        } else if known.is_none_or(|known| known.digest != seed.digest) {
            // Later than the others, also under a clock that was set back.
            let last = self.batch.last_arrival(seq, &seed.path)?;
            seed.arrival = last.map_or(seed.arrival, |last| seed.arrival.max(last + TimeDelta::milliseconds(1)));
        }
        // Bytes that are known and read in another way were not edited.
        let is_edit = self.seen.is_edit && known.is_none_or(|known| known.digest != seed.digest);
        let seen = Seen { is_edit, ..self.seen };
        let before = moved.or(known).or(twin);
        seed.times = Some(revised(seed, before, &standing, item, seen));
        seed.seq = Some(seq);
        self.batch.put_seed(seed)?;
        self.settle(seq, Some((&seed.path, item)))?;
        Ok(seq)
    }

    /// Brings in line what seeds left for other items. After all seeds of a batch: where articles change places, each has its
    /// own again by then. One that has not may come with the next file, or be gone by mistake: it stays for a while, like one
    /// whose file is gone.
    pub(in crate::ingest) fn settle_left(&mut self) -> Result<(), StoreError> {
        for (seq, seed) in std::mem::take(&mut self.left) {
            let item = self.batch.item(seq)?.ok_or_else(|| gone(seq))?;
            if item.state != State::Withdrawn && item.standing == seed.path {
                self.batch.put_seed(&seed.left_behind(seq, self.now()))?;
            }
            self.settle(seq, None)?;
        }
        Ok(())
    }

    /// Brings an item in line with its versions: the best one stands; without any, it is withdrawn. `read` is a
    /// version whose text is at hand.
    pub(in crate::ingest) fn settle(&mut self, seq: i64, read: Option<(&SeedPath, &Item)>) -> Result<(), StoreError> {
        let before = self.batch.item(seq)?.ok_or_else(|| gone(seq))?;
        let Standing { version, due, is_any } = self.standing(&before, read)?;
        let mut after = ItemRow { due, ..before.clone() };
        if let Some((version, text)) = version {
            let times = version.times.ok_or_else(|| gone(seq))?;
            after.item = Item { id: before.item.id.clone(), times, ..text };
            after.standing = version.place();
            after.state = if self.is_held(&times, &before) { State::Scheduled } else { State::Live };
            if let Some(withdrawn) = after.withdrawn_at.take() {
                after.restored_at = Some(restored(&before, withdrawn, self.now()));
            }
            let is_known_better = before.item.times.published_source < times.published_source;
            if is_known_better && before.item.times.published.to_utc() <= self.now() {
                // Another version stands again, which knows it less well.
                let Times { published, published_source, .. } = before.item.times;
                after.item.times = Times { published, published_source, ..after.item.times };
                after.item.times.updated = after.item.times.updated.max(published);
            }
            after.item.times = not_before(after.item.times, after.restored_at);
        } else if is_any {
            // None of them can be read now. What stood goes on until one can, or until all are gone.
        } else if before.state == State::Withdrawn {
            return Ok(());
        } else {
            after.state = State::Withdrawn;
            after.withdrawn_at = Some(self.now());
        }
        if after == before {
            return Ok(());
        }
        let is_news = after.state != before.state
            || is_edited(&before.item, &after.item)
            || before.item.times != after.item.times;
        if is_news {
            after.changed_at = self.moment(&after.item.times);
        }
        self.batch.update_item(&after)?;
        self.touch(seq, Some(before), Some(after));
        Ok(())
    }
}

/// The last moment that has the same year in all zones.
const LATEST: DateTime<Utc> = DateTime::from_timestamp(253_402_214_400, 0).expect("a moment of 9999");

/// When an item comes back, by its own reckoning: after its tombstone, which is no earlier than what the item said of itself while
/// it was live.
fn restored(before: &ItemRow, withdrawn: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let was_live = before.item.times.published.to_utc() <= withdrawn;
    let told = if was_live { withdrawn.max(before.item.times.updated.to_utc()) } else { withdrawn };
    now.max((told + TimeDelta::seconds(1)).min(LATEST))
}

/// The times of a version, from those it had before and those it declares.
fn revised(seed: &SeedRow, known: Option<&SeedRow>, standing: &ItemRow, item: &Item, seen: Seen) -> Times {
    let earlier = known.filter(|known| known.seq == Some(standing.seq)).and_then(|known| known.times);
    // A version that does not stand has left no text to compare with, but its bytes differ.
    let is_edited = if earlier.is_some() && standing.standing != seed.path {
        known.is_some_and(|known| known.digest != seed.digest)
    } else {
        is_edited(&standing.item, item)
    };
    revise(&earlier.unwrap_or(standing.item.times), &item.times, is_edited, seen)
}
