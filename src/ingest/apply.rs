//! What was read becomes what is stored: which item a seed is a version of, which version stands, what changed for
//! subscribers.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::item::{Item, ItemId, SeedPath, Times};
use crate::parse::Parsed;
use crate::store::{Batch, Body, Digest, ItemRow, SeedRow, State, StoreError};

use super::moves::{File, Moves, file_at, unmoved};
use super::read::{Job, Outcome, Source, stamp};
use super::revise::{Seen, is_edited, not_before, revise};

/// One item before and after; at least one of both is there.
#[derive(Debug)]
pub(super) struct Touched {
    pub seq: i64,
    /// As subscribers had it: `None` when it was not live.
    pub before: Option<ItemRow>,
    /// As they have it now: `None` when it is not live any more.
    pub after: Option<ItemRow>,
}

/// Applies outcomes within one batch.
pub(super) struct Apply<'a, 'store> {
    pub batch: &'a mut Batch<'store>,
    pub source: Source<'a>,
    pub seen: Seen,
    /// The store was empty when this scan began: nothing arrives "now", all was there before.
    pub is_first_scan: bool,
    /// Articles that changed places.
    pub moves: Moves,
    pub touched: Vec<Touched>,
    /// Items that lost a version, which another seed may yet bring.
    left: BTreeSet<i64>,
}

impl<'a, 'store> Apply<'a, 'store> {
    pub(super) fn new(batch: &'a mut Batch<'store>, source: Source<'a>, seen: Seen, is_first_scan: bool) -> Self {
        let (moves, touched, left) = (Moves::new(), Vec::new(), BTreeSet::new());
        Self { batch, source, seen, is_first_scan, moves, touched, left }
    }
}

impl Apply<'_, '_> {
    fn now(&self) -> DateTime<Utc> {
        self.seen.at
    }

    /// Takes in one outcome.
    pub(super) fn take(&mut self, job: &Job, outcome: Outcome) -> Result<(), StoreError> {
        match outcome {
            Outcome::Gone => self.mark_missing(&job.path),
            // What is known of it stands.
            Outcome::Unreadable(_) => Ok(()),
            Outcome::Same(fingerprint) => {
                let Some(known) = &job.known else { return Ok(()) };
                let seed = SeedRow { stamp: stamp(&fingerprint), missing_since: None, ..known.clone() };
                self.batch.put_seed(&seed)
            }
            Outcome::Rejected { fingerprint, digest, diagnostic } => {
                // What it said before stands: a spoilt edit must not take an article away from its readers.
                let seed = match &job.known {
                    Some(known) => SeedRow { stamp: stamp(&fingerprint), digest, missing_since: None, ..known.clone() },
                    None => self.new_seed(&job.path, stamp(&fingerprint), digest),
                };
                self.batch.put_seed(&seed)?;
                self.batch.set_diagnostics(&job.path, &[diagnostic])
            }
            Outcome::Parsed { fingerprint, digest, parsed, body } => {
                let seed = match &job.known {
                    Some(known) => SeedRow {
                        stamp: stamp(&fingerprint),
                        digest,
                        arrival: if known.digest == digest { known.arrival } else { self.now() },
                        ..known.clone()
                    },
                    None => self.new_seed(&job.path, stamp(&fingerprint), digest),
                };
                self.take_parsed(seed, job.known.as_ref(), *parsed, &body)
            }
        }
    }

    fn new_seed(&self, path: &SeedPath, stamp: [i64; 4], digest: Digest) -> SeedRow {
        SeedRow {
            path: path.clone(),
            stamp,
            digest,
            first_seen: self.now(),
            arrival: self.now(),
            seq: None,
            has_path_key: false,
            times: None,
            missing_since: None,
        }
    }

