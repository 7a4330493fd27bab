//! Feeds that nobody has to configure: one for each source host, language and category.

use std::borrow::Cow;
use std::fmt::Write;

use super::filter::fold;
use super::{Definition, Filter, names};
use crate::item::{Item, Language, percent};

/// What an automatic feed selects on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// The host of the article's URL.
    Source,
    /// The item's language.
    Language,
    /// One of its categories.
    Category,
}

impl By {
    /// All of them, in the order in which pages list them.
    pub const ALL: [Self; 3] = [Self::Category, Self::Source, Self::Language];

    /// First segment of the path, and the word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "sources",
            Self::Language => "languages",
            Self::Category => "categories",
        }
    }

    /// The kind whose paths begin like this one, and what follows the word: nothing, or a slash and more.
    #[must_use]
    pub fn of_path(path: &str) -> Option<(Self, &str)> {
        let rest = |by: Self| path.strip_prefix('/')?.strip_prefix(by.word());
        let found = Self::ALL.into_iter().find_map(|by| Some((by, rest(by)?)));
        found.filter(|(_, rest)| rest.is_empty() || rest.starts_with('/'))
    }

    /// Heading of the feeds of the kind.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Source => "Sources",
            Self::Language => "Languages",
            Self::Category => "Categories",
        }
    }

    /// Path of the list of all feeds of the kind, or of a further page of it; the first is 1.
    #[must_use]
    pub fn list_path(self, page: u64) -> String {
        // Three segments, which no feed has: a category may well be called "2" or "page".
        if page == 1 { format!("/{}/", self.word()) } else { format!("/{}/page/{page}/", self.word()) }
    }
}

/// One automatic feed that an item belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Automatic {
    /// What it selects on.
    pub by: By,
    /// Path below the site, percent-encoded, without trailing slash (`/categories/arts-crafts`).
    pub path: String,
    /// The source, language or category as the item has it.
    pub name: String,
}

/// The automatic feeds that an item belongs to, each once, in the order of their paths.
#[must_use]
pub fn automatic(item: &Item, kinds: &[By]) -> Vec<Automatic> {
    let sources = item.source.iter().map(|host| (By::Source, host.as_str()));
    let languages = item.language.iter().map(|language| (By::Language, language.as_str()));
    let categories = item.categories.iter().map(|category| (By::Category, category.as_str()));
    let all = sources.chain(languages).chain(categories).filter(|(by, _)| kinds.contains(by));
    let feed = |(by, name)| Some(Automatic { by, path: automatic_path(by, name)?, name: name.to_owned() });
    let mut feeds: Vec<Automatic> = all.filter_map(feed).collect();
    feeds.sort_unstable();
    feeds.dedup_by(|a, b| a.path == b.path);
    feeds
}

/// Path of the feed of a source, language or category; `None` where nothing of the name can stand in one.
#[must_use]
pub(super) fn automatic_path(by: By, name: &str) -> Option<String> {
    let segment = match by {
        By::Source => encoded(name),
        By::Language => name.to_owned(),
        By::Category => encoded(&slug(name)),
    };
    (!segment.is_empty()).then(|| format!("/{}/{segment}", by.word()))
}

/// Raised when categories are given other slugs than before: then all automatic feeds are filled anew once.
pub const SLUG_VERSION: u32 = 2;

/// A category as a path segment: folded as filters compare it, everything but letters, digits and marks a hyphen. Where
/// symbols are lost by that (`C++`, `C#`), a digest of the name keeps it apart from others, whichever there are. Empty
/// for a name of nothing but punctuation and symbols.
#[must_use]
pub fn slug(category: &str) -> String {
    let folded = fold(category);
    let mut slug = String::with_capacity(folded.len());
    let mut has_lost_symbols = false;
    for c in folded.chars() {
        let is_kept = c.is_alphanumeric() || (!c.is_ascii() && !c.is_whitespace() && !is_punctuation(c));
        if is_kept {
            slug.push(c);
            continue;
        }
        has_lost_symbols |= is_symbol(c);
        if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if has_lost_symbols && !slug.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(slug, "-{}", &blake3::hash(folded.as_bytes()).to_hex()[..8]);
    }
    slug
}

/// The blocks of general and of CJK punctuation; controls.
fn is_punctuation(c: char) -> bool {
    c.is_control() || matches!(c, '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}')
}

/// Signs that say something, unlike those that only set words apart. Of ASCII and Latin-1: all others are kept.
fn is_symbol(c: char) -> bool {
    let is_of_latin_1 = matches!(c, '\u{a2}'..='\u{a9}' | '\u{ac}' | '\u{ae}'..='\u{b1}' | '\u{b6}');
    is_of_latin_1 || matches!(c, '#' | '$' | '%' | '*' | '+' | '<' | '=' | '>' | '@' | '\\' | '^' | '~')
}

/// All but the unreserved characters percent-encoded.
fn encoded(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    percent::push_all(&mut encoded, segment.as_bytes(), percent::is_unreserved);
    encoded
}

/// The definition of an automatic feed, with the name that people know: limits, content and freshness are those of `template`.
#[must_use]
pub fn automatic_definition(by: By, path: &str, name: &str, site_title: &str, template: &Definition) -> Definition {
    let mut filter = Filter::default();
    let shown = match by {
        By::Source => {
            filter.sources.push(name.to_owned());
            names::of_host(name)
        }
        By::Language => {
            filter.languages.extend(Language::new(name));
            names::of_language(name)
        }
        By::Category => {
            filter.categories.push(name.to_owned());
            Cow::Borrowed(name)
        }
    };
    Definition {
        path: path.to_owned(),
        title: format!("{site_title}: {shown}"),
        description: None,
        filter,
        limits: template.limits,
        content: template.content,
        max_age: template.max_age,
    }
}
