//! What was answered: by feed, resource, status and coding; and who asked.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

use crate::feed::{Coding, Definition, Format};

use super::answered::{Answered, RequestLine};
use super::counter::Counter;
use super::distinct::digest;
use super::polls::{Poll, Polls};
use super::recent;
use super::unconditional::UnconditionalPolls;

/// Feeds that are counted one by one, in the order of the configuration; those after them count as no feed, so that the
/// number of series stays bounded.
pub const MAX_FEEDS: usize = 500;

/// Kinds of resources, as the label `format` names them.
const RESOURCES: [&str; 10] = ["rss", "atom", "json", "page", "archive", "item", "opml", "probe", "admin", "other"];
const PAGE: usize = 3;
const ARCHIVE: usize = 4;
const ITEM: usize = 5;
const OPML: usize = 6;
const PROBE: usize = 7;
const ADMIN: usize = 8;
const OTHER: usize = 9;

/// Status codes that are counted one by one; 0 stands for all others.
const STATUSES: [u16; 22] =
    [200, 304, 0, 202, 204, 206, 226, 308, 400, 403, 404, 405, 408, 410, 412, 413, 414, 416, 429, 431, 500, 503];
/// Where 0 is in [`STATUSES`].
const RARE: usize = 2;
/// Whether a document was sent and how it was coded: none, then [`Coding::ALL`].
const CODINGS: [&str; 5] = {
    let [identity, gzip, brotli, zstd] = Coding::ALL;
    ["none", identity.name(), gzip.name(), brotli.name(), zstd.name()]
};

/// Counts of one feed, or of everything that is no feed.
#[derive(Debug)]
pub struct FeedTraffic {
    /// Path of the feed, `/` for the feed of everything, empty for what is no feed.
    pub path: String,
    answers: Vec<Counter>,
    bytes: [Counter; RESOURCES.len()],
    /// Requests with a validator.
    pub conditional: Counter,
    /// Who polls it.
    pub polls: Polls,
}

/// Counts of all answers.
pub struct Traffic {
    table: ArcSwap<Table>,
    no_feed: FeedTraffic,
    /// Differs from day to day, so that digests cannot be compared over days.
    salt: ArcSwap<RandomState>,
    unconditional: UnconditionalPolls,
    day: AtomicU64,
}

#[derive(Default)]
struct Table {
    feeds: Vec<Arc<FeedTraffic>>,
    /// Where each live path counts: index of the feed, index of the resource.
    routes: HashMap<String, (usize, usize)>,
    /// Index of the feed at a path.
    by_path: HashMap<String, usize>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            table: ArcSwap::default(),
            no_feed: FeedTraffic::new(String::new()),
            salt: ArcSwap::default(),
            unconditional: UnconditionalPolls::default(),
            day: AtomicU64::new(0),
        }
    }
}

impl FeedTraffic {
    fn new(path: String) -> Self {
        let cells = RESOURCES.len() * STATUSES.len() * CODINGS.len();
        Self {
            path,
            answers: std::iter::repeat_with(Counter::default).take(cells).collect(),
            bytes: Default::default(),
            conditional: Counter::default(),
            polls: Polls::default(),
        }
    }

    fn cell(resource: usize, status: usize, coding: usize) -> usize {
        (resource * STATUSES.len() + status) * CODINGS.len() + coding
    }

    fn count(&self, resource: usize, answer: &Answered<'_>) {
        let status = STATUSES.iter().position(|known| *known == answer.status).unwrap_or(RARE);
        let coding = answer.coding.map_or(0, |coding| 1 + coding as usize);
        self.answers[Self::cell(resource, status, coding)].add_one();
        if answer.body_bytes > 0 {
            self.bytes[resource].add(u64::try_from(answer.body_bytes).unwrap_or(u64::MAX));
        }
        if answer.is_conditional {
            self.conditional.add_one();
        }
    }

