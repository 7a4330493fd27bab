//! What was read becomes what is stored.

mod standing;
mod versions;
mod whose;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::item::{Item, SeedPath, Times};
use crate::parse::Parsed;
use crate::store::{Batch, Body, Digest, ItemRow, SeedRow, Stamp, State, StoreError};

use super::moves::Moves;
use super::read::{Job, Outcome, Source, stamp};
use super::revise::Seen;
use whose::Whose;

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
    /// Items that lost a version, which another seed may yet bring, with what that was.
    left: BTreeMap<i64, SeedRow>,
}

impl<'a, 'store> Apply<'a, 'store> {
    pub(super) fn new(batch: &'a mut Batch<'store>, source: Source<'a>, seen: Seen, is_first_scan: bool) -> Self {
        let (moves, touched, left) = (Moves::new(), Vec::new(), BTreeMap::new());
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
            Outcome::Gone | Outcome::NoSeed(_) => self.mark_missing(&job.path),
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

    fn new_seed(&self, path: &SeedPath, stamp: Stamp, digest: Digest) -> SeedRow {
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
        let Parsed { item, key, repairs } = parsed;
        seed.has_path_key = key.is_path();
        seed.missing_since = None;
        let Whose { seq, moved, item } = self.whose(&mut seed, item, &key)?;
        let seq = match seq {
            Some(seq) => self.add_version(seq, &mut seed, known, moved.as_ref(), &item)?,
            None => self.add_item(&mut seed, item, body)?,
        };
        self.batch.bind_key(&key, seq)?;
        if let Some(known) = known
            && let Some(left) = known.seq.filter(|left| *left != seq)
        {
            self.left.insert(left, known.clone());
        }
        // Nearly every seed has none, before and now: then there is nothing to write.
        if known.is_some() || !repairs.is_empty() {
            self.batch.set_diagnostics(&seed.path, &repairs)?;
        }
        Ok(())
    }

    fn add_item(&mut self, seed: &mut SeedRow, item: Item, body: &Body) -> Result<i64, StoreError> {
        let row = self.new_row(&seed.path, item);
        let seq = self.batch.insert_item(&row, body)?;
        seed.times = Some(row.item.times);
        seed.seq = Some(seq);
        self.batch.put_seed(seed)?;
        self.touch(seq, None, Some(ItemRow { seq, ..row }));
        Ok(seq)
    }

    fn new_row(&self, path: &SeedPath, item: Item) -> ItemRow {
        let published = item.times.published.to_utc();
        let is_ahead = published > self.now();
        ItemRow {
            seq: 0,
            state: if is_ahead { State::Scheduled } else { State::Live },
            changed_at: self.moment(&item.times),
            withdrawn_at: None,
            restored_at: None,
            standing: path.clone(),
            due: is_ahead.then_some(published),
            item,
        }
    }

    /// When subscribers get what is read now. A first scan is no burst: what it finds came when it was updated.
    fn moment(&self, times: &Times) -> DateTime<Utc> {
        if self.is_first_scan { times.updated.to_utc().min(self.now()) } else { self.now() }
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
