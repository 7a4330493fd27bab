//! From items to documents: which items a feed holds, and the bytes that say so.
//!
//! Pure: no clock, files, SQL or network. `rss::` and `atom_syndication::` appear only here.

mod compress;
mod definition;
mod document;

pub use definition::{Content, Definition, Filter, Format, Limits, Site};
pub use document::{CachePolicy, Coding, Document, Published, Slot, Variant};
