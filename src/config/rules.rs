//! What is declared for some directories or hosts.

use chrono_tz::Tz;
use globset::GlobSet;

use crate::item::{Language, SeedPath, host};

/// A `[[seeds.rule]]`: language and zone of the seeds it matches.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Globs over the seed path; `None`: any.
    pub paths: Option<GlobSet>,
    /// Hosts, sub-domains included; empty: any.
    pub sources: Vec<String>,
    /// Declared language.
    pub language: Option<Language>,
    /// Zone of times without an offset.
    pub time_zone: Option<Tz>,
}

impl Rule {
    /// Whether the rule speaks of the seed at `path` from `host`.
    #[must_use]
    pub fn matches(&self, path: &SeedPath, host: Option<&str>) -> bool {
        let is_host = |wanted: &String| host.is_some_and(|own| host::is_within(own, wanted));
        self.paths.as_ref().is_none_or(|globs| globs.is_match(path.as_path()))
            && (self.sources.is_empty() || self.sources.iter().any(is_host))
    }
}
