//! What a start needs from the configuration, and what can stand in its way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::config::{Config, Log};
use crate::feed::{Site, page};
use crate::http::{AbsencePages, AdminNames, BindError, Limits, Listener, Settings, Tls, TlsError, TrustedProxies};
use crate::hub;
use crate::ops::AccessLog;
use crate::seed::{ScanError, WatchError};
use crate::store::StoreError;

/// Year in the tag URIs of a site that sets no `site.tag_authority`: the first in which any could have been made.
const TAG_YEAR: &str = "2026";

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The seed directory cannot be read.
    #[error("{0} (or name another one with --seeds DIR)")]
    Seeds(ScanError),
    /// A listener's address is wrong.
    #[error("`http.{key}`: {error}")]
    Address {
        /// `listen` or `admin_listen`.
        key: &'static str,
        /// What is wrong with it.
        error: BindError,
    },
    /// Certificate or key cannot be used.
    #[error("`http.tls_certificate`, `http.tls_key`")]
    Tls(#[source] TlsError),
    /// The access log cannot be written.
    #[error("`log.access_file`: cannot open `{}`: {reason}", path.display())]
    AccessLog {
        /// The file, or standard output.
        path: PathBuf,
        /// The system's words.
        reason: std::io::Error,
    },
    /// An export has no address of its own to fall back to.
    #[error(
        "`site.base_url` must be set for an export: ids and links in the documents are built from it (or give --base-url)"
    )]
    NoBaseUrl,
    /// What is exported would be read as articles.
    #[error(
        "`{}` is or lies in the seed directory, so what is exported would become articles; name another directory with \
         --out", .0.display()
    )]
    ExportIntoSeeds(PathBuf),
    /// The store would be read as an article.
    #[error(
        "the store `{}` lies in the seed directory, so its files would be read as articles; give another place with --store",
        .0.display()
    )]
    StoreInSeeds(PathBuf),
    /// The store would be published.
    #[error(
        "the store `{}` lies in the directory of the export, so it would be published; give another place with --store",
        .0.display()
    )]
    StoreInExport(PathBuf),
    /// The store is another program's, or a newer version's.
    #[error("{0}")]
    Store(StoreError),
}

impl SetupError {
    /// Whether the machine may mend it by itself: a disk is not mounted yet, a certificate not fetched. Then another start may
    /// succeed with the same settings.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Seeds(error) => !matches!(error, ScanError::NotADirectory(_)),
            Self::Tls(error) => error.is_of_the_system(),
            Self::AccessLog { .. } => true,
            Self::Address { .. }
            | Self::NoBaseUrl
            | Self::ExportIntoSeeds(_)
            | Self::StoreInSeeds(_)
            | Self::StoreInExport(_)
            | Self::Store(_) => false,
        }
    }
}

/// A failure to bind is one of the machine, unless the address itself is wrong.
pub(super) fn bind(key: &'static str, address: &str) -> anyhow::Result<Listener> {
    Listener::bind(address).map_err(|error| match error {
        BindError::Syntax(_) => SetupError::Address { key, error }.into(),
        BindError::InUse(_) if key == "admin_listen" => {
            anyhow::anyhow!("{error}: set `http.admin_listen` (\"\" turns it off)")
        }
        BindError::InUse(_) => anyhow::anyhow!("{error}: set `http.{key}`"),
        other => anyhow::Error::new(other),
    })
}

/// Certificate and key, where the configuration names them.
///
/// # Errors
/// When they cannot be used.
pub fn load_tls(config: &Config) -> Result<Option<Arc<Tls>>, SetupError> {
    let files = config.http.tls.as_ref();
    files.map(|(certificate, key)| Tls::load(certificate, key)).transpose().map_err(SetupError::Tls)
}

/// Has answers logged as the section says from now on.
pub(super) fn open_access_log(access: &AccessLog, log: &Log) -> Result<(), SetupError> {
    let file = log.access_file.as_deref();
    access.configure(log.access, file).map_err(|reason| {
        let path = file.unwrap_or(Path::new("standard output")).to_owned();
        SetupError::AccessLog { path, reason }
    })
}

pub(super) fn watch_error(error: WatchError) -> anyhow::Error {
    match error {
        WatchError::Root(error) => SetupError::Seeds(error).into(),
        other => other.into(),
    }
}

pub(super) fn store_error(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Newer { .. } | StoreError::Foreign { .. } | StoreError::Url(_) => SetupError::Store(error).into(),
        other => other.into(),
    }
}

/// What all documents share.
pub(super) fn site(config: &Config, base_url: &str, id_base: &str) -> Site {
    let own = config.hub.is_enabled.then(|| format!("{base_url}{}", hub::PATH));
    Site {
        title: config.site.title.clone(),
        icon: config.site.icon.clone(),
        cloud: config.hub.takes_rsscloud.then(|| format!("{base_url}{}", hub::CLOUD_PATH)),
        base_url: base_url.to_owned(),
        is_unconfigured: config.site.base_url.is_none(),
        id_base: id_base.to_owned(),
        language: config.site.language.clone(),
        author: config.site.author.clone(),
        hubs: own.into_iter().chain(config.hub.external.iter().cloned()).collect(),
    }
}

/// How the server answers.
pub(super) fn settings(site: &Site, config: &Config) -> Settings {
    let http = &config.http;
    let base_path = url::Url::parse(&site.base_url).map(|url| url.path().trim_end_matches('/').to_owned());
    Settings {
        base_path: base_path.unwrap_or_default(),
        content_security_policy: page::content_security_policy(site.icon.as_deref()),
        absence: AbsencePages {
            // Without a page there is still the line of text.
            missing: page::not_found(site).ok().map(Bytes::from),
            gone: page::gone(site).ok().map(Bytes::from),
        },
        trusted_proxies: TrustedProxies::new(http.trusted_proxies.iter().map(String::as_str))
            .expect("the configuration was checked")
            .writing(http.forwarded),
        admin_names: http.admin_listen.as_deref().map(AdminNames::of).unwrap_or_default(),
        limits: Limits {
            idle: http.idle,
            connections: http.max_connections,
            connections_per_address: http.max_connections_per_address,
            requests_per_second: http.requests_per_second.into(),
            request_burst: http.request_burst,
            unconditional_per_hour: http.unconditional_per_hour,
            ..Limits::default()
        },
        spool: config
            .store
            .path()
            .parent()
            .map(|parent| if parent.as_os_str().is_empty() { ".".into() } else { parent.into() }),
        ..Settings::default()
    }
}

/// The address of the first listener as a URL.
pub(super) fn listener_url(listener: &Listener) -> String {
    let url = listener.to_string();
    let scheme = if url.starts_with("https:") { "https" } else { "http" };
    match listener.local_address() {
        // A wildcard is no address that anyone can ask.
        Some(address) if address.ip().is_unspecified() => format!("{scheme}://localhost:{}", address.port()),
        Some(address) => format!("{scheme}://{address}"),
        None => "http://localhost".to_owned(),
    }
}

/// RFC 4151 authority for the ids of seeds without a URL: the configured one, else the host of the base URL.
#[must_use]
pub fn tag_authority(config: &Config, base_url: &str) -> String {
    config.site.tag_authority.clone().unwrap_or_else(|| {
        let host = url::Url::parse(base_url).ok().and_then(|url| url.domain().map(str::to_ascii_lowercase));
        format!("{},{TAG_YEAR}", host.as_deref().unwrap_or("localhost"))
    })
}
