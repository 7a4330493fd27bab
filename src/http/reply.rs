//! What is sent back: a document in one of its variants, or a short message.

mod fields;
mod message;

use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hyper::StatusCode;

use crate::feed::{Coding, Known, Variant};

use super::files::Files;
use super::served::Served;
use super::settings::Settings;

use message::Message;

/// An answer, independent of the version of HTTP that carries it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    /// The fields of GET without its body.
    pub(crate) is_head: bool,
}

#[derive(Debug)]
pub(crate) enum Content {
    /// 200, 206 with `part`, or 304.
    Document { document: Arc<Served>, index: usize, part: Option<Range<usize>> },
    /// 226: what is new in `document` for a client that has its version `base`. `index` is the variant of the document
    /// that the client would have got, `of_made` that of the delta.
    Delta { document: Arc<Served>, index: usize, made: Arc<Served>, of_made: usize, base: Known },
    /// Everything else.
    Message(Message),
}

impl Reply {
    /// Whether a document for programs is sent, all of it.
    pub(crate) fn is_whole_feed(&self) -> bool {
        match &self.content {
            Content::Document { document, .. } => {
                self.status == StatusCode::OK && !document.content_type.starts_with("text/html")
            }
            Content::Delta { .. } | Content::Message(_) => false,
        }
    }

    /// The coding of the document that is sent.
    pub(crate) fn coding(&self) -> Option<Coding> {
        self.variant().map(|variant| variant.coding)
    }

    fn variant(&self) -> Option<&Variant> {
        match &self.content {
            Content::Document { document, index, .. } => document.variants.get(*index),
            Content::Delta { made, of_made, .. } => made.variants.get(*of_made),
            Content::Message(_) => None,
        }
    }

    fn is_bodyless(&self) -> bool {
        self.is_head || self.status == StatusCode::NOT_MODIFIED
    }

    /// Length of [`Self::body`].
    pub(crate) fn body_len(&self) -> usize {
        match &self.content {
            _ if self.is_bodyless() => 0,
            Content::Document { part: Some(part), .. } => part.len(),
            Content::Document { document, index, .. } => document.variants[*index].bytes.len(),
            Content::Delta { made, of_made, .. } => made.variants[*of_made].bytes.len(),
            Content::Message(message) => message.body.len(),
        }
    }

    /// What follows the head; empty for HEAD, 204 and 304.
    pub(crate) fn body(&self) -> Bytes {
        if self.is_bodyless() {
            return Bytes::new();
        }
        match &self.content {
            Content::Document { document, index, part } => {
                let bytes = &document.variants[*index].bytes;
                part.as_ref().map_or_else(|| bytes.clone(), |part| bytes.slice(part.clone()))
            }
            Content::Delta { made, of_made, .. } => made.variants[*of_made].bytes.clone(),
            Content::Message(message) => message.body.clone(),
        }
    }

    /// A file that has the same, and where in it the body begins.
    pub(crate) fn file(&self, files: &Files, settings: &Settings) -> Option<(Arc<OwnedFd>, u64)> {
        let Content::Document { document, index, part } = &self.content else { return None };
        if self.is_bodyless() {
            return None;
        }
        let start = part.as_ref().map_or(0, |part| part.start);
        let (bytes, twin) = (&document.variants[*index].bytes, document.twin(*index));
        let file = files.of(bytes, twin, settings.spool.as_deref())?;
        Some((Arc::clone(file), u64::try_from(start).ok()?))
    }

    /// The document and variant whose fields this answer has, where these depend neither on the moment nor on more of the
    /// request than its status says: a whole document or a 304, once the second of the document's change is over.
    pub(crate) fn settled(&self, now: DateTime<Utc>) -> Option<(&Arc<Served>, usize)> {
        match &self.content {
            Content::Document { document, index, part: None } if document.last_modified <= now => {
                Some((document, *index))
            }
            _ => None,
        }
    }
}
