//! From a request to its answer.

mod admin;
mod allowance;
mod delta;
mod document;
mod read;
mod waiting;

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use hyper::StatusCode;

use super::parts::Answered;
use super::proxies::{Client, Peer};
use super::reply::Reply;
use super::request::{Field, Head};
use super::settings::Settings;
use super::state::{Event, State};
use super::target::is_sound;

use document::Asked;
pub(crate) use waiting::Waiting;

/// Where requests come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) peer: Peer,
    /// Whether the connection is one to the admin listener.
    pub(crate) is_admin: bool,
}

/// What is to be done for a request.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Send this.
    Reply(Reply),
    /// Something has to be waited for first, and, where [`Waiting::wants_body`] says so, the request's body to be read.
    Wait(Box<Waiting>),
}

const READ_METHODS: &str = "GET, HEAD, OPTIONS";
const ENDPOINT_METHODS: &str = "POST, OPTIONS";

/// Decides at once all that can be decided at once, which is nearly everything; a panic on the way is a 500.
pub(crate) fn plan(state: &State, settings: &Settings, head: Head<'_>, origin: Origin, now: DateTime<Utc>) -> Plan {
    catch_unwind(AssertUnwindSafe(|| plan_with(state, settings, head, origin, now))).unwrap_or_else(|_| {
        state.count(Event::Panic);
        Plan::Reply(Reply::status(StatusCode::INTERNAL_SERVER_ERROR).private_if(origin.is_admin))
    })
}

/// The answer to a request that is refused whatever it asks for.
pub(crate) fn refuse(
    state: &State,
    settings: &Settings,
    head: Head<'_>,
    origin: Origin,
    now: DateTime<Utc>,
    status: StatusCode,
) -> Reply {
    Request::new(state, settings, head, origin, now).answered(Reply::status(status))
}

fn plan_with(state: &State, settings: &Settings, head: Head<'_>, origin: Origin, now: DateTime<Utc>) -> Plan {
    let request = Request::new(state, settings, head, origin, now);
    let plan = if origin.is_admin { request.plan_admin(origin.peer) } else { request.plan() };
    match plan {
        Plan::Reply(reply) => Plan::Reply(request.answered(reply)),
        wait @ Plan::Wait(_) => wait,
    }
}

/// The path below the base path; as it is where a proxy has stripped that.
fn below<'a>(base_path: &str, path: &'a str) -> &'a str {
    match path.strip_prefix(base_path) {
        Some("") if !base_path.is_empty() => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

struct Request<'a> {
    state: &'a State,
    settings: &'a Settings,
    /// With the path below the base path.
    head: Head<'a>,
    asked: Asked<'a>,
    client: Client,
    now: DateTime<Utc>,
    is_admin: bool,
    /// Whether the path is one of the hub's.
    is_endpoint: bool,
}

impl<'a> Request<'a> {
    fn new(state: &'a State, settings: &'a Settings, mut head: Head<'a>, origin: Origin, now: DateTime<Utc>) -> Self {
        let client = settings.trusted_proxies.client(origin.peer, &head);
        let is_admin = origin.is_admin;
        if !is_admin {
            head.path = below(&settings.base_path, head.path);
        }
        let asked = Asked::new(&head);
        let is_endpoint = !is_admin && state.parts.hub.as_ref().is_some_and(|hub| hub.takes(head.path));
        Self { state, settings, head, asked, client, now, is_admin, is_endpoint }
    }

    /// Whether the answer is none for scripts of other sites, whatever it is.
    fn is_private(&self) -> bool {
        self.is_admin || self.is_endpoint
    }

    fn plan(&self) -> Plan {
        let path = self.head.path;
        let is_endpoint = self.is_endpoint;
        match self.head.method {
            "OPTIONS" if path == "*" || is_sound(path) => Plan::Reply(self.options(is_endpoint)),
            _ if !is_sound(path) => Plan::Reply(Reply::status(StatusCode::BAD_REQUEST)),
            "GET" | "HEAD" if is_endpoint => Plan::Reply(Reply::not_allowed(ENDPOINT_METHODS)),
            "GET" | "HEAD" => self.read(path),
            "POST" if is_endpoint => match self.take() {
                Ok(()) => Plan::Wait(Box::new(Waiting::submission(self))),
                Err(wait) => Plan::Reply(Reply::too_many(wait)),
            },
            "POST" | "PUT" | "DELETE" | "PATCH" | "TRACE" | "CONNECT" => Plan::Reply(Reply::not_allowed(READ_METHODS)),
            _ => Plan::Reply(Reply::status(StatusCode::NOT_IMPLEMENTED)),
        }
    }

    fn options(&self, is_endpoint: bool) -> Reply {
        let allow = if is_endpoint { ENDPOINT_METHODS } else { READ_METHODS };
        let reply = Reply::status(StatusCode::NO_CONTENT).with("Allow", allow);
        if is_endpoint || self.head.line(Field::AccessControlRequestMethod).is_none() {
            return reply;
        }
        reply
            .with("Access-Control-Allow-Methods", "GET, HEAD")
            .with("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since, If-Match, If-Range, Range, A-IM")
            .with("Access-Control-Max-Age", "86400")
    }

    /// The reply as it is sent; it is told of.
    fn answered(&self, reply: Reply) -> Reply {
        let mut reply = reply.private_if(self.is_private());
        reply.is_head = self.head.method == "HEAD";
        self.observe(&reply);
        reply
    }

    fn observe(&self, reply: &Reply) {
        self.state.parts.observer.answered(&Answered {
            method: self.head.method,
            target: self.head.target,
            path: self.head.path,
            status: reply.status,
            coding: reply.coding(),
            body_bytes: reply.body_len(),
            is_conditional: self.asked.preconditions.is_poll(),
            protocol: self.head.protocol,
            user_agent: self.head.text(Field::UserAgent),
            referrer: self.head.text(Field::Referer),
            client: self.client.address,
            is_admin: self.is_admin,
        });
    }
}
