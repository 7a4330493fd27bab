//! Which version of an item stands.

use chrono::{DateTime, Utc};

use crate::item::{Item, SeedPath, Times};
use crate::store::{Digest, ItemRow, SeedRow, State, StoreError};

use super::super::read::{Job, Outcome};
use super::Apply;

/// Versions that are looked at together: nearly always the first one stands.
const SOME: usize = 4;

/// What the versions of an item come to.
pub(super) struct Standing {
    /// The one that stands, and its text; `None` when none of them can be read now.
    pub version: Option<(SeedRow, Item)>,
    /// When another one is to be looked at.
    pub due: Option<DateTime<Utc>>,
    /// Whether there is any.
    pub is_any: bool,
}

impl Apply<'_, '_> {
    /// The best version that is published by now. While there is none, the best of those that are held back. `read` is a
    /// version whose text is at hand.
    pub(super) fn standing(
        &mut self,
        before: &ItemRow,
        read: Option<(&SeedPath, &Item)>,
    ) -> Result<Standing, StoreError> {
        let mut held = Vec::new();
        let mut unread = Vec::new();
        let mut looked = 0;
        let published = loop {
            let versions = self.batch.versions(before.seq, looked, SOME)?;
            let is_last = versions.len() < SOME;
            looked += versions.len();
            let (ahead, published): (Vec<_>, Vec<_>) = versions
                .into_iter()
                .partition(|version| version.times.is_some_and(|times| self.is_held(&times, before)));
            held.extend(ahead);
            let found = self.first_with_text(published, before, read, &mut unread);
            if found.is_some() || is_last {
                break found;
            }
        };
        let due = held.iter().filter_map(|version| version.times).map(|times| times.published.to_utc()).min();
        let version = published.or_else(|| self.first_with_text(held, before, read, &mut unread));
        unread.iter().try_for_each(|seed| self.batch.put_seed(seed))?;
        Ok(Standing { version, due, is_any: looked > 0 })
    }

    /// Whether a version is not to be shown yet. A clock that was set back does not take away what subscribers have.
    pub(super) fn is_held(&self, times: &Times, before: &ItemRow) -> bool {
        let is_shown = before.state == State::Live && before.item.times.published == times.published;
        times.published.to_utc() > self.now() && !is_shown
    }

    /// The first version whose text is known or can be read. The others leave their place to it: what is there now, they say
    /// when they are read in their turn.
    fn first_with_text(
        &self,
        versions: Vec<SeedRow>,
        before: &ItemRow,
        read: Option<(&SeedPath, &Item)>,
        unread: &mut Vec<SeedRow>,
    ) -> Option<(SeedRow, Item)> {
        for version in versions {
            if let Some(text) = self.text_of(&version, before, read) {
                return Some((version, text));
            }
            unread.push(SeedRow { stamp: version.stamp.unread(), ..version });
        }
        None
    }

    fn text_of(&self, version: &SeedRow, before: &ItemRow, read: Option<(&SeedPath, &Item)>) -> Option<Item> {
        match read {
            Some((path, item)) if *path == version.path => Some(item.clone()),
            _ if version.place() == before.standing && before.state != State::Withdrawn => Some(before.item.clone()),
            _ => self.read_again(&version.path, Some(version), &version.digest),
        }
    }

    /// Reads a file again: a version whose text is not stored, since another one stood until now, or one that is a new
    /// article. `None` when the bytes are others by now: somebody may be in the middle of writing them.
    pub(super) fn read_again(&self, path: &SeedPath, known: Option<&SeedRow>, wanted: &Digest) -> Option<Item> {
        let job = Job { path: path.clone(), known: known.cloned(), is_forced: true };
        match self.source.read(&job) {
            Outcome::Parsed { parsed, digest, .. } if digest == *wanted => Some(parsed.item),
            _ => None,
        }
    }
}
