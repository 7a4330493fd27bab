//! What an item is called for ever, and what tells that two seeds are the same article.

use std::fmt;
use std::sync::Arc;

/// What becomes RSS `guid`, Atom `id` and JSON Feed `id`: an absolute IRI, compared byte for byte (RFC 4287 §4.2.6).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(Arc<str>);

impl ItemId {
    /// Takes an absolute IRI that the caller has checked.
    #[must_use]
    pub fn new(iri: impl Into<Arc<str>>) -> Self {
        Self(iri.into())
    }

    /// The IRI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Short name of the item in our own URLs, `/items/{handle}/`: 16 hexadecimal digits derived from the id, so that
    /// a rebuilt store gives the same address.
    #[must_use]
    pub fn handle(&self) -> String {
        let digest = blake3::hash(self.0.as_bytes());
        digest.to_hex()[..16].to_owned()
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemId({})", self.0)
    }
}

/// The normalised name under which seeds of one article meet: a normalised URL, or the seed path where the seed has
/// no URL. Two seeds with equal keys are versions of one item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityKey(Vec<u8>);

impl IdentityKey {
    /// Key of an article with a URL; `normalised` is what `parse` made of it.
    #[must_use]
    pub fn from_url(normalised: &str) -> Self {
        Self([b"url:", normalised.as_bytes()].concat())
    }

    /// Key of a seed without URL.
    #[must_use]
    pub fn from_path(path: &super::SeedPath) -> Self {
        Self([b"path:", path.as_bytes()].concat())
    }

    /// Whether the key is the seed's path, so that only a move of the very same bytes may carry it elsewhere.
    #[must_use]
    pub fn is_path(&self) -> bool {
        self.0.starts_with(b"path:")
    }

    /// Bytes to store and to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
