//! Preconditions, in the order of RFC 9110 §13.2.2.

use std::borrow::Cow;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::head::{Field, Head};

/// The precondition fields of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preconditions<'a> {
    if_match: Option<Cow<'a, [u8]>>,
    if_none_match: Option<Cow<'a, [u8]>>,
    if_modified_since: Option<DateTime<Utc>>,
    if_unmodified_since: Option<DateTime<Utc>>,
    if_range: Option<Cow<'a, [u8]>>,
}

/// What the preconditions say about the selected representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send it.
    Send,
    /// The client has it: 304.
    NotModified,
    /// The client wanted another one: 412.
    Failed,
}

impl<'a> Preconditions<'a> {
    pub(crate) fn new(head: &Head<'a>) -> Self {
        Self {
            if_match: head.joined(Field::IfMatch),
            if_none_match: head.joined(Field::IfNoneMatch),
            if_modified_since: head.text(Field::IfModifiedSince).and_then(http_date),
            if_unmodified_since: head.text(Field::IfUnmodifiedSince).and_then(http_date),
            if_range: head.line(Field::IfRange).map(Cow::Borrowed),
        }
    }

    /// The same, independent of the request's buffer.
    pub(crate) fn into_owned(self) -> Preconditions<'static> {
        let own = |value: Option<Cow<'_, [u8]>>| value.map(|value| Cow::Owned(value.into_owned()));
        Preconditions {
            if_match: own(self.if_match),
            if_none_match: own(self.if_none_match),
            if_modified_since: self.if_modified_since,
            if_unmodified_since: self.if_unmodified_since,
            if_range: own(self.if_range),
        }
    }

    /// Whether the client says that it has a copy.
    pub(crate) fn is_poll(&self) -> bool {
        self.if_none_match.is_some() || self.if_modified_since.is_some()
    }

    /// What `find` makes of the first entity tag of If-None-Match, without its quotes, that it makes something of.
    pub(crate) fn find_known<T>(&self, find: impl FnMut(&[u8]) -> Option<T>) -> Option<T> {
        tags(self.if_none_match.as_deref()?).map(|tag| tag.opaque).find_map(find)
    }

    /// 1. If-Match, strong comparison; without it 2. If-Unmodified-Since; 3. If-None-Match, weak comparison; without
    ///    it, however unreadable it is, 4. If-Modified-Since.
    ///
    /// A date is compared with the true time of the change even while that second is not over (the field then says
    /// "now"), so that a second change within it never gets a 304. A date later than `now` is no date that we gave.
    /// Where there is no time of the change, dates are passed over (§13.1.3, §13.1.4).
    pub(crate) fn judge(&self, etag: &str, last_modified: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Verdict {
        if let Some(list) = &self.if_match {
            if !matches(list, etag, Comparison::Strong) {
                return Verdict::Failed;
            }
        } else if self.if_unmodified_since.zip(last_modified).is_some_and(|(since, changed)| changed > since) {
            return Verdict::Failed;
        }
        let has_it = match &self.if_none_match {
            Some(list) => matches(list, etag, Comparison::Weak),
            None => {
                let dates = self.if_modified_since.zip(last_modified);
                dates.is_some_and(|(since, changed)| since >= changed && since <= now)
            }
        };
        if has_it { Verdict::NotModified } else { Verdict::Send }
    }

    /// 5. Whether a Range may be honoured: no If-Range, or one with exactly this strong tag. A date there is too
    ///    coarse to be a strong validator (RFC 9110 §13.1.5), so it gets the whole.
    pub(crate) fn allows_range(&self, etag: &str) -> bool {
        self.if_range.as_deref().is_none_or(|tag| tag == etag.as_bytes())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a list of entity tags has `etag`; `*` alone matches all.
fn matches(list: &[u8], etag: &str, comparison: Comparison) -> bool {
    // As nearly every poll has it.
    if list == etag.as_bytes() {
        return true;
    }
    let opaque = etag.trim_matches('"').as_bytes();
    list.trim_ascii() == b"*"
        || tags(list).any(|tag| tag.opaque == opaque && !(tag.is_weak && comparison == Comparison::Strong))
}

/// An entity tag of a list.
struct Tag<'a> {
    is_weak: bool,
    opaque: &'a [u8],
}

/// The entity tags of a list. They may contain commas; one without its quotes, as some clients store it, counts as if it
/// had them.
fn tags(list: &[u8]) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = list.trim_ascii();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_weak = rest.starts_with(b"W/") || rest.starts_with(b"w/");
        if is_weak {
            rest = &rest[2..];
        }
        let (opaque, after) = match rest {
            [b'"', inner @ ..] => split_at_byte(inner, b'"'),
            _ => {
                let end = rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
                (rest[..end].trim_ascii(), &rest[end..])
            }
        };
        let next = after.iter().position(|b| !matches!(b, b',' | b' ' | b'\t')).unwrap_or(after.len());
        rest = &after[next..];
        Some(Tag { is_weak, opaque })
    })
}

/// What comes before the byte and what after it; all and nothing when it is not there.
fn split_at_byte(bytes: &[u8], byte: u8) -> (&[u8], &[u8]) {
    match bytes.iter().position(|b| *b == byte) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

/// The three forms of RFC 9110 §5.6.7; anything else is no date.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let time: SystemTime = httpdate::parse_http_date(text.trim()).ok()?;
    Some(time.into())
}
