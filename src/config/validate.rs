//! From what was written to what holds: ranges, names, globs, URLs.

use std::collections::HashSet;
use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::feed::{By, Content, Definition, Filter, Limits, clean_xml};
use crate::item::Language;
use crate::ops::AccessStyle;
use crate::seed;

use super::http::settings as http_settings;
use super::hub::settings as hub_settings;
use super::origin::Origins;
use super::raw::{Raw, RawFeed, RawFeeds, RawRule};
use super::{Config, ConfigError, Log, Rule, Seeds, SilentEdit, Site};

/// Tells every finding with the place of the setting.
pub(super) struct Check<'a> {
    origins: &'a Origins,
    /// What stands before a key in a finding.
    shown: String,
    /// What stands before it in `origins`.
    place: String,
}

pub(super) fn validate(raw: Raw, origins: &Origins, state_directory: Option<PathBuf>) -> Result<Config, ConfigError> {
    let check = Check { origins, shown: String::new(), place: String::new() };
    let Raw { site, seeds, store, http, feeds, feed, hub, log } = raw;
    let site = Site {
        title: check.title("site.title", &site.title)?,
        description: visible(site.description),
        icon: check.icon(&site.icon)?,
        base_url: check.base_url(&site.base_url)?,
        language: check.language("site.language", &site.language)?,
        time_zone: check.zone("site.time_zone", &site.time_zone)?,
        author: visible(site.author),
        tag_authority: check.tag_authority(&site.tag_authority)?,
    };
    let mode =
        check.word("seeds.watch", &seeds.watch, &[("events", seed::Mode::Events), ("poll", seed::Mode::Poll)])?;
    let poll = check.seconds("seeds.poll_seconds", seeds.poll_seconds, 1, 86_400)?;
    let reconcile = check.seconds("seeds.reconcile_seconds", seeds.reconcile_seconds, 1, 86_400)?;
    let seeds = Seeds {
        options: seed::Options {
            directory: PathBuf::from(check.text("seeds.directory", &seeds.directory)?),
            mode,
            include: check.globs("seeds.include", &seeds.include)?,
            exclude: check.globs("seeds.exclude", &seeds.exclude)?,
            max_bytes: check.range("seeds.max_bytes", seeds.max_bytes, 1, seed::MAX_BYTES)?.unsigned_abs(),
            reconcile: if mode == seed::Mode::Poll { poll } else { reconcile },
        },
        confirm_after: reconcile,
        withdraw_after: check.seconds("seeds.withdraw_after_seconds", seeds.withdraw_after_seconds, 0, 86_400)?,
        tombstones: TimeDelta::days(check.range("seeds.tombstone_days", seeds.tombstone_days, 0, 3650)?),
        silent_edit: check.word(
            "seeds.silent_edit",
            &seeds.silent_edit,
            &[("keep", SilentEdit::Keep), ("bump", SilentEdit::Bump)],
        )?,
        directory_categories: seeds.directory_categories,
        rules: (seeds.rule.into_iter().enumerate())
            .map(|(at, rule)| check.within("seeds.rule.", &format!("seeds.rule.{at}.")).rule(rule))
            .collect::<Result<_, _>>()?,
    };
    let store = if store.url.is_empty() {
        Config::default_store(state_directory)
    } else {
        store.url.parse().map_err(|_| check.wrong("store.url", "of the form sqlite:PATH", &store.url))?
    };
    let http = http_settings(&check, http)?;
    let log = Log {
        level: check.level(&log.level)?,
        is_json: check.word("log.format", &log.format, &[("text", false), ("json", true)])?,
        access: check.word(
            "log.access",
            &log.access,
            &[("off", None), ("combined", Some(AccessStyle::Combined)), ("json", Some(AccessStyle::Json))],
        )?,
        access_file: optional(log.access_file).map(PathBuf::from),
    };
    let hub = hub_settings(&check, &hub)?;
    let known = By::ALL.map(|by| (by.word(), by));
    let automatic = feeds.automatic.iter().map(|word| check.word("feeds.automatic", word, &known));
    let mut automatic = automatic.collect::<Result<Vec<_>, _>>()?;
    automatic.sort_unstable();
    automatic.dedup();
    let feeds = check.feeds(&site, &feeds, feed)?;
    Ok(Config { site, seeds, store, http, feeds, automatic, hub, log })
}

