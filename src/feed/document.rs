//! Finished documents: bytes in every content coding with their validators, ready to be written to a socket.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::coding::Coding;
use super::delta::Deltas;

/// One resource as it stands now. Immutable: a change publishes another one.
#[derive(Clone, Debug)]
pub struct Document {
    /// Value of Content-Type.
    pub content_type: &'static str,
    /// Identity first, then the codings that make it smaller.
    pub variants: Vec<Variant>,
    /// When this representation last changed here, rounded up to a whole second, so that two changes in one second
    /// never share a date that a client could hold for both. Until that second has come, the header says "now".
    pub last_modified: DateTime<Utc>,
    /// Whether that moves with every change of the bytes, so that it may be sent and compared with.
    pub is_dated: bool,
    /// For how long copies may be used.
    pub cache: CachePolicy,
    /// Value of the Link header: `rel=self`, `rel=hub`.
    pub link: Option<String>,
    /// What can be asked for instead by those who have an earlier version; `None` where nothing can.
    pub deltas: Option<Deltas>,
}

/// The bytes of a document in one content coding.
#[derive(Clone, Debug)]
pub struct Variant {
    /// How `bytes` are coded.
    pub coding: Coding,
    /// Exactly what is sent.
    pub bytes: Bytes,
    /// Strong entity tag with its quotes, derived from `bytes`: equal tags mean equal bytes (RFC 9110 §8.8.3).
    pub etag: String,
}

/// The whole second that is over last when the moment is, as in [`Document::last_modified`].
#[must_use]
pub fn rounded_up(at: DateTime<Utc>) -> DateTime<Utc> {
    let floor = at.trunc_subsecs(0);
    if floor == at { at } else { floor + TimeDelta::seconds(1) }
}

/// Freshness of a resource for caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePolicy {
    /// `max-age`.
    pub max_age: Duration,
    /// Whether the bytes at this URL stay as they are for good (full archive pages).
    pub is_stable: bool,
}

impl Document {
    /// A document of the identity coding alone; `compress` adds the others.
    #[must_use]
    pub fn new(
        content_type: &'static str,
        bytes: Vec<u8>,
        last_modified: DateTime<Utc>,
        cache: CachePolicy,
        link: Option<String>,
    ) -> Self {
        let variants = vec![Variant::new(Coding::Identity, bytes.into())];
        Self { content_type, variants, last_modified, is_dated: true, cache, link, deltas: None }
    }

    /// The same with no validator but its tags: its bytes can change under an unchanged time.
    #[must_use]
    pub fn undated(self) -> Self {
        Self { is_dated: false, ..self }
    }

    /// Makes the document whose place this one takes, beside those that it took the place of, a base of the deltas.
    pub fn follow(&mut self, before: &Self) {
        if let Some(deltas) = &mut self.deltas {
            let tags: Vec<&str> = self.variants.iter().map(|variant| variant.etag.as_str()).collect();
            deltas.follow(before, &tags);
        }
    }

    /// [`Self::last_modified`] where it may be relied on.
    #[must_use]
    pub fn date(&self) -> Option<DateTime<Utc>> {
        self.is_dated.then_some(self.last_modified)
    }

    /// The identity variant.
    #[must_use]
    pub fn identity(&self) -> &Variant {
        &self.variants[0]
    }
}

impl Variant {
    /// Bytes with the tag that belongs to them.
    #[must_use]
    pub fn new(coding: Coding, bytes: Bytes) -> Self {
        let etag = format!("\"{}\"", &blake3::hash(&bytes).to_hex()[..32]);
        Self { coding, bytes, etag }
    }
}
