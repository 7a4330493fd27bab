//! Which form of a document a request gets.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use hyper::StatusCode;

use super::super::conditional::{Preconditions, Verdict};
use super::super::head::{Field, Head};
use super::super::negotiate::Acceptable;
use super::super::range::{Wanted, wanted};
use super::super::reply::{Content, Reply};
use super::super::served::Served;

/// What a request says about the form that it wants.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    pub(super) is_head: bool,
    pub(super) acceptable: Acceptable,
    pub(crate) preconditions: Preconditions<'a>,
    range: Option<Cow<'a, [u8]>>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(head: &Head<'a>) -> Self {
        Self {
            is_head: head.method == "HEAD",
            acceptable: Acceptable::new(head.joined(Field::AcceptEncoding).as_deref()),
            preconditions: Preconditions::new(head),
            range: head.line(Field::Range).map(Cow::Borrowed),
        }
    }

    pub(crate) fn into_owned(self) -> Asked<'static> {
        Asked {
            is_head: self.is_head,
            acceptable: self.acceptable,
            preconditions: self.preconditions.into_owned(),
            range: self.range.map(|range| Cow::Owned(range.into_owned())),
        }
    }

    /// The variant is selected first, so that validators are those of the very bytes that would be sent: a tag of
    /// another coding gets the whole document, never a 304 (RFC 9110 §8.8.3.3, §13.1.2).
    pub(crate) fn reply(&self, document: &Arc<Served>, now: DateTime<Utc>) -> Reply {
        let Some(index) = self.acceptable.choose(document) else {
            return Reply::text(StatusCode::NOT_ACCEPTABLE, "no acceptable content coding\n");
        };
        let variant = &document.variants[index];
        let send = |status, part| Reply {
            status,
            content: Content::Document { document: Arc::clone(document), index, part },
            is_head: self.is_head,
        };
        match self.preconditions.judge(&variant.etag, document.date(), now) {
            Verdict::NotModified => return send(StatusCode::NOT_MODIFIED, None),
            Verdict::Failed => return Reply::status(StatusCode::PRECONDITION_FAILED),
            Verdict::Send => {}
        }
        // Range is defined for GET only (RFC 9110 §14.2).
        let range = self.range.as_deref().filter(|_| !self.is_head && self.preconditions.allows_range(&variant.etag));
        match wanted(range, variant.bytes.len()) {
            Wanted::Whole => send(StatusCode::OK, None),
            Wanted::Part(part) => send(StatusCode::PARTIAL_CONTENT, Some(part)),
            Wanted::Unsatisfiable => Reply::status(StatusCode::RANGE_NOT_SATISFIABLE)
                .with("Content-Range", format!("bytes */{}", variant.bytes.len())),
        }
    }
}
