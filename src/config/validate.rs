//! From what was written to what holds.

use std::path::PathBuf;

use crate::feed::By;

use super::check::Check;
use super::origin::Origins;
use super::raw::Raw;
use super::{Config, ConfigError, http, hub, log, seeds, site};

pub(super) fn validate(raw: Raw, origins: &Origins, state_directory: Option<PathBuf>) -> Result<Config, ConfigError> {
    let check = Check::new(origins);
    let site = site::settings(&check, raw.site)?;
    let seeds = seeds::settings(&check, raw.seeds)?;
    let store = if raw.store.url.is_empty() {
        Config::default_store(state_directory)
    } else {
        raw.store.url.parse().map_err(|_| check.wrong("store.url", "of the form sqlite:PATH", &raw.store.url))?
    };
    let http = http::settings(&check, raw.http)?;
    let log = log::settings(&check, raw.log)?;
    let mut warnings = Vec::new();
    if log.access.is_none() && log.access_file.is_some() {
        warnings.push("`log.access_file` is set and `log.access` is \"off\": no access log is written".to_owned());
    }
    let hub = hub::settings(&check, &raw.hub)?;
    let known = By::ALL.map(|by| (by.word(), by));
    let automatic = raw.feeds.automatic.iter().map(|word| check.word("feeds.automatic", word, &known));
    let mut automatic = automatic.collect::<Result<Vec<_>, _>>()?;
    automatic.sort_unstable();
    automatic.dedup();
    let feeds = check.feeds(&site, &raw.feeds, raw.feed)?;
    Ok(Config { site, seeds, store, http, feeds, automatic, hub, log, warnings })
}
