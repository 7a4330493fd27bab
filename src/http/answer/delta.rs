//! What is new in a document instead of all of it: RFC 3229 with the instance manipulation `feed`.

use std::sync::Arc;

use hyper::StatusCode;

use crate::feed::{Document, Known};

use super::super::head::{Field, Head};
use super::super::negotiate::weighted;
use super::super::parts::Rendered;
use super::super::reply::{Content, Reply};
use super::super::served::Served;
use super::document::Asked;

/// A delta that answers a request.
#[derive(Clone, Debug)]
pub(super) struct Delta {
    /// The whole.
    document: Arc<Served>,
    /// The variant of it that the client would have got: its tag is the one that the client is to keep, however the delta
    /// itself is coded.
    index: usize,
    /// Where the client stands.
    base: Known,
}

impl Delta {
    /// The delta that a request gets in place of `whole`: it lists `feed` in A-IM, and in If-None-Match a version that we
    /// remember. Everybody else gets the whole or a 304.
    pub(super) fn asked(asked: &Asked<'_>, head: &Head<'_>, document: &Arc<Served>, whole: &Reply) -> Option<Self> {
        let deltas = document.deltas.as_ref().filter(|_| whole.status == StatusCode::OK)?;
        let Content::Document { index, .. } = whole.content else { return None };
        if !accepts_feed(head) {
            return None;
        }
        let base = asked.preconditions.find_known(|tag| deltas.base(tag))?;
        Some(Self { document: Arc::clone(document), index, base })
    }

    /// Name of the delta among what is rendered on demand; no path has a quotation mark.
    pub(super) fn key(&self) -> String {
        let base = self.document.deltas.as_ref().map_or("", |deltas| deltas.identity_tag(self.base));
        format!("{base}{}", self.document.identity().etag)
    }

    /// Makes it.
    pub(super) fn render(&self) -> impl FnOnce() -> Rendered + Send + use<> {
        let Self { document, base, .. } = self.clone();
        move || {
            let Some(deltas) = &document.deltas else { return Rendered::Failed };
            match deltas.write(base) {
                Ok(bytes) => {
                    let (last_modified, cache, link) = (document.last_modified, document.cache, document.link.clone());
                    Rendered::Found(Document::new(document.content_type, bytes, last_modified, cache, link).compress())
                }
                Err(error) => {
                    tracing::error!(%error, "a delta cannot be made; the whole document is sent");
                    Rendered::Failed
                }
            }
        }
    }
}

impl Asked<'_> {
    /// The answer with a delta that was made; `None` where no coding of it is acceptable.
    pub(super) fn delta(&self, delta: &Delta, made: &Arc<Served>) -> Option<Reply> {
        let of_made = self.acceptable.choose(made)?;
        let Delta { document, index, base } = delta;
        let content = Content::Delta {
            document: Arc::clone(document),
            index: *index,
            made: Arc::clone(made),
            of_made,
            base: *base,
        };
        Some(Reply { status: StatusCode::IM_USED, content, is_head: self.is_head })
    }
}

/// Whether `feed` is among the manipulations of A-IM (RFC 3229 §10.5.3), other than with a weight of 0.
fn accepts_feed(head: &Head<'_>) -> bool {
    let Some(list) = head.joined(Field::AIm) else { return false };
    weighted(&list).any(|(name, weight)| weight > 0 && name.eq_ignore_ascii_case(b"feed"))
}
