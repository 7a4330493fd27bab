//! Pages that only say that something is not there.

use askama::Template;

use super::{Frame, render};
use crate::feed::{Site, WriteError};

#[derive(Template)]
#[template(path = "notice.html", config = "src/feed/page/askama.toml")]
struct Notice<'a> {
    frame: Frame<'a>,
    title: &'static str,
    words: &'static str,
}

/// The page of what was withdrawn: an item, or a feed (410).
///
/// # Errors
///
/// When the template cannot be rendered.
pub fn gone(site: &Site) -> Result<Vec<u8>, WriteError> {
    let words = "What was here has been withdrawn.";
    render(&Notice { frame: Frame::new(site, false), title: "Withdrawn", words }, "the page of a withdrawn item")
}

/// The page of an address where nothing is (404).
///
/// # Errors
///
/// When the template cannot be rendered.
pub fn not_found(site: &Site) -> Result<Vec<u8>, WriteError> {
    let words = "There is nothing at this address.";
    render(&Notice { frame: Frame::new(site, false), title: "Not found", words }, "the page for missing addresses")
}
