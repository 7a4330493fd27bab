//! What a value may be, and how one that may not is told.

use std::fmt::Display;
use std::time::Duration;

use chrono_tz::Tz;
use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::feed::clean_xml;
use crate::item::Language;

use super::ConfigError;
use super::origin::Origins;

/// Tells every finding with the place of the setting.
pub(super) struct Check<'a> {
    origins: &'a Origins,
    /// What stands before a key in a finding.
    shown: String,
    /// What stands before it in `origins`.
    place: String,
}

impl<'a> Check<'a> {
    pub(super) fn new(origins: &'a Origins) -> Self {
        Self { origins, shown: String::new(), place: String::new() }
    }
}

impl Check<'_> {
    /// The same for keys of one entry or section, which are then named without it.
    pub(super) fn within(&self, shown: &str, place: &str) -> Check<'_> {
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

    pub(super) fn text(&self, key: &str, value: &str) -> Result<String, ConfigError> {
        if value.trim().is_empty() {
            return Err(self.wrong(key, "some text", "\"\""));
        }
        Ok(value.to_owned())
    }

    /// Text that is still some in a document, which has no place for control characters.
    pub(super) fn title(&self, key: &str, value: &str) -> Result<String, ConfigError> {
        if clean_xml(value).trim().is_empty() {
            return Err(self.wrong(key, "some text", format!("{value:?}")));
        }
        if value.contains(['\n', '\r']) {
            return Err(self.wrong(key, "text in one line", format!("{value:?}")));
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

    pub(super) fn language(&self, key: &str, tag: &str) -> Result<Option<Language>, ConfigError> {
        if tag.is_empty() {
            return Ok(None);
        }
        self.tag(key, tag).map(Some)
    }

    /// No primary subtag of more than three letters is assigned (RFC 5646 §2.2.1): "english" is no language.
    pub(super) fn tag(&self, key: &str, tag: &str) -> Result<Language, ConfigError> {
        let language = Language::new(tag).filter(|language| language.primary().len() <= 3);
        language.ok_or_else(|| self.wrong(key, "a language tag such as \"en\" or \"pt-BR\"", format!("\"{tag}\"")))
    }

    pub(super) fn zone(&self, key: &str, name: &str) -> Result<Tz, ConfigError> {
        let expected = "the IANA name of a zone, such as \"UTC\" or \"Europe/Istanbul\"";
        name.parse().map_err(|_| self.wrong(key, expected, format!("\"{name}\"")))
    }

    pub(super) fn globs(&self, key: &str, patterns: &[String]) -> Result<Option<GlobSet>, ConfigError> {
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
    pub(super) fn hosts(&self, key: &str, names: &[String]) -> Result<Vec<String>, ConfigError> {
        let read = |name: &String| {
            let is_odd = name.starts_with('.') || name.ends_with('.') || name.contains('*');
            let host = url::Host::parse(name).ok().filter(|_| !is_odd);
            let expected = "host names without scheme, port, path or wildcard, such as \"example.org\"";
            host.map(|host| host.to_string()).ok_or_else(|| self.wrong(key, expected, format!("\"{name}\"")))
        };
        names.iter().map(read).collect()
    }

    pub(super) fn texts(&self, key: &str, values: &[String]) -> Result<Vec<String>, ConfigError> {
        values.iter().map(|value| self.text(key, value)).collect()
    }
}

pub(super) fn optional(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

/// Text that is still some in a document, which has no place for control characters.
pub(super) fn visible(text: String) -> Option<String> {
    optional(text).filter(|text| !clean_xml(text).trim().is_empty())
}
