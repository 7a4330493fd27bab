//! Who polls, by what the User-Agent field says: the program's name, and how many people it polls for.
//!
//! Anybody can send anything here, so the figures are hints for people and never decide what is served.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;

/// Words by which programs are known, case apart, and what they are called in metrics. The first one in the field
/// counts, and of two that begin at one place the first here.
const WORDS: [(&str, &str); 64] = [
    ("feedly", "Feedly"),
    ("inoreader", "Inoreader"),
    ("newsblur", "NewsBlur"),
    ("feedbin", "Feedbin"),
    ("theoldreader", "The Old Reader"),
    ("bazqux", "BazQux"),
    ("dreamwidth", "Dreamwidth"),
    ("livejournal", "LiveJournal"),
    ("feedspot", "Feedspot"),
    ("flipboard", "Flipboard"),
    ("feedfetcher-google", "Google Feedfetcher"),
    ("blogtrottr", "Blogtrottr"),
    ("newsify", "Newsify"),
    ("feeder.co", "feeder.co"),
    ("feedhq", "FeedHQ"),
    ("g2reader", "G2Reader"),
    ("protopage", "Protopage"),
    ("netvibes", "Netvibes"),
    ("miniflux", "Miniflux"),
    ("freshrss", "FreshRSS"),
    ("tiny tiny rss", "Tiny Tiny RSS"),
    ("tt-rss", "Tiny Tiny RSS"),
    ("nextcloud-news", "Nextcloud News"),
    ("commafeed", "CommaFeed"),
    ("stringer", "Stringer"),
    ("yarr", "yarr"),
    ("selfoss", "selfoss"),
    ("newsboat", "newsboat"),
    ("newsbeuter", "newsboat"),
    ("sfeed", "sfeed"),
    ("netnewswire", "NetNewsWire"),
    ("reeder", "Reeder"),
    ("unread rss", "Unread"),
    ("vienna", "Vienna"),
    ("readkit", "ReadKit"),
    ("akregator", "Akregator"),
    ("liferea", "Liferea"),
    ("quiterss", "QuiteRSS"),
    ("rss guard", "RSS Guard"),
    ("rssguard", "RSS Guard"),
    ("thunderbird", "Thunderbird"),
    ("elfeed", "Elfeed"),
    ("antennapod", "AntennaPod"),
    ("spacecowboy", "Feeder"),
    ("rss2email", "rss2email"),
    ("universalfeedparser", "feedparser"),
    ("feedparser", "feedparser"),
    ("simplepie", "SimplePie"),
    ("friendica", "Friendica"),
    ("wordpress", "WordPress"),
    ("slackbot", "Slack"),
    ("zapier", "Zapier"),
    ("ifttt", "IFTTT"),
    ("googlebot", "Googlebot"),
    ("bingbot", "Bingbot"),
    ("yandex", "Yandex"),
    ("applebot", "Applebot"),
    ("superfeedr", "Superfeedr"),
    ("websub", "WebSub client"),
    ("curl/", "curl"),
    ("wget/", "Wget"),
    ("python-", "Python"),
    ("go-http-client", "Go"),
    ("java/", "Java"),
];
/// What is none of the above.
const OTHERS: [&str; 3] = ["browser", "other", "none"];
const BROWSER: usize = WORDS.len();
const OTHER: usize = WORDS.len() + 1;
const NONE: usize = WORDS.len() + 2;

/// More subscribers than this to one feed of ours through one service are not believed.
const CREDIBLE: u64 = 10_000_000;
/// Bytes of the field that are looked at.
const LOOKED_AT: usize = 512;
/// Bytes of a feed id that are kept.
const FEED_ID: usize = 64;

static MATCHER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostFirst)
        .build(WORDS.map(|(word, _)| word))
        .expect("the table is small")
});
static SUBSCRIBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" subscriber"));
static READER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" reader"));

/// A kind of program; there are [`Agent::COUNT`], whatever clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Agent(usize);

impl Agent {
    /// How many kinds there are.
    pub const COUNT: usize = WORDS.len() + OTHERS.len();
    /// A program that is in no table and no browser.
    pub(super) const OTHER: Self = Self(OTHER);

    /// The kind of program that a User-Agent field names.
    #[must_use]
    pub fn of(user_agent: Option<&str>) -> Self {
        let Some(text) = user_agent.map(str::trim).filter(|text| !text.is_empty()) else { return Self(NONE) };
        let text = &text.as_bytes()[..text.len().min(LOOKED_AT)];
        match MATCHER.find(text) {
            Some(found) => {
                // The same program under two words is one.
                let name = WORDS[found.pattern().as_usize()].1;
                Self(WORDS.iter().position(|(_, other)| *other == name).unwrap_or(OTHER))
            }
            None if text.starts_with(b"Mozilla/") && !text.windows(11).any(|w| w == b"compatible;") => Self(BROWSER),
            None => Self(OTHER),
        }
    }

    /// Every kind, by index.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// Less than [`Agent::COUNT`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match WORDS.get(self.0) {
            Some((_, name)) => name,
            None => OTHERS[self.0 - WORDS.len()],
        }
    }
}

/// What an aggregator says of those it polls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement<'a> {
    /// How many people.
    pub subscribers: u64,
    /// Its own number for the feed, where it gives one: `feed-id=…`, `feed-id:…`, or NewsBlur's `/site/…/`.
    pub feed_id: Option<&'a str>,
    /// The first word of the field, up to a slash or space: tells services apart that are not in the table.
    pub product: &'a str,
}

/// Finds `462 subscribers`, `1 subscriber`, `1,204 subscribers` or `2 readers`.
#[must_use]
pub fn announcement(user_agent: &str) -> Option<Announcement<'_>> {
    let text = &user_agent[..user_agent.floor_char_boundary(LOOKED_AT)];
    let subscribers = SUBSCRIBER
        .find_iter(text.as_bytes())
        .chain(READER.find_iter(text.as_bytes()))
        .find_map(|at| number_before(text.get(..at)?))?;
    if subscribers > CREDIBLE {
        return None;
    }
    let product = text.split(['/', ' ']).next().unwrap_or_default();
    Some(Announcement { subscribers, feed_id: feed_id(text), product })
}

/// The number that the text ends with, standing alone, with or without commas between thousands.
fn number_before(text: &str) -> Option<u64> {
    let is_part = |c: char| c.is_ascii_digit() || c == ',';
    let start = text.char_indices().rfind(|(_, c)| !is_part(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    let (before, number) = text.split_at(start);
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '.' || c == '-') {
        return None;
    }
    let digits: String = number.chars().filter(|c| *c != ',').collect();
    digits.parse().ok()
}

fn feed_id(text: &str) -> Option<&str> {
    let after = ["feed-id=", "feed-id:", "newsblur.com/site/"].iter().find_map(|mark| {
        let at = text.find(mark)?;
        text.get(at + mark.len()..)
    })?;
    let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
    (1..=FEED_ID).contains(&end).then(|| &after[..end])
}
