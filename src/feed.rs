//! From items to documents: which items a feed holds, and the bytes that say so.
//!
//! Pure: no clock, files, SQL or network. `rss::` and `atom_syndication::` appear only here.

mod atom;
mod automatic;
mod coding;
mod compress;
mod definition;
pub mod delta;
mod document;
mod filter;
mod format;
mod html;
mod iri;
mod json;
mod link_header;
mod names;
mod opml;
pub mod page;
mod rss;
pub mod selection;
mod site;
mod text;
mod time;
mod view;
mod write;
mod xml;

pub use automatic::{Automatic, By, SLUG_VERSION, automatic, automatic_definition, slug};
pub use coding::Coding;
pub use definition::{Content, Definition, Limits, archive_page_path};
pub use delta::{Deltas, Known};
pub use document::{CachePolicy, Document, Variant, rounded_up};
pub use filter::Filter;
pub use format::Format;
pub use link_header::link_header;
pub use opml::opml;
pub use site::Site;
pub use view::{Paging, Tombstone, View};
pub use write::{WriteError, write};
pub(crate) use xml::clean as clean_xml;
pub use xml::{Fault, check as check_xml};
