//! Answers that take a while: pages rendered on demand, requests with a body, admin commands.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use tokio::time::Instant;

use super::super::head::Field;
use super::super::parts::{Accepted, Submission};
use super::super::rendered::Outcome;
use super::super::reply::Reply;
use super::super::state::{Event, State};
use super::Request;
use super::delta::Delta;
use super::document::Asked;
use crate::ops::{Answered, RequestLine};

/// All of a request that its answer needs, independent of the buffer it was read into.
#[derive(Debug)]
pub(crate) struct Waiting {
    task: Task,
    method: String,
    target: String,
    path: String,
    query: Option<String>,
    asked: Asked<'static>,
    accepts_html: bool,
    protocol: &'static str,
    user_agent: Option<String>,
    referrer: Option<String>,
    client: Option<IpAddr>,
    /// Whose allowance the request uses up.
    limited: Option<IpAddr>,
    now: DateTime<Utc>,
    is_admin: bool,
    is_private: bool,
}

#[derive(Debug)]
enum Task {
    /// The page at the path.
    Render {
        /// Another reading of the path, for where nothing is at it.
        otherwise: Option<String>,
        /// The path was written otherwise: where a page is, its address is told instead.
        is_respelled: bool,
    },
    /// The whole document is what there is to say if the delta cannot be made.
    Delta {
        delta: Delta,
        whole: Reply,
    },
    Submit {
        content_type: Option<String>,
    },
    Admin,
}

impl Waiting {
    pub(super) fn rendering(request: &Request<'_>, otherwise: Option<String>) -> Self {
        Self::new(request, Task::Render { otherwise, is_respelled: false })
    }

    /// The canonical address of the page at `path`, or, where nothing is at that, at `otherwise`.
    pub(super) fn spelling(request: &Request<'_>, path: String, otherwise: String) -> Self {
        let task = Task::Render { otherwise: Some(otherwise), is_respelled: true };
        Self { path, ..Self::new(request, task) }
    }

    pub(super) fn delta(request: &Request<'_>, delta: Delta, whole: Reply) -> Self {
        Self::new(request, Task::Delta { delta, whole })
    }

    pub(super) fn submission(request: &Request<'_>) -> Self {
        let content_type = request.head.text(Field::ContentType).map(str::to_owned);
        Self::new(request, Task::Submit { content_type })
    }

    pub(super) fn admin(request: &Request<'_>) -> Self {
        Self::new(request, Task::Admin)
    }

    fn new(request: &Request<'_>, task: Task) -> Self {
        let head = request.head;
        Self {
            task,
            method: head.method.to_owned(),
            target: head.target.to_owned(),
            path: head.path.to_owned(),
            query: head.query.map(str::to_owned),
            asked: request.asked.clone().into_owned(),
            accepts_html: head.accepts_html(),
            protocol: head.protocol,
            user_agent: head.text(Field::UserAgent).map(str::to_owned),
            referrer: head.text(Field::Referer).map(str::to_owned),
            client: request.client.address,
            limited: request.limited(),
            now: request.now,
            is_admin: request.is_admin,
            is_private: request.is_private(),
        }
    }

    /// Whether the request's body is part of what is asked.
    pub(crate) fn wants_body(&self) -> bool {
        matches!(self.task, Task::Submit { .. })
    }

    /// Waits for the answer. `body` is the request's, empty unless wanted.
    pub(crate) async fn reply(mut self: Box<Self>, state: &State, body: Vec<u8>) -> Reply {
        let _waits = state.wait();
        let reply = match std::mem::replace(&mut self.task, Task::Admin) {
            Task::Render { otherwise, is_respelled } => self.rendered(state, otherwise, is_respelled).await,
            Task::Delta { delta, whole } => self.made(state, delta, whole).await,
            Task::Submit { content_type } => self.submitted(state, content_type, body).await,
            Task::Admin => self.administered(state).await,
        };
        let mut reply = reply.private_if(self.is_private);
        reply.is_head = self.method == "HEAD";
        self.observe(state, &reply);
        reply
    }

    /// The answer where the request's body is not acceptable or did not come.
    pub(crate) fn refused(&self, state: &State, status: StatusCode) -> Reply {
        let reply = Reply::status(status).private_if(self.is_private);
        self.observe(state, &reply);
        reply
    }

