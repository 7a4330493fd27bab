//! The neutral entry between seeds and feed documents, and the words that every stage shares.
//!
//! Nothing here knows about files, SQL, feed formats or the clock.

pub(crate) mod bidi;
mod diagnostic;
pub(crate) mod digest;
pub(crate) mod host;
pub(crate) mod html;
mod id;
mod language;
pub(crate) mod percent;
mod seed_path;
mod times;

pub use diagnostic::{Diagnostic, Severity};
pub use id::{IdentityKey, ItemId};
pub use language::Language;
pub use seed_path::SeedPath;
pub use times::{TimeSource, Times};

/// One article as subscribers see it, whatever the format of the document.
///
/// | field | RSS 2.0 | Atom 1.0 | JSON Feed 1.1 |
/// |---|---|---|---|
/// | `id` | `guid` | `id` | `id` |
/// | `url` | `link` | `link rel=alternate` | `url` |
/// | `title` | `title` | `title type=text` | `title` |
/// | `summary` | `description` | `summary type=text` | `summary` |
/// | `content` | `content:encoded` | `content type=html` | `content_html` |
/// | `times.published` | `pubDate` | `published` | `date_published` |
/// | `times.updated` | `atom:updated` | `updated` | `date_modified` |
/// | `language` | `dc:language` | `xml:lang` | `language` |
/// | `categories` | `category` | `category term` | `tags` |
/// | `source` | `dc:source` | | `_seedcast.source` |
///
/// INVARIANT: every string is legal XML 1.0 text, so that no writer can be made to break a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Permanent; assigned when the identity key is first seen and never recomputed.
    pub id: ItemId,
    /// Where the article itself lives: an absolute http(s) URL. `None` when the seed names none; then our own page
    /// of the item is its link.
    pub url: Option<String>,
    /// Plain text on one line, never empty.
    pub title: String,
    /// Plain text on one line, at most about 300 characters; `None` when there is nothing to say beyond the title.
    pub summary: Option<String>,
    /// HTML made of `<p>` and `<h3>` only, text escaped once. Empty when the seed has no body.
    pub content: String,
    /// Publication and update time with where each came from.
    pub times: Times,
    /// Declared or detected; `None` when neither gave a reliable answer.
    pub language: Option<Language>,
    /// Plain text terms, in the order of the directories they come from.
    pub categories: Vec<String>,
    /// Host of `url`, lower case, without a default port: what feeds by source select on.
    pub source: Option<String>,
}
