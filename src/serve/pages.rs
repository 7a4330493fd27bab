//! Pages that are made when somebody asks: one for each item.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::feed::{CachePolicy, Document, Site, page};
use crate::http::{OnDemand, Rendered};
use crate::store::{Reader, State};

/// How long a copy of an item's page may be used.
const MAX_AGE: Duration = Duration::from_secs(300);

/// Renders item pages from the store.
#[derive(Debug)]
pub(super) struct ItemPages {
    reader: Reader,
    site: ArcSwap<Site>,
}

impl ItemPages {
    pub(super) fn new(reader: Reader, site: Site) -> Self {
        Self { reader, site: ArcSwap::from_pointee(site) }
    }

    /// Pages made from now on are of this site.
    pub(super) fn set_site(&self, site: Site) {
        self.site.store(Arc::new(site));
    }

    fn page(&self, handle: &str) -> anyhow::Result<Rendered> {
        let Some(row) = self.reader.item_by_handle(handle)? else { return Ok(Rendered::Missing) };
        Ok(match row.state {
            State::Withdrawn => Rendered::Gone,
            State::Scheduled => Rendered::Missing,
            State::Live => {
                let html = page::item(&self.site.load(), &row.item)?;
                let cache = CachePolicy { max_age: MAX_AGE, is_stable: false };
                let modified = ceiling(row.changed_at);
                Rendered::Found(Document::new("text/html; charset=utf-8", html, modified, cache, None))
            }
        })
    }
}

/// Rounded up to a whole second, as the validators of feeds are.
fn ceiling(at: DateTime<Utc>) -> DateTime<Utc> {
    let floor = at.trunc_subsecs(0);
    if floor == at { at } else { floor + TimeDelta::seconds(1) }
}

impl OnDemand for ItemPages {
    fn render(&self, path: &str) -> Rendered {
        let Some(rest) = path.strip_prefix("/items/") else { return Rendered::Missing };
        let (handle, is_page) = match rest.strip_suffix('/') {
            Some(handle) => (handle, true),
            None => (rest, false),
        };
        match self.page(handle) {
            Ok(Rendered::Found(_)) if !is_page => Rendered::Redirect(format!("/items/{handle}/")),
            Ok(rendered) => rendered,
            Err(error) => {
                tracing::error!(%error, "cannot make the page of an item");
                Rendered::Failed
            }
        }
    }
}
