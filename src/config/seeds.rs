//! Section `[seeds]`.

use std::path::PathBuf;

use chrono::TimeDelta;

use crate::seed;

use super::check::Check;
use super::raw::{RawRule, RawSeeds};
use super::{ConfigError, Rule, Seeds, SilentEdit};

pub(super) fn settings(check: &Check<'_>, seeds: RawSeeds) -> Result<Seeds, ConfigError> {
    let mode =
        check.word("seeds.watch", &seeds.watch, &[("events", seed::Mode::Events), ("poll", seed::Mode::Poll)])?;
    if let Some(both) = seeds.include.iter().find(|pattern| seeds.exclude.contains(pattern)) {
        return Err(check.wrong("seeds.exclude", "other globs than those of include", format!("\"{both}\"")));
    }
    let poll = check.seconds("seeds.poll_seconds", seeds.poll_seconds, 1, 86_400)?;
    let reconcile = check.seconds("seeds.reconcile_seconds", seeds.reconcile_seconds, 1, 86_400)?;
    Ok(Seeds {
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
    })
}

impl Check<'_> {
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
