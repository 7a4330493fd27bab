//! Section `[log]`.

use std::path::PathBuf;

use crate::ops::AccessStyle;

use super::check::{Check, optional};
use super::raw::RawLog;
use super::{ConfigError, Log};

pub(super) fn settings(check: &Check<'_>, log: RawLog) -> Result<Log, ConfigError> {
    Ok(Log {
        level: check.level(&log.level)?,
        is_json: check.word("log.format", &log.format, &[("text", false), ("json", true)])?,
        access: check.word(
            "log.access",
            &log.access,
            &[("off", None), ("combined", Some(AccessStyle::Combined)), ("json", Some(AccessStyle::Json))],
        )?,
        access_file: optional(log.access_file).map(PathBuf::from),
    })
}

impl Check<'_> {
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
}
