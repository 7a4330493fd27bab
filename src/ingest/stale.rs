//! Documents that are made when somebody asks, and are no longer right.

use std::collections::BTreeSet;

use crate::feed::{Definition, Format, archive_page_path};

/// Their paths, each once.
#[derive(Debug, Default)]
pub(super) struct Stale {
    paths: BTreeSet<String>,
}

impl Stale {
    pub(super) fn extend_item(&mut self, handle: Option<&str>) {
        self.paths.extend(handle.map(|handle| format!("/items/{handle}/")));
    }

    /// Archive pages of a feed, in every format.
    pub(super) fn extend_pages(&mut self, feed: &Definition, pages: impl IntoIterator<Item = u64>) {
        pages.into_iter().for_each(|page| self.extend_page(archive_page_path(&feed.path, page)));
    }

    /// The documents of a feed that is not kept ready, and these archive pages of it.
    pub(super) fn extend_feed(&mut self, path: &str, pages: impl IntoIterator<Item = u64>) {
        self.extend_page(format!("{path}/"));
        pages.into_iter().for_each(|page| self.extend_page(archive_page_path(path, page)));
    }

    /// A page for people, and the documents below it.
    fn extend_page(&mut self, page: String) {
        self.paths.extend(Format::ALL.map(|format| format!("{page}{}", format.file_name())));
        self.paths.insert(page);
    }

    pub(super) fn insert(&mut self, path: &str) {
        self.paths.insert(path.to_owned());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }
}