    fn observe(&self, state: &State, reply: &Reply) {
        state.parts.observer.answered(&Answered {
            line: RequestLine::Read {
                method: &self.method,
                target: &self.target,
                path: &self.path,
                protocol: self.protocol,
            },
            status: reply.status.as_u16(),
            coding: reply.coding(),
            body_bytes: reply.body_len(),
            is_conditional: self.asked.preconditions.is_poll(),
            user_agent: self.user_agent.as_deref(),
            referrer: self.referrer.as_deref(),
            client: self.client,
            is_admin: self.is_admin,
        });
    }

    async fn rendered(&mut self, state: &State, otherwise: Option<String>, is_respelled: bool) -> Reply {
        let mut outcome = state.on_demand(&self.path).await;
        if let (Outcome::Missing, Some(path)) = (&outcome, otherwise) {
            let other = state.on_demand(&path).await;
            if !matches!(other, Outcome::Missing) {
                (self.path, outcome) = (path, other);
            }
        }
        let reply = match outcome {
            Outcome::Found(_) if is_respelled => self.redirect(state, &self.path),
            Outcome::Found(document) => self.asked.reply(&document, self.now),
            Outcome::Gone => self.absence(state, StatusCode::GONE),
            Outcome::Missing => self.absence(state, StatusCode::NOT_FOUND),
            Outcome::Redirect(to) => self.redirect(state, &to),
            Outcome::Failed => Reply::unavailable(),
            Outcome::Panicked => panicked(state),
        };
        if self.asked.preconditions.is_poll() { self.paid(state, reply) } else { reply }
    }

    fn redirect(&self, state: &State, to: &str) -> Reply {
        state.with_settings(|settings| Reply::redirect(to, &settings.base_path, self.query.as_deref()))
    }

    fn absence(&self, state: &State, status: StatusCode) -> Reply {
        state.with_settings(|settings| Reply::absence(status, &settings.absence, self.accepts_html))
    }

    /// What somebody who has a copy gets: a 304 costs nothing, anything else is paid for now.
    fn paid(&self, state: &State, reply: Reply) -> Reply {
        let Some(client) = self.limited else { return reply };
        if reply.status == StatusCode::NOT_MODIFIED {
            state.rates.give_back_trial(client);
            return reply;
        }
        match state.with_settings(|settings| state.rates.take(client, &settings.limits, Instant::now())) {
            Ok(()) => reply,
            Err(wait) => Reply::too_many(wait),
        }
    }

    async fn made(&self, state: &State, delta: Delta, whole: Reply) -> Reply {
        let room = state.with_settings(|settings| settings.limits.rendered_bytes);
        let render = delta.render();
        match state.rendered.outcome(&delta.key(), render, room).await {
            Outcome::Found(made) => self.asked.delta(&delta, &made).unwrap_or(whole),
            _ => whole,
        }
    }

    async fn submitted(&self, state: &State, content_type: Option<String>, body: Vec<u8>) -> Reply {
        let Some(hub) = &state.parts.hub else { return Reply::status(StatusCode::NOT_FOUND) };
        let submission = Submission { path: self.path.clone(), content_type, body, client: self.client };
        // A task of its own, so that a panic in it is caught; it ends with the connection.
        let hub = Arc::clone(hub);
        let mut task = AbortOnDrop(tokio::spawn(async move { hub.submit(submission).await }));
        match (&mut task.0).await {
            Ok(Accepted { status, content_type, text, retry_after_seconds }) => {
                let reply = Reply::text(status, text).of_type(content_type);
                match retry_after_seconds {
                    Some(seconds) => reply.with("Retry-After", seconds.to_string()),
                    None => reply,
                }
            }
            Err(_) => panicked(state),
        }
    }

    async fn administered(&self, state: &State) -> Reply {
        let admin = Arc::clone(&state.parts.admin);
        let method = if self.method == "HEAD" { "GET".to_owned() } else { self.method.clone() };
        let (path, query) = (self.path.clone(), self.query.clone());
        match tokio::task::spawn_blocking(move || admin.answer(&method, &path, query.as_deref())).await {
            Ok(Some(answer)) => Reply::text(answer.status, answer.body).of_type(answer.content_type),
            Ok(None) => Reply::status(StatusCode::NOT_FOUND),
            Err(_) => panicked(state),
        }
    }
}

fn panicked(state: &State) -> Reply {
    state.count(Event::Panic);
    Reply::status(StatusCode::INTERNAL_SERVER_ERROR)
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
