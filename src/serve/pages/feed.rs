//! Documents of an automatic feed.

use crate::feed::{CachePolicy, Definition, Format, View, link_header, page, write};
use crate::http::Rendered;
use crate::ingest::{choose, shown};
use crate::store::FeedRow;

use super::{Kind, Room};

impl Room<'_> {
    pub(super) fn feed(&self, definition: &Definition, row: &FeedRow, format: Kind) -> anyhow::Result<Rendered> {
        let chosen = choose(self.reading, row, definition, |seq| self.load(seq))?;
        let cache = CachePolicy { max_age: definition.max_age, is_stable: false };
        let changed = row.changed_at.max(row.filled_at);
        let site = &self.basis.automatic_site;
        let Some(format) = format else {
            let (newest, archive) = shown(row, &chosen.items);
            let summary = page::FeedSummary { feed: definition, updated: row.updated, archive };
            return Ok(self.document(page::CONTENT_TYPE, page::feed(site, &summary, newest)?, changed, cache, None));
        };
        let named_since = self.now - self.basis.tombstone_age;
        let (tombstones, forgotten) = match format {
            Format::Atom => {
                (self.reading.tombstones(row.feed, named_since)?, self.reading.left_by(row.feed, named_since)?)
            }
            _ => (Vec::new(), None),
        };
        // A tombstone that is named no longer changes the document, too.
        let changed = forgotten.map_or(changed, |left| changed.max(left + self.basis.tombstone_age));
        let view = View {
            site,
            feed: definition,
            items: &chosen.items,
            updated: row.updated.unwrap_or_else(|| changed.into()),
            paging: chosen.paging,
            tombstones: &tombstones,
        };
        let link = link_header(site, &definition.document_path(format));
        Ok(self.document(format.content_type(), write(&view, format)?, changed, cache, link))
    }
}
