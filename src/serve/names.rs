//! What ids begin with: kept in the store from the first use, since an address may change and an id must not.

use url::{Host, Url};

use crate::config::Config;
use crate::store::{Store, StoreError};

use super::setup::tag_authority;

/// The base URL that the ids of feeds begin with.
const ID_BASE: &str = "id_base";
/// The authority of new ids of articles without a URL, where the configuration names none.
const TAG_AUTHORITY: &str = "tag_authority";
/// The last base URL that was configured.
const BASE_URL: &str = "base_url";

/// What ids are made of.
pub(super) struct Names {
    /// Base URL in the ids of feeds.
    pub id_base: String,
    /// RFC 4151 authority of new ids of articles without a URL.
    pub tag_authority: String,
}

impl Names {
    /// Takes them from the store, or for the first time from the configuration; tells when the base URL has changed. One
    /// that is not configured, or means this machine alone, is from before the service was set up and is not kept.
    ///
    /// # Errors
    /// When the store cannot be read, or there is something to keep and it cannot be written.
    pub(super) fn settle(store: &mut Store, config: &Config, base_url: &str) -> Result<Self, StoreError> {
        let mut batch = store.batch()?;
        let id_base = batch.meta(ID_BASE)?;
        let before = batch.meta(BASE_URL)?;
        let kept_authority = batch.meta(TAG_AUTHORITY)?;
        let authority = match (&config.site.tag_authority, &kept_authority) {
            (None, Some(kept)) => kept.clone(),
            _ => tag_authority(config, base_url),
        };
        let is_lasting = config.site.base_url.is_some() && !is_of_this_machine(base_url);
        let keeps_authority = config.site.tag_authority.is_none() && !is_local(&authority);
        for (name, value, is_to_be_kept) in [
            (ID_BASE, base_url, id_base.is_none()),
            (BASE_URL, base_url, before.as_deref() != Some(base_url)),
            (TAG_AUTHORITY, authority.as_str(), keeps_authority && kept_authority.is_none()),
        ] {
            if is_lasting && is_to_be_kept {
                batch.set_meta(name, value)?;
            }
        }
        batch.commit()?;
        if let Some(before) = before.filter(|before| before != base_url) {
            tracing::warn!(
                "`site.base_url` has changed from {before} to {base_url}: redirect {before} to {base_url} (308); \
                 subscribers to topics under {before} get nothing more"
            );
        }
        Ok(Self { id_base: id_base.unwrap_or_else(|| base_url.to_owned()), tag_authority: authority })
    }

    /// Warns of ids that are nobody's: for a start, when there may still be time.
    pub(super) fn warn_of_local(&self, config: &Config) {
        if config.site.tag_authority.is_some() || !is_local(&self.tag_authority) {
            return;
        }
        let (what, advice) = match config.site.base_url {
            None => ("is not set", "set it"),
            Some(_) => ("has no domain name", "set `site.tag_authority`, such as \"example.org,2026\","),
        };
        tracing::warn!(
            "`site.base_url` {what}: articles without a URL get ids under \"localhost\", and keep them; {advice} before \
             anybody subscribes"
        );
    }
}

/// Whether an authority is the one that stands in for the host of a base URL.
fn is_local(authority: &str) -> bool {
    authority.starts_with("localhost,")
}

/// Whether nobody on another machine can use the URL.
fn is_of_this_machine(base_url: &str) -> bool {
    match Url::parse(base_url).as_ref().map(Url::host) {
        Ok(Some(Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Some(Host::Ipv4(address))) => address.is_loopback() || address.is_unspecified(),
        Ok(Some(Host::Ipv6(address))) => address.is_loopback() || address.is_unspecified(),
        Ok(None) | Err(_) => true,
    }
}
