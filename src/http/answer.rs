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

use super::head::{Field, Head};
use super::proxies::{Client, Peer};
use super::reply::Reply;
use super::settings::Settings;
use super::state::{Current, Event, State};
use super::target::is_sound;
use crate::ops::{Answered, RequestLine};

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
pub(crate) fn plan(state: &State, current: &Current, head: Head<'_>, origin: Origin, now: DateTime<Utc>) -> Plan {
    catch_unwind(AssertUnwindSafe(|| plan_with(state, current, head, origin, now))).unwrap_or_else(|_| {
        state.count(Event::Panic);
        Plan::Reply(Reply::status(StatusCode::INTERNAL_SERVER_ERROR).private_if(origin.is_admin))
    })
}

/// The answer to a request that is refused whatever it asks for.
pub(crate) fn refuse(
    state: &State,
    current: &Current,
    head: Head<'_>,
    origin: Origin,
    now: DateTime<Utc>,
    status: StatusCode,
) -> Reply {
    Request::new(state, current, head, origin, now).answered(Reply::status(status))
}

fn plan_with(state: &State, current: &Current, head: Head<'_>, origin: Origin, now: DateTime<Utc>) -> Plan {
    let mut request = Request::new(state, current, head, origin, now);
    let plan = if origin.is_admin { request.plan_admin(origin.peer) } else { request.plan() };
    match plan {
        Plan::Reply(reply) => Plan::Reply(request.answered(reply)),
        wait @ Plan::Wait(_) => wait,
    }
}

struct Request<'a> {
    state: &'a State,
    current: &'a Current,
    settings: &'a Settings,
    /// With the path below the base path.
    head: Head<'a>,
    /// The path as it came, where it begins with the base path. A proxy may have taken that off already: then this is what
    /// is meant, and only begins like the base path because one of our own names is spelled so.
    whole: Option<&'a str>,
    asked: Asked<'a>,
    client: Client,
    now: DateTime<Utc>,
    is_admin: bool,
    /// Whether the path is one of the hub's.
    is_endpoint: bool,
}

impl<'a> Request<'a> {
    fn new(state: &'a State, current: &'a Current, mut head: Head<'a>, origin: Origin, now: DateTime<Utc>) -> Self {
        let settings = &*current.settings;
        let client = settings.trusted_proxies.client(origin.peer, &head);
        let is_admin = origin.is_admin;
        let mut whole = None;
        if !is_admin && let Some(path) = current.below(head.path) {
            whole = Some(head.path);
            head.path = path;
        }
        let asked = Asked::new(&head);
        let mut request =
            Self { state, current, settings, head, whole, asked, client, now, is_admin, is_endpoint: false };
        request.is_endpoint = !is_admin && request.is_of_hub(head.path);
        // What is to be read is looked for under both readings; nothing else takes anything but the hub.
        if !request.is_endpoint && !matches!(head.method, "GET" | "HEAD") {
            request.take_whole_for_hub();
        }
        request
    }

    fn is_of_hub(&self, path: &str) -> bool {
        self.state.parts.hub.as_ref().is_some_and(|hub| hub.takes(path))
    }

    /// Takes the path as it came where it is one of the hub's.
    fn take_whole_for_hub(&mut self) {
        if let Some(whole) = self.whole
            && self.is_of_hub(whole)
        {
            (self.head.path, self.is_endpoint) = (whole, true);
        }
    }

    /// Whether the answer is none for scripts of other sites, whatever it is.
    fn is_private(&self) -> bool {
        self.is_admin || self.is_endpoint
    }

    fn plan(&mut self) -> Plan {
        let path = self.head.path;
        let is_endpoint = self.is_endpoint;
        match self.head.method {
            "OPTIONS" if path == "*" || is_sound(path) => Plan::Reply(self.options()),
            _ if !is_sound(path) => Plan::Reply(Reply::status(StatusCode::BAD_REQUEST)),
            "GET" | "HEAD" if !is_endpoint => self.read(),
            "POST" if is_endpoint => match self.take() {
                Ok(()) => Plan::Wait(Box::new(Waiting::submission(self))),
                Err(wait) => Plan::Reply(Reply::too_many(wait)),
            },
            "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "TRACE" | "CONNECT" => {
                Plan::Reply(Reply::not_allowed(self.methods()))
            }
            _ => Plan::Reply(Reply::status(StatusCode::NOT_IMPLEMENTED)),
        }
    }

    /// What may be done with what is at the path, whatever was tried (RFC 9110 §15.5.6).
    fn methods(&self) -> &'static str {
        if self.is_endpoint { ENDPOINT_METHODS } else { READ_METHODS }
    }

    fn options(&self) -> Reply {
        let reply = Reply::status(StatusCode::NO_CONTENT).with("Allow", self.methods());
        if self.is_endpoint || self.head.line(Field::AccessControlRequestMethod).is_none() {
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
            line: RequestLine::Read {
                method: self.head.method,
                target: self.head.target,
                path: self.head.path,
                protocol: self.head.protocol,
            },
            status: reply.status.as_u16(),
            coding: reply.coding(),
            body_bytes: reply.body_len(),
            is_conditional: self.asked.preconditions.is_poll(),
            user_agent: self.head.text(Field::UserAgent),
            referrer: self.head.text(Field::Referer),
            client: self.client.address,
            is_admin: self.is_admin,
        });
    }
}
