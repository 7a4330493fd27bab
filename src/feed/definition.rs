//! What a feed is: its name, what it selects, and how much of it a document holds.

use std::time::Duration;

use globset::GlobSet;

use crate::item::{Item, Language, SeedPath};

/// What all documents of this service share.
#[derive(Clone, Debug)]
pub struct Site {
    /// Title of the feed of everything and of the front page.
    pub title: String,
    /// Absolute http(s) URL of a picture that stands for the site.
    pub icon: Option<String>,
    /// Absolute http(s) URL without a trailing slash; may have a path prefix. Links are built from it, never from the
    /// Host header.
    pub base_url: String,
    /// Whether that is only the address of the listener, since nobody has said another one: then whoever looks at the pages
    /// is the one who sets all this up.
    pub is_unconfigured: bool,
    /// The base URL under which the site was first served: the ids of feeds are built from it, and stay when the site
    /// moves (RFC 4287 §4.2.6).
    pub id_base: String,
    /// Language of the site's own words, and of items whose language nobody knows.
    pub language: Option<Language>,
    /// Author of feeds and of items that name none.
    pub author: Option<String>,
    /// WebSub hubs that every feed document names (absolute URLs); empty when push is off.
    pub hubs: Vec<String>,
    /// Where rssCloud subscribers register (absolute URL), which RSS documents name; `None` when they may not.
    pub cloud: Option<String>,
}

impl Site {
    /// Absolute URL of a path of ours (`/rss.xml`).
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Path of ours as a link on our own pages: root-relative, with the path prefix of the base URL if it has one, so
    /// that pages work under whatever name a visitor reached them.
    #[must_use]
    pub fn local(&self, path: &str) -> String {
        let authority = self.base_url.find("://").map_or(0, |at| at + 3);
        let prefix = self.base_url[authority..].find('/').map_or("", |at| &self.base_url[authority + at..]);
        format!("{prefix}{path}")
    }
}

/// A named selection of items.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Path of the feed below the site without trailing slash: empty for the feed of everything,
    /// `/feeds/world` for a configured one.
    pub path: String,
    /// Plain text.
    pub title: String,
    /// What it is about, plain text; `None` where nobody has said.
    pub description: Option<String>,
    /// Which items belong to it.
    pub filter: Filter,
    /// How much of it one document holds.
    pub limits: Limits,
    /// Full text or summaries.
    pub content: Content,
    /// For how long a copy is fresh: `max-age`, `ttl` and `sy:updateFrequency` all say this.
    pub max_age: Duration,
}

impl Definition {
    /// Path of one of the three documents (`/feeds/world/atom.xml`).
    #[must_use]
    pub fn document_path(&self, format: Format) -> String {
        format!("{}/{}", self.path, format.file_name())
    }

    /// Path of an archive page (RFC 5005); pages are numbered from the oldest, 1 (`/feeds/world/archive/1/atom.xml`).
    #[must_use]
    pub fn archive_path(&self, page: u64, format: Format) -> String {
        format!("{}{}", archive_page_path(&self.path, page), format.file_name())
    }

    /// Language of the feed's own words, which its items inherit: the one language that it selects, else the site's.
    #[must_use]
    pub fn language<'a>(&'a self, site: &'a Site) -> Option<&'a Language> {
        self.only_language().or(site.language.as_ref())
    }

    /// The one language that the feed selects.
    pub(super) fn only_language(&self) -> Option<&Language> {
        match self.filter.languages.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Path of the page for people: `/`, or `/feeds/world/`.
    #[must_use]
    pub fn page_path(&self) -> String {
        format!("{}/", self.path)
    }
}

/// Path of an archive page for people, below which its documents are, of the feed at this path (`/feeds/world/archive/1/`).
#[must_use]
pub fn archive_page_path(feed: &str, page: u64) -> String {
    format!("{feed}/archive/{page}/")
}

/// Conditions that an item must meet: every list that is not empty must have a match.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Hosts, lower case; a host stands for its sub-domains too.
    pub sources: Vec<String>,
    /// Globs over the seed path, compiled from `patterns`.
    pub paths: Option<GlobSet>,
    /// The globs as written.
    pub patterns: Vec<String>,
    /// Language tags; `pt` stands for `pt-BR` too.
    pub languages: Vec<Language>,
    /// Categories, compared without regard to case.
    pub categories: Vec<String>,
    /// Words in the title, compared without regard to case.
    pub words: Vec<String>,
}

