//! From a view to checked bytes.

use std::collections::HashSet;

use super::xml::{self, Fault};
use super::{Format, View, atom, json, rss, time};
use crate::item::ItemId;

/// Why a document cannot be published. The last good one should stay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// One item spoils it; without the item the document could be written.
    #[error("cannot write `{document}`: item `{id}`: {reason}")]
    Item {
        /// Path of the document below the site.
        document: String,
        /// The item at fault.
        id: ItemId,
        /// What was found.
        reason: String,
    },
    /// The feed's own words spoil it, or the fault lies in no single item.
    #[error("cannot write `{document}`: {reason}")]
    Document {
        /// Path of the document below the site.
        document: String,
        /// What was found.
        reason: String,
    },
}

impl WriteError {
    pub(super) fn document(document: &str, reason: impl Into<String>) -> Self {
        Self::Document { document: document.to_owned(), reason: reason.into() }
    }
}

/// Writes the document of a view: the same view gives the same bytes.
///
/// Every string is cleaned of what XML forbids, content of all but its permitted tags; times are those of the items.
///
/// # Errors
///
/// When an id appears twice or a time cannot be told in the format, or when the finished bytes do not pass a check that
/// knows nothing of how they were written (well-formed XML 1.0 with legal characters; JSON).
pub fn write(view: &View<'_>, format: Format) -> Result<Vec<u8>, WriteError> {
    check_view(view, format)?;
    let failed = |reason: String| WriteError::document(&view.path(format), reason);
    match format {
        Format::Rss => {
            let bytes = rss::write(view).map_err(|error| failed(error.to_string()))?;
            xml::check(&bytes).map_err(|fault| at_fault(view, format, &bytes, b"<item>", fault))?;
            Ok(bytes)
        }
        Format::Atom => {
            let bytes = atom::write(view).map_err(|error| failed(error.to_string()))?;
            xml::check(&bytes).map_err(|fault| at_fault(view, format, &bytes, b"<entry>", fault))?;
            Ok(bytes)
        }
        Format::Json => {
            let bytes = json::write(view).map_err(|error| failed(error.to_string()))?;
            serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).map_err(|error| failed(error.to_string()))?;
            Ok(bytes)
        }
    }
}

/// What no writer could put right: two entries with one id (RFC 4287 §4.1.1), times outside the years 1 to 9999.
fn check_view(view: &View<'_>, format: Format) -> Result<(), WriteError> {
    let at_item = |id: &ItemId, reason: &str| WriteError::Item {
        document: view.path(format),
        id: id.clone(),
        reason: reason.to_owned(),
    };
    let mut seen = HashSet::with_capacity(view.items.len());
    for item in view.items {
        if !seen.insert(item.id.as_str()) {
            return Err(at_item(&item.id, "appears twice"));
        }
        for time in [item.times.published, item.times.updated] {
            if time::representable(time).is_none() {
                return Err(at_item(&item.id, &format!("the time {time} is not within the years 1 to 9999")));
            }
        }
    }
    if time::representable(view.updated).is_none() {
        let reason = format!("the time {} is not within the years 1 to 9999", view.updated);
        return Err(WriteError::document(&view.path(format), reason));
    }
    Ok(())
}

/// Names the item in whose element the fault lies.
fn at_fault(view: &View<'_>, format: Format, bytes: &[u8], start: &[u8], fault: Fault) -> WriteError {
    let before = &bytes[..fault.at.min(bytes.len())];
    let started = memchr::memmem::find_iter(before, start).count();
    let document = view.path(format);
    match started.checked_sub(1).and_then(|index| view.items.get(index)) {
        Some(item) => WriteError::Item { document, id: item.id.clone(), reason: fault.reason },
        None => WriteError::Document { document, reason: fault.reason },
    }
}
