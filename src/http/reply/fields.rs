//! The fields of an answer, whichever version of HTTP carries it.

use std::io::Write as _;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use hyper::StatusCode;

use crate::feed::{Document, Known, Variant};

use super::super::settings::Settings;
use super::{Content, Reply};

pub(super) const VARY: &[u8] = b"Accept-Encoding";
pub(super) const VARY_OF_ABSENCE: &[u8] = b"Accept-Encoding, Accept";
/// Keeps caches from answering who asks for a delta with what others get. If-None-Match is not here: a whole document
/// is right whatever a client has, and every tag would make a copy of its own.
pub(super) const VARY_OF_DELTAS: &[u8] = b"Accept-Encoding, A-IM";
/// `max-age` of pages that stay as they are for good (full archive pages). Not for ever: a withdrawal must reach caches
/// one day.
const STABLE_MAX_AGE: Duration = Duration::from_secs(24 * 3600);
/// How long a cache may answer with its old copy while it fetches the new one (RFC 5861 §3).
const STALE_WHILE_REVALIDATE: Duration = Duration::from_secs(60);
/// Value of Access-Control-Expose-Headers.
const EXPOSED: &[u8] = b"ETag, Last-Modified, Link, Retry-After, X-Content-Type-Options";

impl Reply {
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
        let max_age = if document.cache.is_stable { STABLE_MAX_AGE } else { document.cache.max_age };
        let cache_control = text.write(format_args!(
            "max-age={}, stale-while-revalidate={}, stale-if-error={}",
            max_age.as_secs(),
            STALE_WHILE_REVALIDATE.as_secs(),
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
