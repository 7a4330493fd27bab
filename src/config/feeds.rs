//! Sections `[feeds]` and `[[feed]]`.

use std::collections::HashSet;

use crate::feed::{Content, Definition, Filter, Limits};

use super::check::{Check, visible};
use super::raw::{RawFeed, RawFeeds};
use super::{ConfigError, Site};

impl Check<'_> {
    pub(super) fn feeds(
        &self,
        site: &Site,
        defaults: &RawFeeds,
        raw: Vec<RawFeed>,
    ) -> Result<Vec<Definition>, ConfigError> {
        let section = self.within("feeds.", "feeds.");
        let everything = Definition {
            path: String::new(),
            title: site.title.clone(),
            description: site.description.clone(),
            filter: Filter::default(),
            limits: section.limits(defaults, None)?,
            content: section.content("content", &defaults.content)?,
            max_age: section.seconds("max_age_seconds", defaults.max_age_seconds, 0, 86_400)?,
        };
        let mut feeds = vec![everything];
        let mut names = HashSet::new();
        for (at, feed) in raw.into_iter().enumerate() {
            let place = format!("feed.{at}.");
            let entry = self.within("feed.", &place);
            let is_name = (1..=64).contains(&feed.name.len())
                && feed.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !is_name {
                return Err(entry.wrong("name", "1 to 64 of a-z, 0-9 and -", format!("\"{}\"", feed.name)));
            }
            if !names.insert(feed.name.clone()) {
                return Err(entry.wrong("name", "different for every feed", format!("\"{}\" twice", feed.name)));
            }
            let entry = self.within(&format!("feed {}: ", feed.name), &place);
            feeds.push(entry.feed(&site.title, defaults, &feed)?);
        }
        Ok(feeds)
    }

    fn feed(&self, site: &str, defaults: &RawFeeds, raw: &RawFeed) -> Result<Definition, ConfigError> {
        let languages = raw.languages.iter().map(|tag| self.tag("languages", tag));
        let filter = Filter {
            sources: self.hosts("sources", &raw.sources)?,
            paths: self.globs("paths", &raw.paths)?,
            patterns: raw.paths.clone(),
            languages: languages.collect::<Result<_, _>>()?,
            categories: self.texts("categories", &raw.categories)?,
            words: self.texts("words", &raw.words)?,
        };
        let max_age = raw.max_age_seconds.unwrap_or(defaults.max_age_seconds);
        Ok(Definition {
            path: format!("/feeds/{}", raw.name),
            title: match &raw.title {
                Some(title) => self.title("title", title)?,
                None => format!("{site}: {}", raw.name),
            },
            description: raw.description.clone().and_then(visible),
            filter,
            limits: self.limits(defaults, Some(raw))?,
            content: self.content("content", raw.content.as_deref().unwrap_or(&defaults.content))?,
            max_age: self.seconds("max_age_seconds", max_age, 0, 86_400)?,
        })
    }

    fn limits(&self, defaults: &RawFeeds, feed: Option<&RawFeed>) -> Result<Limits, ConfigError> {
        let pick = |own: Option<i64>, default: i64| own.unwrap_or(default);
        let items = pick(feed.and_then(|f| f.items), defaults.items);
        let window = pick(feed.and_then(|f| f.window_hours), defaults.window_hours);
        let max_items = pick(feed.and_then(|f| f.max_items), defaults.max_items);
        let max_bytes = pick(feed.and_then(|f| f.max_bytes), defaults.max_bytes);
        let limits = Limits {
            items: self.count("items", items, 1, 1_000_000)?,
            window: self.seconds("window_hours", window, 0, 168)? * 3600,
            max_items: self.count("max_items", max_items, 1, 1_000_000)?,
            max_bytes: self.count("max_bytes", max_bytes, 1024, 1 << 30)?,
        };
        if limits.items > limits.max_items {
            let expected = format!("at most max_items ({})", limits.max_items);
            return Err(self.wrong("items", expected, limits.items));
        }
        Ok(limits)
    }

    fn content(&self, key: &str, word: &str) -> Result<Content, ConfigError> {
        self.word(key, word, &[("full", Content::Full), ("summary", Content::Summary)])
    }
}
