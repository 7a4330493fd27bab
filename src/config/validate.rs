//! From what was written to what holds.

use std::path::PathBuf;

use chrono::TimeDelta;

use crate::feed::By;
use crate::ops::AccessStyle;
use crate::seed;

use super::check::{Check, optional, visible};
use super::http::settings as http_settings;
use super::hub::settings as hub_settings;
use super::origin::Origins;
use super::raw::{Raw, RawRule};
use super::{Config, ConfigError, Log, Rule, Seeds, SilentEdit, Site};

pub(super) fn validate(raw: Raw, origins: &Origins, state_directory: Option<PathBuf>) -> Result<Config, ConfigError> {
    let check = Check::new(origins);
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
    if let Some(both) = seeds.include.iter().find(|pattern| seeds.exclude.contains(pattern)) {
        return Err(check.wrong("seeds.exclude", "other globs than those of include", format!("\"{both}\"")));
    }
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
        tombstone_age: TimeDelta::days(check.range("seeds.tombstone_days", seeds.tombstone_days, 0, 3650)?),
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
    let mut warnings = Vec::new();
    if log.access.is_none() && log.access_file.is_some() {
        warnings.push("`log.access_file` is set and `log.access` is \"off\": no access log is written".to_owned());
    }
    let hub = hub_settings(&check, &hub)?;
    let known = By::ALL.map(|by| (by.word(), by));
    let automatic = feeds.automatic.iter().map(|word| check.word("feeds.automatic", word, &known));
    let mut automatic = automatic.collect::<Result<Vec<_>, _>>()?;
    automatic.sort_unstable();
    automatic.dedup();
    let feeds = check.feeds(&site, &feeds, feed)?;
    Ok(Config { site, seeds, store, http, feeds, automatic, hub, log, warnings })
}

impl Check<'_> {
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
        let rule = Rule {
            paths: self.globs("paths", &raw.paths)?,
            sources: self.hosts("sources", &raw.sources)?,
            language: self.language("language", raw.language.as_deref().unwrap_or_default())?,
            time_zone: raw.time_zone.map(|name| self.zone("time_zone", &name)).transpose()?,
        };
        if rule.language.is_none() && rule.time_zone.is_none() {
            return Err(self.wrong("language", "given, or `time_zone`, for the rule to declare", "neither"));
        }
        Ok(rule)
    }
}
