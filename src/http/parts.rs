//! What the rest of the program gives to the server.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use hyper::StatusCode;

use crate::feed::Document;
use crate::ops::Answered;

use super::published::Published;

/// Everything that requests are answered from.
pub struct Parts {
    /// The live documents; looked up first, by path.
    pub published: Arc<Published>,
    /// Whatever else has a path.
    pub on_demand: Arc<dyn OnDemand>,
    /// What `/readyz` says.
    pub readiness: Arc<dyn Readiness>,
    /// Told of every answer.
    pub observer: Arc<dyn Observer>,
    /// Takes POST requests; `None` when nothing does.
    pub hub: Option<Arc<dyn Endpoint>>,
    /// The admin listener's resources.
    pub admin: Arc<dyn Admin>,
    /// The time, from one clock for Date, Last-Modified and conditions.
    pub clock: fn() -> DateTime<Utc>,
}

/// Resources that are rendered when asked for: item pages, archive pages, rarely polled documents.
pub trait OnDemand: Send + Sync {
    /// The resource at `path`: below the base path, absolute, percent-encoded in the one canonical way, without `.` or empty
    /// segments. Called where blocking is allowed, once for simultaneous requests of one path; what it returns is
    /// kept until invalidated or pushed out.
    fn render(&self, path: &str) -> Rendered;
}

/// What there is at a path.
#[derive(Debug)]
pub enum Rendered {
    /// The document, compressed or not.
    Found(Document),
    /// Withdrawn for good: 410.
    Gone,
    /// Never was: 404.
    Missing,
    /// Moved for good, 308: an absolute URL, or a path below the base path.
    Redirect(String),
    /// Cannot be told now: 503. Whoever renders logs why.
    Failed,
}

/// Whether this process can serve right feeds.
pub trait Readiness: Send + Sync {
    /// Empty when ready, else one line for each reason.
    fn reasons_not_ready(&self) -> Vec<String>;
}

/// Told of every answer; must not block.
pub trait Observer: Send + Sync {
    /// An answer is about to be written. Or what a client sent was no request that can be answered, or never became one: its
    /// connection is about to end.
    fn answered(&self, answer: &Answered<'_>);
}

/// Takes the body of POST requests.
pub trait Endpoint: Send + Sync {
    /// Whether this path, below the base path, is one of its own. Asked for every request.
    fn takes(&self, path: &str) -> bool;

    /// The answer to one request to such a path. Cancelled when the client goes away; a panic is a 500.
    fn submit(&self, submission: Submission) -> Pin<Box<dyn Future<Output = Accepted> + Send + '_>>;
}

/// A POST request with its whole body, at most `Limits::body_bytes`.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Path below the base path.
    pub path: String,
    /// Content-Type, if there is one.
    pub content_type: Option<String>,
    /// The bytes.
    pub body: Vec<u8>,
    /// The client, as far as known.
    pub client: Option<IpAddr>,
}

/// The answer to a [`Submission`].
#[derive(Clone, Debug)]
pub struct Accepted {
    /// 202, 400, …
    pub status: StatusCode,
    /// Value of Content-Type.
    pub content_type: &'static str,
    /// What is sent.
    pub text: String,
    /// `Retry-After` in seconds, for 429 and 503.
    pub retry_after_seconds: Option<u64>,
}

/// The resources of the admin listener besides `/livez` and `/readyz`: metrics, status, commands.
pub trait Admin: Send + Sync {
    /// What may be done with a resource, as a value of Allow; `None` where there is none (404).
    fn methods(&self, path: &str) -> Option<&'static str>;

    /// The answer, `None` where there is nothing (404). `method` is one of [`methods`](Self::methods); HEAD comes as GET.
    /// Called where blocking is allowed.
    fn answer(&self, method: &str, path: &str, query: Option<&str>) -> Option<AdminAnswer>;
}

/// An answer of the admin listener.
#[derive(Clone, Debug)]
pub struct AdminAnswer {
    /// Status code.
    pub status: StatusCode,
    /// Value of Content-Type.
    pub content_type: &'static str,
    /// What is sent.
    pub body: String,
}

impl AdminAnswer {
    /// 200 with a body.
    #[must_use]
    pub fn ok(content_type: &'static str, body: String) -> Self {
        Self { status: StatusCode::OK, content_type, body }
    }

    /// 202: it will be done.
    #[must_use]
    pub fn accepted(text: &str) -> Self {
        Self { status: StatusCode::ACCEPTED, content_type: "text/plain; charset=utf-8", body: format!("{text}\n") }
    }

    /// 400: what is missing in the request.
    #[must_use]
    pub fn bad_request(text: &str) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self { status, content_type: "text/plain; charset=utf-8", body: format!("{text}\n") }
    }

    /// 503: it cannot be told or done now.
    #[must_use]
    pub fn unavailable(text: &str) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { status, content_type: "text/plain; charset=utf-8", body: format!("{text}\n") }
    }
}

impl Admin for () {
    fn methods(&self, _: &str) -> Option<&'static str> {
        None
    }

    fn answer(&self, _: &str, _: &str, _: Option<&str>) -> Option<AdminAnswer> {
        None
    }
}

impl Observer for () {
    fn answered(&self, _: &Answered<'_>) {}
}

/// Always ready.
impl Readiness for () {
    fn reasons_not_ready(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Nothing on demand.
impl OnDemand for () {
    fn render(&self, _: &str) -> Rendered {
        Rendered::Missing
    }
}
