//! The Link header of feed documents.

use std::fmt::Write;

use super::{Site, iri};

/// Value of the Link header (RFC 8288) of the document at `path` below the site: every hub, then `self`, by which
/// WebSub subscribers find where to subscribe and to what (W3C WebSub §4). `None` while push is off.
#[must_use]
pub fn link_header(site: &Site, path: &str) -> Option<String> {
    if site.hubs.is_empty() {
        return None;
    }
    let mut value = String::new();
    for hub in &site.hubs {
        // Writing to a String cannot fail.
        let _ = write!(value, "<{}>; rel=\"hub\", ", iri::uri(hub));
    }
    let _ = write!(value, "<{}>; rel=\"self\"", iri::uri(&site.url(path)));
    Some(value)
}
