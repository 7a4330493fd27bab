//! From a request to its answer.

mod admin;
mod delta;
mod document;
mod waiting;

use std::borrow::Cow;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use tokio::time::Instant;

use crate::feed::Document;

use super::parts::Answered;
use super::proxies::{Client, Peer};
use super::reply::Reply;
use super::request::{Field, Head};
use super::settings::Settings;
use super::state::{Event, State};
use super::target::{canonical, is_sound, push_query};

use delta::Delta;
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
    /// Something has to be waited for first, and, where `body_bytes` says so, the request's body to be read.
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
    mut head: Head<'_>,
    origin: Origin,
    now: DateTime<Utc>,
    status: StatusCode,
) -> Reply {
    let client = settings.trusted_proxies.client(origin.peer, &head);
    if !origin.is_admin {
        head.path = below(&settings.base_path, head.path);
    }
    let head = &head;
    let asked = Asked::new(head);
    let is_endpoint = is_endpoint(state, origin, head);
    let request = Request { state, settings, head, asked: &asked, client, now, is_admin: origin.is_admin, is_endpoint };
    let mut reply = Reply::status(status).private_if(request.is_private());
    reply.is_head = head.method == "HEAD";
    request.observe(&reply);
    reply
}

fn plan_with(state: &State, settings: &Settings, mut head: Head<'_>, origin: Origin, now: DateTime<Utc>) -> Plan {
    let client = settings.trusted_proxies.client(origin.peer, &head);
    if !origin.is_admin {
        head.path = below(&settings.base_path, head.path);
    }
    let asked = Asked::new(&head);
    let is_endpoint = is_endpoint(state, origin, &head);
    let request =
        Request { state, settings, head: &head, asked: &asked, client, now, is_admin: origin.is_admin, is_endpoint };
    let plan = if origin.is_admin { request.plan_admin(origin.peer) } else { request.plan() };
    match plan {
        Plan::Reply(reply) => {
            let mut reply = reply.private_if(request.is_private());
            reply.is_head = head.method == "HEAD";
            request.observe(&reply);
            Plan::Reply(reply)
        }
        wait @ Plan::Wait(_) => wait,
    }
}

fn is_endpoint(state: &State, origin: Origin, head: &Head<'_>) -> bool {
    !origin.is_admin && state.parts.hub.as_ref().is_some_and(|hub| hub.takes(head.path))
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
    head: &'a Head<'a>,
    asked: &'a Asked<'a>,
    client: Client,
    now: DateTime<Utc>,
    is_admin: bool,
    /// Whether the path is one of the hub's.
    is_endpoint: bool,
}