pub(super) fn optional(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

/// Text that is still some in a document, which has no place for control characters.
fn visible(text: String) -> Option<String> {
    optional(text).filter(|text| !clean_xml(text).trim().is_empty())
}

impl Check<'_> {
    /// The same for keys of one entry or section, which are then named without it.
    fn within(&self, shown: &str, place: &str) -> Check<'_> {
        Check { origins: self.origins, shown: shown.to_owned(), place: place.to_owned() }
    }

    pub(super) fn wrong(&self, key: &str, expected: impl Display, value: impl Display) -> ConfigError {
        ConfigError::Value {
            origin: self.origins.of(&format!("{}{key}", self.place)),
            key: format!("{}{key}", self.shown),
            expected: expected.to_string(),
            value: value.to_string(),
        }
    }

    fn text(&self, key: &str, value: &str) -> Result<String, ConfigError> {
        if value.trim().is_empty() {
            return Err(self.wrong(key, "some text", "\"\""));
        }
        Ok(value.to_owned())
    }

    /// Text that is still some in a document, which has no place for control characters.
    fn title(&self, key: &str, value: &str) -> Result<String, ConfigError> {
        if clean_xml(value).trim().is_empty() {
            return Err(self.wrong(key, "some text", format!("{value:?}")));
        }
        Ok(value.to_owned())
    }

    pub(super) fn range(&self, key: &str, value: i64, low: i64, high: i64) -> Result<i64, ConfigError> {
        if (low..=high).contains(&value) {
            return Ok(value);
        }
        Err(self.wrong(key, format!("between {low} and {high}"), value))
    }

    pub(super) fn seconds(&self, key: &str, value: i64, low: i64, high: i64) -> Result<Duration, ConfigError> {
        Ok(Duration::from_secs(self.range(key, value, low, high)?.unsigned_abs()))
    }

    pub(super) fn count(&self, key: &str, value: i64, low: i64, high: i64) -> Result<usize, ConfigError> {
        Ok(usize::try_from(self.range(key, value, low, high)?).expect("the range is positive"))
    }

    pub(super) fn number(&self, key: &str, value: i64, low: u32, high: u32) -> Result<u32, ConfigError> {
        let checked = self.range(key, value, low.into(), high.into())?;
        Ok(u32::try_from(checked).expect("the range is one of u32"))
    }

    pub(super) fn word<T: Copy>(&self, key: &str, value: &str, known: &[(&str, T)]) -> Result<T, ConfigError> {
        let found = known.iter().find(|(word, _)| *word == value);
        let words: Vec<String> = known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        found.map(|(_, meaning)| *meaning).ok_or_else(|| self.wrong(key, words.join(" or "), format!("\"{value}\"")))
    }

    fn language(&self, key: &str, tag: &str) -> Result<Option<Language>, ConfigError> {
        if tag.is_empty() {
            return Ok(None);
        }
        let language = Language::new(tag);
        language.map(Some).ok_or_else(|| self.wrong(key, "a language tag such as \"en\" or \"pt-BR\"", tag))
    }

    fn zone(&self, key: &str, name: &str) -> Result<Tz, ConfigError> {
        let expected = "the IANA name of a zone, such as \"UTC\" or \"Europe/Istanbul\"";
        name.parse().map_err(|_| self.wrong(key, expected, format!("\"{name}\"")))
    }

    fn base_url(&self, text: &str) -> Result<Option<String>, ConfigError> {
        if text.is_empty() {
            return Ok(None);
        }
        let expected =
            "an absolute http or https URL without query, fragment or user, such as \"https://example.org/news\"";
        let wrong = || self.wrong("site.base_url", expected, format!("\"{text}\""));
        let url = url::Url::parse(text).map_err(|_| wrong())?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !is_plain {
            return Err(wrong());
        }
        Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
    }

    fn icon(&self, text: &str) -> Result<Option<String>, ConfigError> {
        if text.is_empty() {
            return Ok(None);
        }
        let expected = "an absolute http or https URL without user, such as \"https://example.org/icon.png\"";
        let wrong = || self.wrong("site.icon", expected, format!("\"{text}\""));
        let url = url::Url::parse(text).map_err(|_| wrong())?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none();
        if is_plain { Ok(Some(url.into())) } else { Err(wrong()) }
    }

    fn tag_authority(&self, text: &str) -> Result<Option<String>, ConfigError> {
        if text.is_empty() {
            return Ok(None);
        }
        // RFC 4151 §2.1: authorityName "," date, the date as YYYY, YYYY-MM or YYYY-MM-DD.
        let is_right = text.split_once(',').is_some_and(|(name, date)| {
            let is_name = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.@_".contains(&b));
            let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
            is_name && ["9999", "9999-99", "9999-99-99"].contains(&shape.as_str())
        });
        if is_right {
            return Ok(Some(text.to_owned()));
        }
        Err(self.wrong("site.tag_authority", "\"domain,date\", such as \"example.org,2026\"", format!("\"{text}\"")))
    }

    fn globs(&self, key: &str, patterns: &[String]) -> Result<Option<GlobSet>, ConfigError> {
        if patterns.is_empty() {
            return Ok(None);
        }
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            if pattern.is_empty() || pattern.starts_with('/') || pattern.starts_with("./") {
                let expected = "globs over the path below the seed directory, such as \"world/**\"";
                return Err(self.wrong(key, expected, format!("\"{pattern}\"")));
            }
            let glob = Glob::new(pattern);
            set.add(glob.map_err(|e| self.wrong(key, format!("a glob ({})", e.kind()), format!("\"{pattern}\"")))?);
        }
        let built = set.build();
        built.map(Some).map_err(|e| self.wrong(key, format!("globs ({e})"), format!("{patterns:?}")))
    }

    /// Host names in the form in which the sources of items are written.
    fn hosts(&self, key: &str, names: &[String]) -> Result<Vec<String>, ConfigError> {
        let read = |name: &String| {
            let is_odd = name.starts_with('.') || name.ends_with('.') || name.contains('*');
            let host = url::Host::parse(name).ok().filter(|_| !is_odd);
            let expected = "host names without scheme, port, path or wildcard, such as \"example.org\"";
            host.map(|host| host.to_string()).ok_or_else(|| self.wrong(key, expected, format!("\"{name}\"")))
        };
        names.iter().map(read).collect()
    }

    fn texts(&self, key: &str, values: &[String]) -> Result<Vec<String>, ConfigError> {
        values.iter().map(|value| self.text(key, value)).collect()
    }

    /// A word alone that is no level would be taken for the name of an area, and all others would be silent.
    fn level(&self, text: &str) -> Result<String, ConfigError> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        let is_right = |one: &str| one.contains('=') || LEVELS.iter().any(|level| one.eq_ignore_ascii_case(level));
        if text.split(',').map(str::trim).all(is_right) && text.parse::<tracing_subscriber::EnvFilter>().is_ok() {
            return Ok(text.to_owned());
        }
        let expected =
            "error, warn, info, debug, trace or off, or levels per area such as \"info,seedcast::http=debug\"";
        Err(self.wrong("log.level", expected, format!("\"{text}\"")))
    }

    fn rule(&self, raw: RawRule) -> Result<Rule, ConfigError> {
        if raw.paths.is_empty() && raw.sources.is_empty() {
            return Err(self.wrong("paths", "given, or `sources`, for the rule to match", "neither"));
        }
        Ok(Rule {
            paths: self.globs("paths", &raw.paths)?,
            sources: self.hosts("sources", &raw.sources)?,
            language: self.language("language", raw.language.as_deref().unwrap_or_default())?,
            time_zone: raw.time_zone.map(|name| self.zone("time_zone", &name)).transpose()?,
        })
    }

    fn feeds(&self, site: &Site, defaults: &RawFeeds, raw: Vec<RawFeed>) -> Result<Vec<Definition>, ConfigError> {
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
        let languages = raw.languages.iter().map(|tag| {
            let expected = "language tags such as \"en\" or \"pt-BR\"";
            Language::new(tag).ok_or_else(|| self.wrong("languages", expected, format!("\"{tag}\"")))
        });
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
