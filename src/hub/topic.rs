//! What can be subscribed to: the feed documents of this service, each under its own URL and no other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::signature::{Algorithm, sign};
use crate::feed::{By, Document, Format};
use crate::http::{Published, Served, Slot};
use crate::item::digest;
use crate::store::Digest;

/// Signatures kept of one document; secrets are rarely shared, so this only has to bound the memory.
const KEPT_SIGNATURES: usize = 1024;

/// The live documents by topic.
#[derive(Clone)]
pub(super) struct Topics {
    pub published: Arc<Published>,
    /// Base URL of the site without a trailing slash.
    pub base_url: String,
}

/// Where the document of a topic is to be had.
pub(super) enum At<'a> {
    /// It is kept ready.
    Slot(Arc<Slot>),
    /// It is made from the path, if there is such a feed.
    OnDemand(&'a str),
}

/// A document as it is delivered.
pub(super) struct Content {
    pub digest: Digest,
    pub bytes: Bytes,
    pub content_type: &'static str,
    pub link: Option<String>,
    signatures: Mutex<HashMap<(Algorithm, Vec<u8>), String>>,
}

impl Topics {
    /// The topic of the document at a path; `None` where it is no feed document.
    pub(super) fn at(&self, path: &str) -> Option<String> {
        let file = path.rsplit('/').next()?;
        let is_feed = Format::ALL.iter().any(|format| format.file_name() == file);
        is_feed.then(|| format!("{}{path}", self.base_url))
    }

    /// Where the document of a topic is to be had, if the topic, spelled exactly as its document spells it, can be one
    /// of ours.
    pub(super) fn place<'a>(&self, topic: &'a str) -> Option<At<'a>> {
        let path = topic.strip_prefix(&self.base_url)?;
        self.at(path)?;
        match self.published.slot(path) {
            Some(slot) => Some(At::Slot(slot)),
            None => is_automatic(path).then_some(At::OnDemand(path)),
        }
    }

    /// Whether the topic is one whose document is kept ready.
    pub(super) fn is_live(&self, topic: &str) -> bool {
        matches!(self.place(topic), Some(At::Slot(_)))
    }

    /// The document at a topic of those that are kept ready.
    pub(super) fn document(&self, topic: &str) -> Option<Arc<Served>> {
        match self.place(topic)? {
            At::Slot(slot) => slot.load(),
            At::OnDemand(_) => None,
        }
    }

    /// The topics of all documents that are there.
    pub(super) fn all(&self) -> Vec<String> {
        self.published.paths().iter().filter_map(|path| self.at(path)).collect()
    }
}

/// Whether the path is that of a document of a feed by source, language or category (`/sources/HOST/atom.xml`), in
/// the one spelling that its own links have.
fn is_automatic(path: &str) -> bool {
    let rest = By::of_path(path).and_then(|(_, rest)| rest.strip_prefix('/'));
    let Some((name, _)) = rest.and_then(|rest| rest.rsplit_once('/')) else { return false };
    let mut parts = name.split('%');
    let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    !name.is_empty()
        && parts.next().is_some_and(is_plain)
        && parts.all(|part| part.split_at_checked(2).is_some_and(|(digits, rest)| is_hex(digits) && is_plain(rest)))
}

impl Content {
    pub(super) fn new(document: &Document) -> Self {
        let bytes = document.identity().bytes.clone();
        Self {
            digest: digest(document),
            bytes,
            content_type: document.content_type,
            link: document.link.clone(),
            signatures: Mutex::default(),
        }
    }

    /// The signature of the bytes, made once for each secret.
    pub(super) fn signature(&self, algorithm: Algorithm, secret: &[u8]) -> String {
        let key = (algorithm, secret.to_vec());
        let known = self.signatures.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let signature = sign(algorithm, secret, &self.bytes);
            let mut signatures = self.signatures.lock().unwrap_or_else(PoisonError::into_inner);
            if signatures.len() < KEPT_SIGNATURES {
                signatures.insert(key, signature.clone());
            }
            signature
        })
    }
}

/// Digest of the bytes of a document.
pub(super) fn digest(document: &Document) -> Digest {
    digest::of(&document.identity().bytes)
}
