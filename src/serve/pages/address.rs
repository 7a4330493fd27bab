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
    /// `/sources/`, `/sources/page/2/`
    List { by: By, page: u64 },
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

/// Digits of the number of an archive page, at most.
const LONGEST_ARCHIVE: usize = 15;
/// Of a page of a list: a million feeds of one kind.
const LONGEST_LIST: usize = 4;

/// One address a page: no sign, no leading zero.
fn number(text: &str, longest: usize) -> Option<u64> {
    let is_canonical = !text.starts_with('0') && text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_canonical)
}

fn what(directory: &str, format: Kind) -> Option<What> {
    if let Some((by, rest)) = By::of_path(directory) {
        if rest.is_empty() {
            return format.is_none().then_some(What::List { by, page: 1 });
        }
        if let Some(page) = rest.strip_prefix("/page/") {
            let page = number(page, LONGEST_LIST).filter(|page| *page > 1 && format.is_none())?;
            return Some(What::List { by, page });
        }
    }
    if let Some(handle) = directory.strip_prefix("/items/") {
        return format.is_none().then(|| What::Item(handle.to_owned()));
    }
    if let Some((path, page)) = directory.rsplit_once("/archive/") {
        let page = number(page, LONGEST_ARCHIVE)?;
        return Some(What::Archive { path: path.to_owned(), page, format });
    }
    Some(What::Feed { path: directory.to_owned(), format })
}
