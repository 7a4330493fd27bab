//! Documents that are made when somebody asks, and are no longer right.

use std::collections::BTreeSet;

use crate::feed::{Definition, Format};

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
        for page in pages {
            self.paths.extend(Format::ALL.map(|format| feed.archive_path(page, format)));
            self.paths.insert(format!("{}/archive/{page}/", feed.path));
        }
    }

    /// The documents of a feed that is not kept ready, and these archive pages of it.
    pub(super) fn extend_feed(&mut self, path: &str, pages: impl IntoIterator<Item = u64>) {
        let bases = pages.into_iter().map(|page| format!("{path}/archive/{page}/")).chain([format!("{path}/")]);
        for base in bases {
            self.paths.extend(Format::ALL.map(|format| format!("{base}{}", format.file_name())));
            self.paths.insert(base);
        }
    }

    pub(super) fn insert(&mut self, path: &str) {
        self.paths.insert(path.to_owned());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }
}
