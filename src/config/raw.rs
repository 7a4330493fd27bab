//! The file as written: the shape that serde checks, before values are.
//!
//! Keys may be absent only so that serde can read a file by itself and tell the place of a mistake in it; what is used has
//! every key, from the embedded defaults.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub site: RawSite,
    pub seeds: RawSeeds,
    pub store: RawStore,
    pub http: RawHttp,
    pub feeds: RawFeeds,
    #[serde(default)]
    pub feed: Vec<RawFeed>,
    pub hub: RawHub,
    pub log: RawLog,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawSite {
    pub title: String,
    pub description: String,
    pub icon: String,
    pub base_url: String,
    pub language: String,
    pub time_zone: String,
    pub author: String,
    pub tag_authority: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawSeeds {
    pub directory: String,
    pub watch: String,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub max_bytes: i64,
    pub poll_seconds: i64,
    pub reconcile_seconds: i64,
    pub withdraw_after_seconds: i64,
    pub tombstone_days: i64,
    pub silent_edit: String,
    pub directory_categories: bool,
    #[serde(default)]
    pub rule: Vec<RawRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    #[serde(default)]
    pub paths: Vec<String>,
    #[serde(default)]
    pub sources: Vec<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStore {
    pub url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawHttp {
    pub listen: Vec<String>,
    pub admin_listen: String,
    pub tls_certificate: String,
    pub tls_key: String,
    pub trusted_proxies: Vec<String>,
    pub forwarded: String,
    pub drain_seconds: i64,
    pub idle_seconds: i64,
    pub max_connections: i64,
    pub max_connections_per_address: i64,
    pub requests_per_second: i64,
    pub request_burst: i64,
    pub unconditional_per_hour: i64,
    pub deltas: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFeeds {
    pub automatic: Vec<String>,
    pub items: i64,
    pub window_hours: i64,
    pub max_items: i64,
    pub max_bytes: i64,
    pub content: String,
    pub max_age_seconds: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFeed {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub sources: Vec<String>,
    #[serde(default)]
    pub paths: Vec<String>,
    #[serde(default)]
    pub languages: Vec<String>,
    #[serde(default)]
    pub categories: Vec<String>,
    #[serde(default)]
    pub words: Vec<String>,
    pub items: Option<i64>,
    pub window_hours: Option<i64>,
    pub max_items: Option<i64>,
    pub max_bytes: Option<i64>,
    pub content: Option<String>,
    pub max_age_seconds: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLog {
    pub level: String,
    pub format: String,
    pub access: String,
    pub access_file: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawHub {
    pub enabled: bool,
    pub rsscloud: bool,
    pub external: Vec<String>,
    pub allow_callbacks: Vec<String>,
    pub callback_ports: Vec<Word>,
    pub min_lease_seconds: i64,
    pub max_lease_seconds: i64,
    pub default_lease_seconds: i64,
    pub signature: String,
    pub timeout_seconds: i64,
    pub retry_seconds: Vec<Word>,
    pub concurrency: i64,
    pub concurrency_per_host: i64,
    pub max_subscriptions: i64,
    pub max_subscriptions_per_host: i64,
}

/// A number, which an environment variable can only give as text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Word {
    Number(i64),
    Text(String),
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}
