//! Publication and update time of an item, and where each was found.

use chrono::{DateTime, FixedOffset};

/// The two times of an item: instants with the offset that the seed gave, in whole seconds, years 1..=9999.
///
/// INVARIANT: `updated >= published`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When the article was published.
    pub published: DateTime<FixedOffset>,
    /// Where `published` was found.
    pub published_source: TimeSource,
    /// When the article last changed for its readers.
    pub updated: DateTime<FixedOffset>,
    /// Where `updated` was found.
    pub updated_source: TimeSource,
}

/// Where a time came from. The order is that of trust: a smaller one wins over a greater one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum TimeSource {
    /// The seed's own time block for it (or the field of a structured seed).
    Declared = 0,
    /// The seed's day block: midnight of that day in the zone of the seed.
    Day = 1,
    /// The day in the path of the URL (`/20241101/` or `/2024/11/01/`).
    UrlDay = 2,
    /// The crawl month of the header line: its first day.
    CrawlMonth = 3,
    /// When the file was first seen here, remembered for ever.
    FirstSeen = 4,
    /// `updated` only: no update time was declared, so it is the publication time.
    Published = 5,
    /// `updated` only: when an edit was seen in a seed that declares no update time.
    EditSeen = 6,
}

impl TimeSource {
    /// The word that `seedcast check` prints.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Day => "day",
            Self::UrlDay => "url-day",
            Self::CrawlMonth => "crawl-month",
            Self::FirstSeen => "first-seen",
            Self::Published => "published",
            Self::EditSeen => "edit-seen",
        }
    }

    /// The source from its stored number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Declared, Self::Day, Self::UrlDay, Self::CrawlMonth, Self::FirstSeen, Self::Published, Self::EditSeen]
            .into_iter()
            .find(|source| *source as u8 == code)
    }
}
