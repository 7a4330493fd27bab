//! Short answers that are no documents.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;

use super::super::settings::AbsencePages;
use super::super::target::push_query;
use super::fields::{VARY, VARY_OF_ABSENCE};
use super::{Content, Reply};

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

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
        let reply = match page {
            Some(page) if accepts_html => Self::text(status, page.clone()).of_type(HTML),
            _ => Self::status(status),
        };
        reply.changed(|message| message.vary = VARY_OF_ABSENCE)
    }

    /// 405. `allow` are the methods that there are.
    pub(crate) fn not_allowed(allow: &'static str) -> Self {
        Self::status(StatusCode::METHOD_NOT_ALLOWED).with("Allow", allow)
    }

    /// 429: the client has no request left before `wait` is over.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        Self::status(StatusCode::TOO_MANY_REQUESTS).with("Retry-After", seconds.to_string())
    }

    /// 503: what is there cannot be told for a moment.
    pub(crate) fn unavailable() -> Self {
        Self::status(StatusCode::SERVICE_UNAVAILABLE).with("Retry-After", "2")
    }

    /// 308 with the request's query kept. `to` is an absolute URL or a path below the base path.
    pub(crate) fn redirect(to: &str, base_path: &str, query: Option<&str>) -> Self {
        let mut location = String::new();
        if to.starts_with('/') {
            location.push_str(base_path);
        }
        location.push_str(to);
        if let Some(query) = query {
            location.push(if to.contains('?') { '&' } else { '?' });
            push_query(&mut location, query);
        }
        Self::text(StatusCode::PERMANENT_REDIRECT, "moved\n").with("Location", location).kept_for_a_day()
    }

    /// The same with another field.
    pub(crate) fn with(self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.changed(|message| message.extra.push((name, value.into())))
    }

    /// Of another type than plain text.
    pub(crate) fn of_type(self, content_type: &'static str) -> Self {
        self.changed(|message| message.content_type = content_type)
    }

    /// May be kept by caches for a day.
    pub(crate) fn kept_for_a_day(self) -> Self {
        self.changed(|message| message.cache_control = "max-age=86400")
    }

    /// If `is_private`, a message is not for scripts of other sites.
    pub(crate) fn private_if(self, is_private: bool) -> Self {
        self.changed(|message| message.is_public &= !is_private)
    }

    /// The same with another message. A document stays as it is.
    fn changed(mut self, change: impl FnOnce(&mut Message)) -> Self {
        if let Content::Message(message) = &mut self.content {
            change(message);
        }
        self
    }
}
