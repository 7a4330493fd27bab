//! Lists of the automatic feeds of one kind: the largest first, so many on a page.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::feed::{By, page};
use crate::http::Rendered;

use super::Room;

/// Feeds on a page.
pub(in crate::serve) const LISTED: usize = 100;

/// Pages after the first that may be kept, made since their list last changed. Any change can move any feed to another page.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<BTreeSet<(By, u64)>>);

impl Kept {
    /// To be told before the store is read for the page, so that no change after that is missed.
    pub(super) fn note(&self, by: By, number: u64) {
        if number > 1 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((by, number));
        }
    }

    /// The pages that changed with the list whose first page has this path.
    pub(super) fn take(&self, first: &str) -> Vec<String> {
        // Asked for every document that is stale.
        let Some((by, "/")) = By::of_path(first) else { return Vec::new() };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extract_if((by, 0)..=(by, u64::MAX), |_| true).map(|(_, number)| by.list_path(number)).collect()
    }
}

impl Room<'_> {
    pub(super) fn list(&self, by: By, number: u64) -> anyhow::Result<Rendered> {
        let passed = usize::try_from(number - 1)?.saturating_mul(LISTED);
        let mut rows = self.reading.largest_feeds(by, passed, LISTED + 1)?;
        if rows.is_empty() {
            return Ok(Rendered::Missing);
        }
        let has_more = rows.len() > LISTED;
        rows.truncate(LISTED);
        let definitions: Vec<_> = rows.iter().map(|row| self.automatic(by, row)).collect();
        let feeds: Vec<_> = definitions
            .iter()
            .zip(&rows)
            .map(|(feed, row)| page::FeedSummary { feed, updated: row.updated, archive: None })
            .collect();
        let html = page::list(&self.basis.site, by, number, has_more, &feeds)?;
        let newest = rows.iter().map(|row| row.changed_at).max();
        Ok(self.undated(html, newest.unwrap_or(self.form_since)))
    }
}
