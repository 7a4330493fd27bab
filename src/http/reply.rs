//! What is sent back: a document in one of its variants, or a short message.

use std::borrow::Cow;
use std::io::Write as _;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hyper::StatusCode;

use crate::feed::{Coding, Document, Known, Variant};

use super::files::Files;
use super::settings::{AbsencePages, Settings};

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
    Document { document: Arc<Document>, index: usize, part: Option<Range<usize>> },
    /// 226: what is new in `document` for a client that has its version `base`. `index` is the variant of the document
    /// that the client would have got, `of_made` that of the delta.
    Delta { document: Arc<Document>, index: usize, made: Arc<Document>, of_made: usize, base: Known },
    /// Everything else.
    Message(Message),
}

/// A short answer that is no document.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// Value of Cache-Control.
    pub(crate) cache_control: &'static str,
    pub(crate) extra: Vec<(&'static str, Cow<'static, str>)>,
    /// Whether scripts of other sites may read it.
    pub(crate) is_public: bool,
    /// Value of Vary where `is_public`.
    pub(crate) vary: &'static [u8],
}

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const EXPOSED: &[u8] = b"ETag, Last-Modified, Link, Retry-After, X-Content-Type-Options";

impl Reply {
    /// A line of plain text that nobody is to keep.
    pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Self {
        let message = Message {
            content_type: TEXT,
            body: text.into(),
            cache_control: "no-store",
            extra: Vec::new(),
            is_public: true,
            vary: VARY,
        };
        Self { status, content: Content::Message(message), is_head: false }
    }

    /// The status's own words as the text.
    pub(crate) fn status(status: StatusCode) -> Self {
        let text = match status {
            StatusCode::BAD_REQUEST => "bad request\n",
            StatusCode::NOT_FOUND => "not found\n",
            StatusCode::GONE => "gone\n",
            StatusCode::METHOD_NOT_ALLOWED => "method not allowed\n",
            StatusCode::TOO_MANY_REQUESTS => "too many requests\n",
            StatusCode::SERVICE_UNAVAILABLE => "unavailable, try again soon\n",
            StatusCode::NO_CONTENT => "",
            other => {
                let words = other.canonical_reason().unwrap_or("error").to_ascii_lowercase();
                return Self::text(status, words + "\n");
            }
        };
        Self::text(status, text)
    }

    /// 404 or 410: a page for people who look with a browser, a line of text for everybody else.
    pub(crate) fn absence(status: StatusCode, pages: &AbsencePages, accepts_html: bool) -> Self {
        let page = if status == StatusCode::GONE { &pages.gone } else { &pages.missing };
        let mut reply = match page {
            Some(page) if accepts_html => Self::text(status, page.clone()).of_type(HTML),
            _ => Self::status(status),
        };
        if let Content::Message(message) = &mut reply.content {
            message.vary = VARY_OF_ABSENCE;
        }
        reply
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        if let Content::Message(message) = &mut self.content {
            message.extra.push((name, value.into()));
        }
        self
    }

    /// Of another type than plain text.
    pub(crate) fn of_type(mut self, content_type: &'static str) -> Self {
        if let Content::Message(message) = &mut self.content {
            message.content_type = content_type;
        }
        self
    }

    /// May be kept by caches for a day.
    pub(crate) fn kept_for_a_day(mut self) -> Self {
        if let Content::Message(message) = &mut self.content {
            message.cache_control = "max-age=86400";
        }
        self
    }