impl Filter {
    /// A word that is the same exactly as long as the filter selects the same items.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let Self { sources, paths: _, patterns, languages, categories, words } = self;
        let text = format!("{:?}", (sources, patterns, languages, categories, words));
        blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
    }

    /// Whether the item, read from the seed at `path`, belongs to the feed.
    #[must_use]
    pub fn selects(&self, item: &Item, path: &SeedPath) -> bool {
        let source = |host: &String| {
            item.source
                .as_ref()
                .is_some_and(|s| s == host || s.strip_suffix(host.as_str()).is_some_and(|sub| sub.ends_with('.')))
        };
        let language = |tag: &Language| {
            item.language.as_ref().is_some_and(|l| {
                l == tag || l.as_str().strip_prefix(tag.as_str()).is_some_and(|rest| rest.starts_with('-'))
            })
        };
        let category = |wanted: &String| item.categories.iter().any(|c| fold(c) == fold(wanted));
        (self.sources.is_empty() || self.sources.iter().any(source))
            && self.paths.as_ref().is_none_or(|globs| globs.is_match(path.as_path()))
            && (self.languages.is_empty() || self.languages.iter().any(language))
            && (self.categories.is_empty() || self.categories.iter().any(category))
            && (self.words.is_empty() || has_word(&item.title, &self.words))
    }
}

/// Text for comparison without regard to case. The dotted and the dotless i of Turkish are one letter here: whether a
/// title in capitals is Turkish cannot be told from the word, and `İSTANBUL` should be found by `istanbul`.
pub(super) fn fold(text: &str) -> String {
    const DOT_ABOVE: char = '\u{307}';
    text.to_lowercase().chars().filter(|&c| c != DOT_ABOVE).map(|c| if c == 'ı' { 'i' } else { c }).collect()
}

fn has_word(title: &str, words: &[String]) -> bool {
    let title = fold(title);
    words.iter().any(|word| {
        let word = fold(word);
        title.match_indices(&word).any(|(at, found)| {
            let inside = |c: char| c.is_alphanumeric();
            // Where words are not set apart, or particles are joined to them, there is no boundary to ask for.
            word.contains(is_unspaced)
                || (!title[..at].ends_with(inside) && !title[at + found.len()..].starts_with(inside))
        })
    })
}

/// Whether the letter is of a script without spaces between words (Thai, Lao, Burmese, Khmer, kana, Han), or of Hangul,
/// whose particles follow without one.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// How much a feed document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The newest so many items, by update time.
    pub items: usize,
    /// Plus every item that arrived or changed within this time before the feed's last change, so that a burst
    /// between two polls loses nothing.
    pub window: Duration,
    /// But never more items than this.
    pub max_items: usize,
    /// Nor more bytes of content than this.
    pub max_bytes: usize,
}

/// How much of an item a feed document carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The whole article and a summary.
    Full,
    /// The summary only.
    Summary,
}

/// The three formats of a feed document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0, RFC 4287.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// All of them, in the order in which pages list them: the first is the preferred one.
    pub const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rss => "RSS",
            Self::Atom => "Atom",
            Self::Json => "JSON Feed",
        }
    }

    /// Last segment of the document's path.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Rss => "rss.xml",
            Self::Atom => "atom.xml",
            Self::Json => "feed.json",
        }
    }

    /// Media type without parameters, for `link type=`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// Value of Content-Type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            // RFC 8259 §11 defines no charset parameter for JSON.
            Self::Json => "application/feed+json",
        }
    }
}
