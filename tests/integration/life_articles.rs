//! Articles of the contract: what each states about itself, and what is known of its times.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::FixedOffset;

/// A moment in whole seconds that is known to lie between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    pub(crate) fn at(second: i64) -> Self {
        Self { from: second, to: second }
    }

    /// The later of two.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.max(other.to) }
    }

    pub(crate) fn has(self, second: i64) -> bool {
        (self.from..=self.to).contains(&second)
    }

    /// Once seen, it stays what it was seen to be.
    pub(crate) fn pin(&mut self, second: i64) {
        if self.has(second) {
            *self = Self::at(second);
        }
    }
}

/// What an article states about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// URL, time of publication, time of the update.
    Dated,
    /// URL and time of publication: an edit counts from when it is seen.
    Undeclared,
    /// Title and body: published when it was first seen, and the same article only while it keeps its path or its bytes.
    Pathless,
}

/// One seed.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) slug: usize,
    pub(crate) edition: usize,
    pub(crate) updated: Span,
    /// In which burst of changes its path and bytes came.
    pub(crate) arrival: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Article {
    pub(crate) kind: Kind,
    pub(crate) offset: FixedOffset,
    pub(crate) published: Span,
    pub(crate) versions: BTreeMap<PathBuf, Version>,
    /// Since when it is back after its last withdrawal.
    pub(crate) restored: Option<Span>,
    /// What the clock must show at the least, had it been right all the time.
    pub(crate) not_before: i64,
    /// When it was withdrawn, while it is.
    pub(crate) withdrawn: Option<Span>,
    /// The last version, after that was deleted.
    pub(crate) last: Option<(PathBuf, Version)>,
    /// Subscribers have had it.
    pub(crate) was_shown: bool,
    /// Its time of publication has come.
    pub(crate) is_due: bool,
    /// Every URL that a seed ever gave for it.
    pub(crate) urls: BTreeSet<String>,
    pub(crate) id: Option<String>,
}

impl Article {
    pub(crate) fn url(&self, number: usize, version: &Version) -> Option<String> {
        (self.kind != Kind::Pathless)
            .then(|| format!("https://life.example/20240101/slug{}-{}.html", version.slug, 1_000_000_000 + number))
    }

    /// Whether it says itself when it was updated last.
    pub(crate) fn is_dated(&self) -> bool {
        self.kind == Kind::Dated
    }

    /// Whether it was withdrawn and would be live at once if it came back.
    pub(crate) fn can_return(&self, now: i64) -> bool {
        self.withdrawn.is_some() && self.last.is_some() && self.published.to <= now
    }

    /// The versions that may stand: the latest update, then the latest arrival.
    pub(crate) fn standing(&self) -> Vec<(&PathBuf, &Version)> {
        let rank = |version: &Version| (version.updated.to, version.arrival);
        let best = self.versions.values().map(rank).max();
        self.versions.iter().filter(|(_, version)| Some(rank(version)) == best).collect()
    }

    /// Whether what stands is of the present burst.
    pub(crate) fn is_news(&self, burst: usize) -> bool {
        self.standing().iter().any(|(_, version)| version.arrival == burst)
    }

    /// What its update time is when `version` stands.
    pub(crate) fn updated(&self, version: &Version) -> Span {
        self.restored.map_or(version.updated, |restored| version.updated.max(restored))
    }
}

/// Says which article an item is of.
pub(crate) fn title(number: usize, edition: usize) -> String {
    format!("Article {number} edition {edition}")
}

pub(crate) fn number_of(title: &str) -> usize {
    title.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{title:?} is not ours"))
}