    /// If `is_private`, a message is not for scripts of other sites.
    pub(crate) fn private_if(mut self, is_private: bool) -> Self {
        if let Content::Message(message) = &mut self.content {
            message.is_public &= !is_private;
        }
        self
    }

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
        Some((Arc::clone(files.of(&document.variants[*index], settings.spool.as_deref())?), u64::try_from(start).ok()?))
    }

    /// The document and variant whose fields this answer has, where these depend neither on the moment nor on more of the
    /// request than its status says: a whole document or a 304, once the second of the document's change is over.
    pub(crate) fn settled(&self, now: DateTime<Utc>) -> Option<(&Arc<Document>, usize)> {
        match &self.content {
            Content::Document { document, index, part: None } if document.last_modified <= now => {
                Some((document, *index))
            }
            _ => None,
        }
    }

    /// Hands every field to `put`, name in its usual case, except Date and what belongs to the connection.
    pub(crate) fn fields(&self, settings: &Settings, now: DateTime<Utc>, mut put: impl FnMut(&'static str, &[u8])) {
        match &self.content {
            Content::Document { document, index, part } => {
                self.document_fields(document, &document.variants[*index], part.as_ref(), settings, now, &mut put);
            }
            Content::Delta { document, index, made, of_made, base } => {
                delta_fields(document, &document.variants[*index], &made.variants[*of_made], *base, now, &mut put);
            }
            Content::Message(message) => {
                if self.status != StatusCode::NO_CONTENT {
                    put("Content-Type", message.content_type.as_bytes());
                    put("Content-Length", Text::new().write(format_args!("{}", message.body.len())));
                    put("X-Content-Type-Options", b"nosniff");
                    if message.content_type.starts_with("text/html") {
                        put("Content-Security-Policy", settings.content_security_policy.as_bytes());
                    }
                }
                put("Cache-Control", message.cache_control.as_bytes());
                for (name, value) in &message.extra {
                    put(name, value.as_bytes());
                }
                if message.is_public {
                    put("Vary", message.vary);
                    put("Access-Control-Allow-Origin", b"*");
                    put("Access-Control-Expose-Headers", EXPOSED);
                }
            }
        }
    }

    fn document_fields(
        &self,
        document: &Document,
        variant: &Variant,
        part: Option<&Range<usize>>,
        settings: &Settings,
        now: DateTime<Utc>,
        put: &mut impl FnMut(&'static str, &[u8]),
    ) {
        let mut text = Text::new();
        if self.status != StatusCode::NOT_MODIFIED {
            put("Content-Type", document.content_type.as_bytes());
            let len = part.map_or(variant.bytes.len(), ExactSizeIterator::len);
            put("Content-Length", text.write(format_args!("{len}")));
            if let Some(coding) = variant.coding.content_encoding() {
                put("Content-Encoding", coding.as_bytes());
            }
            if document.is_dated {
                put("Last-Modified", last_modified(document, now, &mut text));
            }
            if let Some(part) = part {
                let (first, last, all) = (part.start, part.end.saturating_sub(1), variant.bytes.len());
                put("Content-Range", text.write(format_args!("bytes {first}-{last}/{all}")));
            }
            put("Accept-Ranges", b"bytes");
            put("X-Content-Type-Options", b"nosniff");
            if document.content_type.starts_with("text/html") {
                put("Content-Security-Policy", settings.content_security_policy.as_bytes());
            }
        }
        put("ETag", variant.etag.as_bytes());
        // No Expires: max-age overrides it (RFC 9111 §5.3), and readers stumble over some of its values.
        let max_age = if document.cache.is_stable { settings.stable_max_age } else { document.cache.max_age };
        let cache_control = text.write(format_args!(
            "max-age={}, stale-while-revalidate={}, stale-if-error={}",
            max_age.as_secs(),
            settings.stale_while_revalidate.as_secs(),
            settings.stale_if_error.as_secs()
        ));
        put("Cache-Control", cache_control);
        put("Vary", if document.deltas.is_some() { VARY_OF_DELTAS } else { VARY });
        if let Some(link) = &document.link {
            put("Link", link.as_bytes());
        }
        put("Access-Control-Allow-Origin", b"*");
        put("Access-Control-Expose-Headers", EXPOSED);
    }
}

/// A delta's own fields, RFC 3229 §10. No cache keeps it: one that does not know the status would have to forget it
/// anyway, and one that does could hand it to those who have another version.
fn delta_fields(
    document: &Document,
    current: &Variant,
    sent: &Variant,
    base: Known,
    now: DateTime<Utc>,
    put: &mut impl FnMut(&'static str, &[u8]),
) {
    let mut text = Text::new();
    put("Content-Type", document.content_type.as_bytes());
    put("Content-Length", text.write(format_args!("{}", sent.bytes.len())));
    if let Some(coding) = sent.coding.content_encoding() {
        put("Content-Encoding", coding.as_bytes());
    }
    put("IM", b"feed");
    if let Some(deltas) = &document.deltas {
        put("Delta-Base", deltas.tag(base).as_bytes());
    }
    put("Last-Modified", last_modified(document, now, &mut text));
    put("X-Content-Type-Options", b"nosniff");
    put("ETag", current.etag.as_bytes());
    put("Cache-Control", b"no-store");
    put("Vary", b"Accept-Encoding, A-IM, If-None-Match");
    if let Some(link) = &document.link {
        put("Link", link.as_bytes());
    }
    put("Access-Control-Allow-Origin", b"*");
    put("Access-Control-Expose-Headers", EXPOSED);
}

/// Value of Last-Modified, never later than Date: until the rounded-up second has come, the change was "now".
fn last_modified<'a>(document: &Document, now: DateTime<Utc>, text: &'a mut Text) -> &'a [u8] {
    let time: SystemTime = document.last_modified.min(now).into();
    text.write(format_args!("{}", httpdate::HttpDate::from(time)))
}

const VARY: &[u8] = b"Accept-Encoding";
const VARY_OF_ABSENCE: &[u8] = b"Accept-Encoding, Accept";
/// Keeps caches from answering who asks for a delta with what others get. If-None-Match is not here: a whole document
/// is right whatever a client has, and every tag would make a copy of its own.
const VARY_OF_DELTAS: &[u8] = b"Accept-Encoding, A-IM";

/// Room for one formatted field value.
struct Text {
    bytes: [u8; 128],
}

impl Text {
    fn new() -> Self {
        Self { bytes: [0; 128] }
    }

    fn write(&mut self, value: std::fmt::Arguments<'_>) -> &[u8] {
        let all = self.bytes.len();
        let mut rest = &mut self.bytes[..];
        rest.write_fmt(value).expect("numbers and dates are shorter than 128 bytes");
        let written = all - rest.len();
        &self.bytes[..written]
    }
}
