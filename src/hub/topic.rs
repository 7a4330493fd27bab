//! What can be subscribed to: the feed documents of this service, each under its own URL and no other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::signature::{Algorithm, sign};
use crate::feed::{Document, Format, Published};
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

    /// Whether the topic is one of ours, spelled exactly as its document spells it.
    pub(super) fn is_ours(&self, topic: &str) -> bool {
        let path = topic.strip_prefix(&self.base_url);
        path.is_some_and(|path| self.at(path).is_some() && self.published.slot(path).is_some())
    }

    /// What is at the topic now.
    pub(super) fn document(&self, topic: &str) -> Option<Arc<Document>> {
        let path = topic.strip_prefix(&self.base_url)?;
        self.at(path)?;
        self.published.slot(path)?.load()
    }

    /// The topics of all documents that are there.
    pub(super) fn all(&self) -> Vec<String> {
        self.published.paths().iter().filter_map(|path| self.at(path)).collect()
    }
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
    *blake3::hash(&document.identity().bytes).as_bytes().first_chunk().expect("a digest has 32 bytes")
}
