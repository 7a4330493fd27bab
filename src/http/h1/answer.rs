//! From a request on a connection to its answer.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hyper::StatusCode;

use super::super::answer::Plan;
use super::super::proxies::Peer;
use super::super::reply::Reply;
use super::super::state::Event;
use super::Connection;
use super::body::Incoming;
use super::head::{Body, Framing};
use super::receive::Wait;
use super::unsent::Unsent;
use crate::ops::{Answered, RequestLine};

/// How much is told of the first line of what is refused.
const OBSERVED_LINE_BYTES: usize = 256;

impl Connection {
    /// Sends the answer; `Err` when the connection is to end after it. `now` is the time of the request.
    pub(super) async fn answer(&mut self, framing: Framing, plan: Plan, now: DateTime<Utc>) -> Result<(), ()> {
        let mut keep_alive = framing.keep_alive && !self.stop.is_set();
        let mut unread = framing.body != Body::Bytes(0);
        let (reply, now) = match plan {
            Plan::Reply(reply) => (reply, now),
            Plan::Wait(waiting) => {
                let body = if waiting.wants_body() { self.body(framing).await } else { Ok(Vec::new()) };
                let reply = match body {
                    Ok(body) => {
                        unread &= !waiting.wants_body();
                        waiting.reply(&Arc::clone(&self.state), body).await
                    }
                    Err(Some(status)) => waiting.refused(&self.state, status),
                    Err(None) => return Err(()),
                };
                (reply, (self.state.parts.clock)())
            }
        };
        // A body that nobody wants is not read, so what follows it cannot be taken for a request.
        keep_alive &= !unread && !self.stop.is_set();
        self.send(&reply, now, keep_alive, framing.is_http_1_0).await?;
        if keep_alive {
            return Ok(());
        }
        self.close().await;
        Err(())
    }

    /// The body of a request; the status when it is not acceptable, `None` when the client is gone.
    async fn body(&mut self, framing: Framing) -> Result<Vec<u8>, Option<StatusCode>> {
        let (incoming, wait) =
            self.state.with_settings(|settings| (Incoming::new(framing.body, &settings.limits), settings.limits.body));
        let mut incoming = incoming?;
        self.deadline.reset_after(wait);
        let mut is_awaited = framing.expects_continue;
        loop {
            match incoming.take(&mut self.received) {
                Ok(Some(body)) => return Ok(body),
                Ok(None) => {}
                Err(status) => {
                    if status != StatusCode::PAYLOAD_TOO_LARGE {
                        self.state.count(Event::Malformed);
                    }
                    return Err(Some(status));
                }
            }
            if std::mem::take(&mut is_awaited) {
                let mut interim = Unsent::new(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), Bytes::new(), None);
                self.write(&mut interim).await.map_err(|()| None)?;
                self.deadline.reset_after(wait);
            }
            match self.fill().await {
                Ok(()) => {}
                Err(Wait::Late) => {
                    self.state.count(Event::Timeout);
                    return Err(Some(StatusCode::REQUEST_TIMEOUT));
                }
                Err(Wait::Eof | Wait::Stopped) => return Err(None),
            }
        }
    }

    /// Tells of the end of what could not be read as a request, from what is there of it.
    pub(super) fn observe_refusal(&self, status: StatusCode, body_bytes: usize) {
        let line = self.received.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let client = match self.origin.peer {
            Peer::Ip(address) => Some(address),
            Peer::Unix => None,
        };
        self.state.parts.observer.answered(&Answered {
            line: RequestLine::Raw(&line[..line.len().min(OBSERVED_LINE_BYTES)]),
            status: status.as_u16(),
            coding: None,
            body_bytes,
            is_conditional: false,
            user_agent: None,
            referrer: None,
            client,
            is_admin: self.origin.is_admin,
        });
    }

    pub(super) async fn refuse(&mut self, status: StatusCode) {
        let reply = Reply::status(status).private_if(self.origin.is_admin);
        self.observe_refusal(status, reply.body_len());
        let now = (self.state.parts.clock)();
        if self.send(&reply, now, false, false).await.is_ok() {
            self.close().await;
        }
    }
}
