//! Settings: read once, checked once, then only values.
//!
//! Order: command line > environment > file > default. The defaults are those of the embedded file, which is also the
//! list of all keys.

mod check;
mod credential;
mod error;
mod feeds;
mod http;
mod hub;
mod layers;
mod log;
mod origin;
mod raw;
mod rules;
mod seeds;
mod shape;
mod site;
mod validate;
mod variables;

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;

pub use credential::Purpose;
pub use error::ConfigError;
pub use layers::{Overrides, load};
pub use rules::Rule;

use crate::feed::{By, Definition};
use crate::http::ForwardedField;
use crate::item::Language;
use crate::ops::AccessStyle;
use crate::seed;
use crate::store::{self, StoreUrl};

/// The default file, every key explained; `seedcast default-config` prints it.
pub const DEFAULT_FILE: &str = include_str!("../config/seedcast.toml");

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Section `[site]`.
    pub site: Site,
    /// Section `[seeds]`.
    pub seeds: Seeds,
    /// Section `[store]`.
    pub store: StoreUrl,
    /// Section `[http]`.
    pub http: Http,
    /// The feed of everything first, then the `[[feed]]` entries in their order.
    pub feeds: Vec<Definition>,
    /// Section `[hub]`.
    pub hub: crate::hub::Settings,
    /// `feeds.automatic`: the kinds of feeds that need no configuration.
    pub automatic: Vec<By>,
    /// Section `[log]`.
    pub log: Log,
    /// What is odd about the settings and no reason to refuse them, in words.
    pub warnings: Vec<String>,
}

/// Section `[site]`.
#[derive(Clone, Debug)]
pub struct Site {
    /// Plain text.
    pub title: String,
    /// Plain text; `None`: not claimed.
    pub description: Option<String>,
    /// Absolute http(s) URL of a picture; `None`: none.
    pub icon: Option<String>,
    /// Without a trailing slash; `None`: the address of the first listener.
    pub base_url: Option<String>,
    /// `None`: not claimed.
    pub language: Option<Language>,
    /// For times without an offset.
    pub time_zone: Tz,
    /// `None`: not claimed.
    pub author: Option<String>,
    /// RFC 4151 "domain,date"; `None`: from the base URL.
    pub tag_authority: Option<String>,
}

/// Section `[seeds]`.
#[derive(Clone, Debug)]
pub struct Seeds {
    /// What is looked at, and how.
    pub options: seed::Options,
    /// How long a mass removal must last before it counts as meant, whatever the watch: `seeds.reconcile_seconds`.
    pub confirm_after: Duration,
    /// How long a seed must be gone before it is withdrawn.
    pub withdraw_after: Duration,
    /// For how long after its withdrawal an item is named as withdrawn.
    pub tombstone_age: TimeDelta,
    /// What an edit under an unchanged update time does.
    pub silent_edit: SilentEdit,
    /// Whether sub-directories become categories.
    pub directory_categories: bool,
    /// Declarations per directory or host, in order.
    pub rules: Vec<Rule>,
}

/// `seeds.silent_edit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilentEdit {
    /// Replace the content, leave `updated`.
    Keep,
    /// Set `updated` to the time the edit was seen.
    Bump,
}

/// Section `[http]`.
#[derive(Clone, Debug)]
pub struct Http {
    /// At least one.
    pub listen: Vec<String>,
    /// `None`: no admin listener.
    pub admin_listen: Option<String>,
    /// Certificate and key, PEM files; `None`: no TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whose word about the client's address is taken.
    pub trusted_proxies: Vec<String>,
    /// The field in which they say it.
    pub forwarded: ForwardedField,
    /// How long a stop waits for answers under way.
    pub drain: Duration,
    /// How long a connection may stay open between two requests.
    pub idle: Duration,
    /// Open connections in all.
    pub max_connections: usize,
    /// Open connections of one address.
    pub max_connections_per_address: usize,
    /// Requests that an address may go on making; 0: any number.
    pub requests_per_second: u32,
    /// Requests that an address may make at once before that.
    pub request_burst: u32,
    /// Times an hour that one program at an address may fetch one feed whole without a validator; 0: any number.
    pub unconditional_per_hour: u32,
    /// Whether readers that ask for it are sent only what is new in a feed.
    pub has_deltas: bool,
}

/// Section `[log]`.
#[derive(Clone, Debug)]
pub struct Log {
    /// A filter of `tracing-subscriber`.
    pub level: String,
    /// JSON lines instead of text.
    pub is_json: bool,
    /// How answers are logged; `None`: not at all.
    pub access: Option<AccessStyle>,
    /// Where; `None`: on standard output.
    pub access_file: Option<PathBuf>,
}

impl Config {
    /// Logs what is odd about the settings.
    pub fn warn(&self) {
        self.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    }

    /// The file the store is kept in when the configuration names none: in `$STATE_DIRECTORY`, else in `./var`.
    #[must_use]
    pub fn default_store(state_directory: Option<PathBuf>) -> StoreUrl {
        StoreUrl::sqlite(state_directory.unwrap_or_else(|| PathBuf::from("var")).join(store::FILE_NAME))
    }
}