    fn take_parsed(
        &mut self,
        mut seed: SeedRow,
        known: Option<&SeedRow>,
        parsed: Parsed,
        body: &Body,
    ) -> Result<(), StoreError> {
        let Parsed { mut item, key, repairs } = parsed;
        let left = known.and_then(|known| known.seq);
        let by_key = self.batch.seq_by_key(&key)?;
        let is_another = match by_key {
            Some(seq) => key.is_path() && self.is_elsewhere(seq, &seed)?,
            None => false,
        };
        let moved = self.moves.get(&seed.path).filter(|moved| moved.digest == seed.digest).cloned();
        let moved = match moved {
            Some(moved) if key.is_path() => Some(moved),
            _ if key.is_path() && (is_another || by_key.is_none()) => self.moved_here(&seed)?,
            _ => None,
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
        seed.has_path_key = key.is_path();
        seed.missing_since = None;
        let seq = if let Some(seq) = seq {
            let standing = self.batch.item(seq)?.ok_or_else(|| gone(seq))?;
            let mut others = self.batch.versions(seq)?;
            others.retain(|other| other.path != seed.path);
            // A moved or copied file says what it said where it was, and is no later for it.
            let is_new = known.is_none();
            let twin = moved.as_ref().or_else(|| others.iter().find(|other| is_new && other.digest == seed.digest));
            if let Some(twin) = twin {
                // One that was moved takes the place of what it leaves behind, one that was copied does not.
                let is_left = moved.is_some() || twin.missing_since.is_some();
                let step = TimeDelta::milliseconds(if is_left { 1 } else { -1 });
                seed.arrival = twin.arrival + step;
            } else if known.is_none_or(|known| known.digest != seed.digest) {
                // Later than the others, also under a clock that was set back.
                let after = others.iter().map(|other| other.arrival + TimeDelta::milliseconds(1));
                seed.arrival = after.fold(seed.arrival, DateTime::max);
            }
            // Bytes that are known and read in another way were not edited.
            let is_edit = self.seen.is_edit && known.is_none_or(|known| known.digest != seed.digest);
            let seen = Seen { is_edit, ..self.seen };
            let before = moved.as_ref().or(known).or(twin);
            seed.times = Some(self.revised(&seed, before, &standing, &item, seen));
            seed.seq = Some(seq);
            self.batch.put_seed(&seed)?;
            self.settle(seq, Some((&seed.path, &item)))?;
            seq
        } else {
            let row = self.new_row(&seed.path, item);
            let seq = self.batch.insert_item(&row, body)?;
            seed.times = Some(row.item.times);
            seed.seq = Some(seq);
            self.batch.put_seed(&seed)?;
            self.touch(seq, None, Some(ItemRow { seq, ..row }));
            seq
        };
        self.batch.bind_key(&key, seq)?;
        self.left.extend(left.filter(|left| *left != seq));
        // Nearly every seed has none, before and now: then there is nothing to write.
        if known.is_some() || !repairs.is_empty() {
            self.batch.set_diagnostics(&seed.path, &repairs)?;
        }
        Ok(())
    }

    /// Brings in line what seeds left for other items. After all seeds of a batch: where articles change places, each has its
    /// own again by then.
    pub(super) fn settle_left(&mut self) -> Result<(), StoreError> {
        std::mem::take(&mut self.left).into_iter().try_for_each(|seq| self.settle(seq, None))
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
        let versions = self.batch.versions(seq)?;
        Ok(versions.iter().any(|other| other.path != seed.path && self.file_at(&other.path).is_some()))
    }

    /// Whether a file is still where it was, whatever events have said of it so far: not where there is none now, and not
    /// where there is another while this one is `seed`.
    fn is_there(&self, file: &SeedRow, seed: &SeedRow) -> bool {
        let found = self.file_at(&file.path);
        found.is_some_and(|found| found == unmoved(file.stamp) || unmoved(seed.stamp) != unmoved(file.stamp))
    }

    fn file_at(&self, path: &SeedPath) -> Option<File> {
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

    fn revised(&self, seed: &SeedRow, known: Option<&SeedRow>, standing: &ItemRow, item: &Item, seen: Seen) -> Times {
        let earlier = known.filter(|known| known.seq == Some(standing.seq)).and_then(|known| known.times);
        // A version that does not stand has left no text to compare with, but its bytes differ.
        let is_edited = if earlier.is_some() && standing.standing != seed.path {
            known.is_some_and(|known| known.digest != seed.digest)
        } else {
            is_edited(&standing.item, item)
        };
        revise(&earlier.unwrap_or(standing.item.times), &item.times, is_edited, seen)
    }

    fn new_row(&self, path: &SeedPath, item: Item) -> ItemRow {
        ItemRow {
            seq: 0,
            state: self.state(&item.times),
            changed_at: self.moment(&item.times),
            withdrawn_at: None,
            restored_at: None,
            standing: path.clone(),
            item,
        }
    }

    /// When subscribers get what is read now. A first scan is no burst: what it finds came when it was updated.
    fn moment(&self, times: &Times) -> DateTime<Utc> {
        if self.is_first_scan { times.updated.to_utc().min(self.now()) } else { self.now() }
    }

    fn state(&self, times: &Times) -> State {
        if times.published.to_utc() > self.now() { State::Scheduled } else { State::Live }
    }

    /// Brings an item in line with its versions: the best one stands; without any, it is withdrawn. `read` is a
    /// version whose text is at hand.
    pub(super) fn settle(&mut self, seq: i64, read: Option<(&SeedPath, &Item)>) -> Result<(), StoreError> {
        let before = self.batch.item(seq)?.ok_or_else(|| gone(seq))?;
        let mut after = before.clone();
        let versions = self.batch.versions(seq)?;
        let mut stands = false;
        let mut unread = Vec::new();
        for version in &versions {
            let times = version.times.ok_or_else(|| gone(seq))?;
            let text = match read {
                Some((path, item)) if *path == version.path => Some(item.clone()),
                _ if version.path == before.standing && before.state != State::Withdrawn => Some(before.item.clone()),
                _ => self.read_again(&version.path, Some(version), &version.digest),
            };
            let Some(text) = text else {
                // It leaves the place to the next. What is there now, it says when it is read in its turn.
                unread.push(SeedRow { stamp: SeedRow::UNREAD, ..version.clone() });
                continue;
            };
            after.item = Item { id: before.item.id.clone(), times, ..text };
            after.standing = version.path.clone();
            stands = true;
            break;
        }
        unread.iter().try_for_each(|seed| self.batch.put_seed(seed))?;
        if stands {
            // A clock that was set back does not take away what subscribers have.
            let is_kept = before.state == State::Live
                && before.item.times.published.timestamp() == after.item.times.published.timestamp();
            after.state = if is_kept { State::Live } else { self.state(&after.item.times) };
            if let Some(withdrawn) = after.withdrawn_at.take() {
                // Its tombstone is no earlier than what it said of itself.
                let told = withdrawn.max(before.item.times.updated.to_utc());
                after.restored_at = Some(self.now().max(told + TimeDelta::seconds(1)));
            }
            after.item.times = not_before(after.item.times, after.restored_at);
        } else if !versions.is_empty() {
            // None of them can be read now. What stood goes on until one can, or until all are gone.
            return Ok(());
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

    /// Reads a file again: a version whose text is not stored, since another one stood until now, or one that is a new
    /// article. `None` when the bytes are others by now: somebody may be in the middle of writing them.
    fn read_again(&self, path: &SeedPath, known: Option<&SeedRow>, wanted: &Digest) -> Option<Item> {
        let job = Job { path: path.clone(), known: known.cloned(), is_forced: true };
        match self.source.read(&job) {
            Outcome::Parsed { parsed, digest, .. } if digest == *wanted => Some(parsed.item),
            _ => None,
        }
    }

    /// A scheduled item whose time has come.
    pub(super) fn publish_due(&mut self, seq: i64) -> Result<(), StoreError> {
        let before = self.batch.item(seq)?.ok_or_else(|| gone(seq))?;
        let after = ItemRow { state: State::Live, changed_at: self.now(), ..before.clone() };
        self.batch.update_item(&after)?;
        self.touch(seq, Some(before), Some(after));
        Ok(())
    }

    /// Notes that a file is gone; the grace period begins.
    pub(super) fn mark_missing(&mut self, path: &SeedPath) -> Result<(), StoreError> {
        let Some(seed) = self.batch.seed(path)?.filter(|seed| seed.missing_since.is_none()) else { return Ok(()) };
        self.batch.put_seed(&SeedRow { missing_since: Some(self.now()), ..seed })
    }

    /// Forgets a file that stayed gone, and lets the next version of its item stand.
    pub(super) fn remove(&mut self, seed: &SeedRow) -> Result<(), StoreError> {
        self.batch.remove_seed(&seed.path)?;
        match seed.seq {
            Some(seq) => self.settle(seq, None),
            None => Ok(()),
        }
    }

    fn touch(&mut self, seq: i64, before: Option<ItemRow>, after: Option<ItemRow>) {
        let live = |row: Option<ItemRow>| row.filter(|row| row.state == State::Live);
        let (before, after) = (live(before), live(after));
        if before.is_some() || after.is_some() {
            self.touched.push(Touched { seq, before, after });
        }
    }
}

/// The rows of a store contradict one another.
fn gone(seq: i64) -> StoreError {
    StoreError::Corrupt(format!("item {seq} is referred to but not there"))
}
