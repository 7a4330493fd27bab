//! HTTP/1.1 and 1.0 connections, RFC 9112.
//!
//! hyper does HTTP/2 here, not this: serving prepared bytes at the price of a static file needs one read, one gathering
//! write and no buffer of an idle connection, and refusing ambiguous heads needs the head as it was sent.

mod answer;
mod body;
mod head;
mod next;
mod receive;
mod response_head;
mod send;
mod unsent;

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;

use super::answer::Origin;
use super::deadline::Deadline;
use super::state::{Event, State};
use super::stop::Stop;
use super::stream::Stream;

use next::Step;
use receive::Wait;

/// When the server stops, how long a connection that has not asked anything yet may still do so: whoever has just connected
/// has a request on its way, and would not know what became of it.
const LAST_CALL: Duration = Duration::from_secs(1);

/// One connection and the bytes received on it that are not yet used.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    state: Arc<State>,
    origin: Origin,
    /// What has come in of a request that is not yet whole, or of those that follow.
    received: Vec<u8>,
    /// How many of these are known to hold no whole head.
    looked_at: usize,
    /// Nothing was answered yet.
    is_first: bool,
    /// A part of the next request's head is there.
    has_begun: bool,
    /// The server stops, and waits a moment for the first request.
    is_last_call: bool,
    deadline: Deadline,
    stop: Stop,
}

/// How a connection ended.
pub(super) enum End {
    Closed,
    /// The client speaks HTTP/2; these bytes were its first.
    Http2(Stream, Bytes),
}

impl Connection {
    pub(super) fn new(stream: Stream, state: Arc<State>, origin: Origin, stop: Stop) -> Self {
        let deadline = Deadline::after(state.with_settings(|settings| settings.limits.first_byte));
        Self {
            stream,
            state,
            origin,
            received: Vec::new(),
            looked_at: 0,
            is_first: true,
            has_begun: false,
            is_last_call: false,
            deadline,
            stop,
        }
    }

    /// Answers requests until either side has had enough.
    pub(super) async fn run(mut self) -> End {
        loop {
            match poll_fn(|cx| self.poll_step(cx)).await {
                Step::Answer { framing, plan, now } => {
                    if self.answer(framing, plan, now).await.is_err() {
                        return End::Closed;
                    }
                    (self.is_first, self.has_begun) = (false, false);
                }
                Step::Refuse(status) => {
                    self.state.count(Event::Malformed);
                    self.refuse(status).await;
                    return End::Closed;
                }
                Step::Http2 => return End::Http2(self.stream, self.received.into()),
                Step::Drop => {
                    self.state.count(Event::Malformed);
                    self.observe_refusal(StatusCode::BAD_REQUEST, 0);
                    return End::Closed;
                }
                Step::Wait(Wait::Stopped) if self.is_first => {
                    self.is_last_call = true;
                    self.deadline.reset_after(LAST_CALL);
                }
                Step::Wait(Wait::Late) if !self.received.is_empty() => {
                    self.state.count(Event::Timeout);
                    self.refuse(StatusCode::REQUEST_TIMEOUT).await;
                    return End::Closed;
                }
                Step::Wait(Wait::Late) if self.is_first && !self.is_last_call => {
                    self.state.count(Event::Timeout);
                    return End::Closed;
                }
                Step::Wait(Wait::Eof | Wait::Late | Wait::Stopped) => return End::Closed,
            }
        }
    }
}
