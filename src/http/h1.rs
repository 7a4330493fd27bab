//! HTTP/1.1 and 1.0 connections, RFC 9112.
//!
//! hyper does HTTP/2 here, not this: serving prepared bytes at the price of a static file needs one read, one gathering
//! write and no buffer of an idle connection, and refusing ambiguous heads needs the head as it was sent.

mod body;
mod head;
mod write;

use std::cell::Cell;
use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hyper::StatusCode;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::coop::poll_proceed;
use tokio::time::Instant;

use super::answer::{Origin, Plan, plan};
use super::deadline::Deadline;
use super::parts::Refused;
use super::proxies::Peer;
use super::reply::Reply;
use super::state::{Event, State};
use super::stop::Stop;
use super::stream::Stream;

use body::Incoming;
use head::{Body, Framing, MAX_FIELDS, Parsed, parse};
use write::Rest;

/// What every HTTP/2 connection begins with, RFC 9113 §3.4.
const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// First byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;
/// Bytes taken from a socket at a time.
const READ_BYTES: usize = 16 * 1024;
/// After the last answer, how long and how much to read of what the client was still sending, so that the reset that
/// closing would cause does not take the answer away from it (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;
/// How much is told of the first line of what is refused.
const OBSERVED_LINE_BYTES: usize = 256;
/// When the server stops, how long a connection that has not asked anything yet may still do so: whoever has just connected
/// has a request on its way, and would not know what became of it.
const LAST_CALL: Duration = Duration::from_secs(1);