    /// How many answers there were of each kind that occurred: resource, status (`other` for rare ones), coding.
    pub fn answers(&self) -> impl Iterator<Item = (&'static str, String, &'static str, u64)> + use<'_> {
        self.answers.iter().enumerate().filter_map(|(cell, count)| {
            let count = count.value();
            let (rest, coding) = (cell / CODINGS.len(), cell % CODINGS.len());
            let (resource, status) = (rest / STATUSES.len(), STATUSES[rest % STATUSES.len()]);
            let status = if status == 0 { "other".to_owned() } else { status.to_string() };
            (count > 0).then(|| (RESOURCES[resource], status, CODINGS[coding], count))
        })
    }

    /// Bytes sent of each resource of which any were.
    pub fn bytes(&self) -> impl Iterator<Item = (&'static str, u64)> + use<'_> {
        RESOURCES.iter().zip(&self.bytes).map(|(name, bytes)| (*name, bytes.value())).filter(|(_, bytes)| *bytes > 0)
    }

    /// All answers, those with 304, and all bytes.
    #[must_use]
    pub fn totals(&self) -> (u64, u64, u64) {
        let (mut all, mut not_modified) = (0, 0);
        for (_, status, _, count) in self.answers() {
            all += count;
            not_modified += if status == "304" { count } else { 0 };
        }
        (all, not_modified, self.bytes.iter().map(Counter::value).sum())
    }
}

impl Traffic {
    /// These feeds are served from now on; those that were before keep their counts.
    pub fn set_feeds(&self, definitions: &[Definition]) {
        let old = self.table.load();
        let mut table = Table::default();
        for definition in definitions.iter().take(MAX_FEEDS) {
            let path = if definition.path.is_empty() { "/" } else { &definition.path };
            let known = old.by_path.get(path).map(|index| Arc::clone(&old.feeds[*index]));
            let index = table.feeds.len();
            table.feeds.push(known.unwrap_or_else(|| Arc::new(FeedTraffic::new(path.to_owned()))));
            table.by_path.insert(path.to_owned(), index);
            for format in Format::ALL {
                table.routes.insert(definition.document_path(format), (index, resource(format)));
            }
            table.routes.insert(definition.page_path(), (index, PAGE));
        }
        self.table.store(Arc::new(table));
    }

    /// Counts an answer.
    pub fn note(&self, answer: &Answered<'_>) {
        let path = match answer.line {
            _ if answer.is_admin => return self.no_feed.count(ADMIN, answer),
            RequestLine::Raw(_) => return self.no_feed.count(OTHER, answer),
            RequestLine::Read { path, .. } => path,
        };
        match self.table.load().route(path) {
            Some((feed, resource)) => {
                feed.count(resource, answer);
                // 304 to a condition, what is new, or the whole document: anything else is no poll.
                if resource < PAGE && matches!(answer.status, 200 | 226 | 304) {
                    self.note_poll(feed, path, answer);
                }
            }
            None => self.no_feed.count(resource_of(path), answer),
        }
    }

    fn note_poll(&self, feed: &FeedTraffic, path: &str, answer: &Answered<'_>) {
        let salt = self.salt.load();
        let client = answer.client.map(|client| digest(&salt, client));
        let (agent, announces) = recent::agent(answer.user_agent);
        let adds_unconditional =
            !answer.is_conditional && client.is_some_and(|client| self.unconditional.note(&salt, client, path));
        feed.polls.note(&Poll {
            agent,
            announcing: answer.user_agent.filter(|_| announces).map(|text| (text, salt.hash_one(text))),
            client,
            is_conditional: answer.is_conditional,
            is_not_modified: answer.status == 304,
            adds_unconditional,
            day: self.day.load(Ordering::Relaxed),
        });
    }

    /// A day is over: addresses are digested with another salt, and yesterday's sums stay for a day.
    pub fn turn_day(&self) {
        let day = self.day.fetch_add(1, Ordering::Relaxed) + 1;
        for feed in &self.table.load().feeds {
            feed.polls.turn_day(day);
        }
        self.salt.store(Arc::default());
        self.unconditional.clear();
    }

    /// The counts of every feed, then of what is no feed.
    pub fn each(&self, mut take: impl FnMut(&FeedTraffic)) {
        self.table.load().feeds.iter().for_each(|feed| take(feed));
        take(&self.no_feed);
    }
}

impl Table {
    fn route(&self, path: &str) -> Option<(&FeedTraffic, usize)> {
        if let Some((feed, resource)) = self.routes.get(path) {
            return Some((&self.feeds[*feed], *resource));
        }
        let (feed, _) = path.split_once("/archive/")?;
        let feed = self.by_path.get(if feed.is_empty() { "/" } else { feed })?;
        Some((&self.feeds[*feed], ARCHIVE))
    }
}

fn resource(format: Format) -> usize {
    match format {
        Format::Rss => 0,
        Format::Atom => 1,
        Format::Json => 2,
    }
}

fn resource_of(path: &str) -> usize {
    match path {
        "/opml.xml" => OPML,
        "/livez" | "/readyz" => PROBE,
        _ if path.starts_with("/items/") => ITEM,
        _ => OTHER,
    }
}
