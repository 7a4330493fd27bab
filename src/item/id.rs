//! What an item is called for ever, and what tells that two seeds are the same article.

use std::fmt;
use std::sync::Arc;

use super::digest;

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

    /// Short name of the item in our own URLs, `/items/{handle}/`: its [number](Self::number) as 16 hexadecimal digits.
    #[must_use]
    pub fn handle(&self) -> String {
        format!("{:016x}", self.number())
    }

    /// The first 64 bits of the digest of the id: derived from nothing else, so that a rebuilt store gives the same address.
    #[must_use]
    pub fn number(&self) -> u64 {
        u64::from_be_bytes(digest::of(self.0.as_bytes()))
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityKey {
    digest: [u8; 16],
    is_path: bool,
}

impl IdentityKey {
    /// Key of an article with a URL; `normalised` is what `parse` made of it.
    #[must_use]
    pub fn from_url(normalised: &str) -> Self {
        Self { digest: digest_of(&[b"url:", normalised.as_bytes()]), is_path: false }
    }

    /// Key of a seed without URL.
    #[must_use]
    pub fn from_path(path: &super::SeedPath) -> Self {
        Self { digest: digest_of(&[b"path:", path.as_bytes()]), is_path: true }
    }

    /// Whether the key is the seed's path, so that only a move of the very same bytes may carry it elsewhere.
    #[must_use]
    pub fn is_path(&self) -> bool {
        self.is_path
    }

    /// What is kept of the name: enough of its digest that two never meet.
    #[must_use]
    pub fn digest(&self) -> [u8; 16] {
        self.digest
    }
}

fn digest_of(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    digest::start_of(&hasher.finalize())
}
