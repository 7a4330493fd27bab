//! What a path asks for.

use crate::feed::{By, Format};

use super::Kind;

/// A path, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub what: What,
    /// The right path, where only the slash at its end is missing.
    pub with_slash: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// `/items/{handle}/`
    Item(String),
    /// `/sources/`
    List(By),
    /// `/sources/{host}/atom.xml`
    Feed { path: String, format: Kind },
    /// `{feed}/archive/{page}/atom.xml`
    Archive { path: String, page: u64, format: Kind },
}

impl Address {
    pub(super) fn read(path: &str) -> Option<Self> {
        let (directory, file) = path.rsplit_once('/')?;
        let format = Format::ALL.into_iter().find(|format| format.file_name() == file);
        if format.is_some() || file.is_empty() {
            return what(directory, format).map(|what| Self { what, with_slash: None });
        }
        what(path, None).map(|what| Self { what, with_slash: Some(format!("{path}/")) })
    }
}

fn what(directory: &str, format: Kind) -> Option<What> {
    let list = |by: &By| directory.strip_prefix('/') == Some(by.word());
    if let Some(by) = By::ALL.into_iter().find(list) {
        return format.is_none().then_some(What::List(by));
    }
    if let Some(handle) = directory.strip_prefix("/items/") {
        return format.is_none().then(|| What::Item(handle.to_owned()));
    }
    if let Some((path, page)) = directory.rsplit_once("/archive/") {
        // One address a page: no sign, no leading zero.
        let is_canonical = !page.starts_with('0') && page.len() <= 15 && page.bytes().all(|b| b.is_ascii_digit());
        let page = page.parse().ok().filter(|_| is_canonical)?;
        return Some(What::Archive { path: path.to_owned(), page, format });
    }
    Some(What::Feed { path: directory.to_owned(), format })
}
