//! Archive pages (RFC 5005 §4): the hundred items that came into a feed one after another, as they are now.

use std::cmp::Reverse;

use crate::feed::{CachePolicy, Definition, Paging, View, page, write};
use crate::http::Rendered;
use crate::ingest::archive_pages;
use crate::store::{ARCHIVE_PAGE, FeedRow};

use super::{Kind, Room};

impl Room<'_> {
    pub(super) fn archive(
        &self,
        definition: &Definition,
        row: &FeedRow,
        number: u64,
        format: Kind,
    ) -> anyhow::Result<Rendered> {
        if number == 0 || number > archive_pages(row) {
            return Ok(Rendered::Missing);
        }
        let members = self.reading.archived(row.feed, number)?;
        let mut items = members.iter().map(|one| self.load(one.seq)).collect::<Result<Vec<_>, _>>()?;
        items.sort_by(|a, b| (Reverse(a.times.updated), &a.id).cmp(&(Reverse(b.times.updated), &b.id)));

        let prev = (number > 1).then(|| number - 1);
        let next = (number < archive_pages(row)).then(|| number + 1);
        // A page that has a next one is full: its set of items changes only when one is withdrawn.
        let is_stable = next.is_some() && row.placed >= number * ARCHIVE_PAGE && format.is_some();
        let cache = CachePolicy { max_age: definition.max_age, is_stable };
        let changed = self.reading.page_changed(row.feed, number)?.unwrap_or(row.filled_at);
        let site = &self.basis.site;
        let Some(format) = format else {
            let html = page::archive(site, definition, number, (prev, next), &items)?;
            return Ok(self.document(page::CONTENT_TYPE, html, changed, cache, None));
        };
        let newest = items.iter().map(|item| item.times.updated).max();
        let view = View {
            site,
            feed: definition,
            items: &items,
            updated: newest.unwrap_or_else(|| changed.into()),
            paging: Paging::Archive { page: number, prev, next },
            tombstones: &[],
        };
        Ok(self.document(format.content_type(), write(&view, format)?, changed, cache, None))
    }
}