impl Request<'_> {
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
            "GET" | "HEAD" if is_endpoint => Plan::Reply(not_allowed(ENDPOINT_METHODS)),
            "GET" | "HEAD" => self.read(path),
            "POST" if is_endpoint => match self.take() {
                Ok(()) => Plan::Wait(Box::new(Waiting::submission(self))),
                Err(wait) => Plan::Reply(too_many(wait)),
            },
            "POST" | "PUT" | "DELETE" | "PATCH" | "TRACE" | "CONNECT" => Plan::Reply(not_allowed(READ_METHODS)),
            _ => Plan::Reply(Reply::status(StatusCode::NOT_IMPLEMENTED)),
        }
    }

    /// Live documents first: nearly every request is for one of them.
    fn read(&self, path: &str) -> Plan {
        match self.state.parts.published.document(path) {
            Some(Some(document)) => return self.live(&document),
            Some(None) => return Plan::Reply(unavailable()),
            None => {}
        }
        match path {
            "/livez" => return Plan::Reply(Reply::text(StatusCode::OK, "ok\n")),
            "/readyz" => return Plan::Reply(self.readiness()),
            "/robots.txt" => {
                let everything = Reply::text(StatusCode::OK, "User-agent: *\nDisallow:\n");
                return Plan::Reply(everything.kept_for_a_day());
            }
            "/favicon.ico" => return Plan::Reply(Reply::status(StatusCode::NO_CONTENT).kept_for_a_day()),
            _ => {}
        }
        if let Some(to) = self.moved(path) {
            return Plan::Reply(self.redirect(&to));
        }
        if path.contains("//") || path == "*" {
            let pages = &self.settings.absence;
            return Plan::Reply(Reply::absence(StatusCode::NOT_FOUND, pages, self.head.accepts_html()));
        }
        // Pages are kept, and forgotten when they change, under one address each.
        if let Some(to) = canonical(path) {
            return Plan::Reply(self.redirect(&to));
        }
        if let Some(document) = self.state.rendered.at_hand(path) {
            return Plan::Reply(self.paid(self.asked.reply(&document, self.now)));
        }
        // Whether it is a 304, which is free, shows only in the page: whoever has a copy pays when it is made.
        let taken = if self.asked.preconditions.is_poll() { self.take_trial() } else { self.take() };
        match taken {
            Ok(()) => Plan::Wait(Box::new(Waiting::rendering(self))),
            Err(wait) => Plan::Reply(too_many(wait)),
        }
    }

    /// The document, or what is new in it for a client that asks for that.
    fn live(&self, document: &Arc<Document>) -> Plan {
        let asked = self.asked;
        let whole = asked.reply(document, self.now);
        let Some(delta) = Delta::asked(asked, self.head, document, &whole) else {
            return Plan::Reply(self.paid(whole));
        };
        if let Some(made) = self.state.rendered.at_hand(&delta.key()) {
            return Plan::Reply(self.paid(asked.delta(&delta, &made).unwrap_or(whole)));
        }
        match self.take() {
            Ok(()) => Plan::Wait(Box::new(Waiting::delta(self, delta, whole))),
            Err(wait) => Plan::Reply(too_many(wait)),
        }
    }

    /// The path that took this one's place: as configured, or the same with or without its last slash.
    fn moved(&self, path: &str) -> Option<String> {
        if let Some(to) = self.settings.redirects.get(path) {
            return Some(to.clone());
        }
        let other = match path.strip_suffix('/') {
            Some(shorter) => shorter.to_owned(),
            None => format!("{path}/"),
        };
        self.state.parts.published.slot(&other).map(|_| other)
    }

    fn redirect(&self, to: &str) -> Reply {
        redirect(to, &self.settings.base_path, self.head.query)
    }

    /// The reply if it is free (304) or the client has a request left, else 429.
    fn paid(&self, reply: Reply) -> Reply {
        if reply.status == StatusCode::NOT_MODIFIED {
            return reply;
        }
        match self.take().and_then(|()| self.take_repeat(&reply)) {
            Ok(()) => reply,
            Err(wait) => too_many(wait),
        }
    }

    /// A feed that is fetched whole again and again by a client that never says what it has. Browsers that reload a page
    /// do so on behalf of people.
    fn take_repeat(&self, reply: &Reply) -> Result<(), Duration> {
        match self.limited() {
            Some(client)
                if reply.is_whole_feed() && self.head.method == "GET" && !self.asked.preconditions.is_poll() =>
            {
                self.state.rates.take_repeat(client, self.head, &self.settings.limits, Instant::now())
            }
            _ => Ok(()),
        }
    }

    fn take(&self) -> Result<(), Duration> {
        match self.limited() {
            Some(client) => self.state.rates.take(client, &self.settings.limits, Instant::now()),
            None => Ok(()),
        }
    }

    fn take_trial(&self) -> Result<(), Duration> {
        match self.limited() {
            Some(client) => self.state.rates.take_trial(client, &self.settings.limits, Instant::now()),
            None => Ok(()),
        }
    }

    fn limited(&self) -> Option<IpAddr> {
        self.client.limited(&self.settings.limits)
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

    fn readiness(&self) -> Reply {
        let reasons = self.state.parts.readiness.reasons_not_ready();
        if reasons.is_empty() {
            return Reply::text(StatusCode::OK, "ready\n");
        }
        Reply::text(StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").with("Retry-After", "5")
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

fn not_allowed(allow: &'static str) -> Reply {
    Reply::status(StatusCode::METHOD_NOT_ALLOWED).with("Allow", allow)
}

fn unavailable() -> Reply {
    Reply::status(StatusCode::SERVICE_UNAVAILABLE).with("Retry-After", "2")
}

fn too_many(wait: Duration) -> Reply {
    let seconds = wait.as_secs() + 1;
    Reply::status(StatusCode::TOO_MANY_REQUESTS).with("Retry-After", seconds.to_string())
}

/// 308 with the request's query kept. `to` is an absolute URL or a path below the base path.
fn redirect(to: &str, base_path: &str, query: Option<&str>) -> Reply {
    let mut location = String::new();
    if to.starts_with('/') {
        location.push_str(base_path);
    }
    location.push_str(to);
    if let Some(query) = query {
        location.push(if to.contains('?') { '&' } else { '?' });
        push_query(&mut location, query);
    }
    let location: Cow<'static, str> = location.into();
    Reply::text(StatusCode::PERMANENT_REDIRECT, "moved\n").with("Location", location).kept_for_a_day()
}
