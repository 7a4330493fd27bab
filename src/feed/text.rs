//! Plain text on its way out: titles, summaries, names, terms.

use std::borrow::Cow;

use super::xml;
use crate::item::bidi;

/// The text without characters that XML forbids and with its bidirectional controls balanced, so that neither a document
/// nor the line of a reader's list that comes after it can be spoilt. What `parse` makes is so already; the words of the
/// configuration, and rows that another version stored, may not be.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    bidi::balanced(xml::clean(text))
}

/// The same, for the crates that want to own it.
pub(super) fn owned(text: &str) -> String {
    plain(text).into_owned()
}