thread_local! {
    /// Where sockets are read into: one for all connections of a thread, since only one is read at a time. Taken while it
    /// is in use.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

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

/// What comes next on a connection.
enum Step {
    Answer {
        framing: Framing,
        plan: Plan,
        now: DateTime<Utc>,
    },
    Refuse(StatusCode),
    Http2,
    /// Nothing that an answer would reach.
    Drop,
    Wait(Wait),
}

/// How waiting for bytes ended, other than with some.
enum Wait {
    Eof,
    Late,
    Stopped,
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
                    self.deadline.move_to(LAST_CALL);
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

    /// The next step: from what is at hand, or else from what comes in.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        if self.looked_at < self.received.len() {
            // Whoever sends many requests at once must not keep everybody else waiting.
            ready!(poll_proceed(cx)).made_progress();
            let received = std::mem::take(&mut self.received);
            if let Some(step) = self.take_in(received) {
                return Poll::Ready(step);
            }
        }
        loop {
            let step = match self.poll_read(cx, Self::take_in_read) {
                Poll::Ready(Some(step)) => step,
                Poll::Ready(None) => return Poll::Ready(Step::Wait(Wait::Eof)),
                Poll::Pending => {
                    let may_stop = self.received.is_empty() && !self.is_last_call;
                    return self.poll_end_of_wait(cx, may_stop).map(Step::Wait);
                }
            };
            if let Some(step) = step {
                return Poll::Ready(step);
            }
        }
    }

    /// Looks at bytes where they were read, which is where nearly every request begins and ends.
    fn take_in_read(&mut self, bytes: &[u8]) -> Option<Step> {
        if !self.received.is_empty() {
            let mut received = std::mem::take(&mut self.received);
            received.extend_from_slice(bytes);
            return self.take_in(received);
        }
        let (used, step) = self.look(bytes);
        if used < bytes.len() {
            self.received.extend_from_slice(&bytes[used..]);
            if step.is_none() {
                self.await_rest();
            }
        }
        step
    }

    fn take_in(&mut self, mut received: Vec<u8>) -> Option<Step> {
        let (used, step) = self.look(&received);
        received.drain(..used);
        if !received.is_empty() {
            self.received = received;
            if step.is_none() {
                self.await_rest();
            }
        }
        step
    }

    /// From the first bytes of a request on, there is a deadline for the whole of its head.
    fn await_rest(&mut self) {
        if !self.has_begun {
            self.has_begun = true;
            self.deadline.move_to(self.state.with_settings(|settings| settings.limits.head));
        }
    }

    /// Looks at what was received; decides, but waits for nothing. How many bytes are used up, and what is to be done;
    /// `None` as long as more is needed for that.
    fn look(&mut self, received: &[u8]) -> (usize, Option<Step>) {
        // RFC 9112 §2.2: an empty line before a request is none of it.
        let skipped = received.chunks_exact(2).take_while(|pair| pair == b"\r\n").count() * 2;
        let looked_at = if skipped > 0 { 0 } else { self.looked_at };
        self.looked_at = 0;
        let received = &received[skipped..];
        let more = (skipped, None);
        if received.is_empty() {
            return more;
        }
        if self.is_first {
            if received[0] == TLS_HANDSHAKE {
                return (skipped, Some(Step::Drop));
            }
            if received.starts_with(H2_PREFACE) {
                return (skipped, Some(Step::Http2));
            }
            if H2_PREFACE.starts_with(received) {
                self.looked_at = received.len();
                return more;
            }
        }
        let current = self.state.current();
        let limits = &current.settings.limits;
        // A head is parsed again only when a line has ended or a limit is reached, so that one sent byte by byte costs no
        // more than its lines.
        let has_new_line = looked_at == 0 || memchr::memchr(b'\n', &received[looked_at..]).is_some();
        if !has_new_line && received.len() < limits.uri_bytes.min(limits.head_bytes) {
            self.looked_at = received.len();
            return more;
        }
        let mut room = [const { MaybeUninit::uninit() }; MAX_FIELDS];
        match parse(received, &mut room, limits) {
            Parsed::Partial => {
                self.looked_at = received.len();
                more
            }
            Parsed::Refused(status) => (skipped, Some(Step::Refuse(status))),
            Parsed::Whole(whole) => {
                let now = (self.state.parts.clock)();
                let plan = plan(&self.state, &current.settings, whole.head, self.origin, now);
                (skipped + whole.len, Some(Step::Answer { framing: whole.framing, plan, now }))
            }
        }
    }

    /// Sends the answer; `Err` when the connection is to end after it. `now` is the time of the request.
    async fn answer(&mut self, framing: Framing, plan: Plan, now: DateTime<Utc>) -> Result<(), ()> {
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
        self.send(&reply, now, keep_alive, framing.is_old).await?;
        if keep_alive {
            return Ok(());
        }
        self.close(unread || !self.received.is_empty()).await;
        Err(())
    }

    /// The body of a request; the status when it is not acceptable, `None` when the client is gone.
    async fn body(&mut self, framing: Framing) -> Result<Vec<u8>, Option<StatusCode>> {
        let (incoming, wait) =
            self.state.with_settings(|settings| (Incoming::new(framing.body, &settings.limits), settings.limits.body));
        let mut incoming = incoming?;
        self.deadline.move_to(wait);
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
                let mut interim = Rest::new(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), Bytes::new(), None);
                self.write(&mut interim).await.map_err(|()| None)?;
                self.deadline.move_to(wait);
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
    fn observe_refusal(&self, status: StatusCode, body_bytes: usize) {
        let line = self.received.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let client = match self.origin.peer {
            Peer::Ip(address) => Some(address),
            Peer::Unix => None,
        };
        self.state.parts.observer.refused(&Refused {
            line: &line[..line.len().min(OBSERVED_LINE_BYTES)],
            status,
            body_bytes,
            client,
            is_admin: self.origin.is_admin,
        });
    }

    async fn refuse(&mut self, status: StatusCode) {
        let reply = Reply::status(status).private_if(self.origin.is_admin);
        self.observe_refusal(status, reply.body_len());
        let now = (self.state.parts.clock)();
        if self.send(&reply, now, false, false).await.is_ok() {
            self.close(true).await;
        }
    }

    /// Writes the answer; from its end on, the next request is waited for.
    async fn send(&mut self, reply: &Reply, now: DateTime<Utc>, keep_alive: bool, is_old: bool) -> Result<(), ()> {
        let mut head = write::take_buffer();
        let (file, idle) = {
            let current = self.state.current();
            write::head(&mut head, reply, &current, now, keep_alive, is_old);
            (reply.file(&self.state.files, &current.settings), current.settings.limits.idle)
        };
        let mut rest = Rest::new(head, reply.body(), file);
        let mut result = rest.try_write(&self.stream).map_err(|_| ());
        if result.is_ok() && rest.len() > 0 {
            result = self.write(&mut rest).await;
        }
        write::give_back(rest);
        self.deadline.move_to(idle);
        result
    }

    /// Writes all of it within the write deadlines.
    async fn write(&mut self, rest: &mut Rest) -> Result<(), ()> {
        // Nearly always the socket takes all at once, and no deadline is needed.
        let mut patience: Option<write::Patience> = None;
        let result = poll_fn(|cx| {
            loop {
                match rest.poll_write(&mut self.stream, cx) {
                    Poll::Ready(Ok(true)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(false)) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(Err(false)),
                    Poll::Pending => match &patience {
                        None => {
                            let len = rest.len();
                            patience =
                                Some(self.state.with_settings(|settings| write::Patience::new(&settings.limits, len)));
                        }
                        Some(patience) => {
                            ready!(self.deadline.poll(cx));
                            match rest.push(&mut self.stream) {
                                Ok(taken) if taken > 0 && !patience.is_over(Instant::now()) => {}
                                Ok(_) => return Poll::Ready(Err(true)),
                                Err(_) => return Poll::Ready(Err(false)),
                            }
                        }
                    },
                }
                if let Some(patience) = &patience {
                    self.deadline.move_to(patience.next(Instant::now()));
                }
            }
        })
        .await;
        result.map_err(|is_late| {
            if is_late {
                self.state.count(Event::Timeout);
            }
        })
    }

    /// Ends the connection so that the last answer arrives even if the client is still sending.
    async fn close(&mut self, may_be_sending: bool) {
        let _ = poll_fn(|cx| tokio::io::AsyncWrite::poll_shutdown(Pin::new(&mut self.stream), cx)).await;
        if !may_be_sending {
            return;
        }
        self.deadline.move_to(LINGER);
        let mut read = 0;
        while read < LINGER_BYTES {
            self.received.clear();
            match self.fill().await {
                Ok(()) => read += self.received.len(),
                Err(_) => return,
            }
        }
    }

    /// Waits for bytes and appends them.
    async fn fill(&mut self) -> Result<(), Wait> {
        poll_fn(|cx| match self.poll_read(cx, |own, bytes| own.received.extend_from_slice(bytes)) {
            Poll::Ready(Some(())) => Poll::Ready(Ok(())),
            Poll::Ready(None) => Poll::Ready(Err(Wait::Eof)),
            Poll::Pending => self.poll_end_of_wait(cx, false).map(Err),
        })
        .await
    }

    /// What `take` makes of the bytes that have come in; `None` at their end.
    fn poll_read<T>(&mut self, cx: &mut Context<'_>, take: impl FnOnce(&mut Self, &[u8]) -> T) -> Poll<Option<T>> {
        let mut scratch = SCRATCH.take();
        scratch.resize(READ_BYTES, 0);
        let mut buffer = ReadBuf::new(&mut scratch);
        let taken = match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => Poll::Ready(Some(take(self, buffer.filled()))),
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        };
        SCRATCH.set(scratch);
        taken
    }

    /// Ready when waiting has to end: at the deadline, or, if `may_stop`, when the server stops.
    fn poll_end_of_wait(&mut self, cx: &mut Context<'_>, may_stop: bool) -> Poll<Wait> {
        if may_stop && self.stop.poll(cx).is_ready() {
            return Poll::Ready(Wait::Stopped);
        }
        self.deadline.poll(cx).map(|()| Wait::Late)
    }
}
