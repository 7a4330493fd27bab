//! HTTP/1.1 and 1.0 connections, RFC 9112.
//!
//! hyper does HTTP/2 here, not this: serving prepared bytes at the price of a static file needs one read, one gathering
//! write and no buffer of an idle connection, and refusing ambiguous heads needs the head as it was sent.

mod head;
mod write;

use std::cell::RefCell;
use std::future::poll_fn;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use super::answer::{Origin, Plan, plan};
use super::deadline::Deadline;
use super::reply::Reply;
use super::state::{Event, State};
use super::stop::Stop;
use super::stream::Stream;

use head::{Body, Framing, MAX_FIELDS, Parsed, parse};

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
/// When the server stops, how long a connection that has not asked anything yet may still do so: whoever has just connected
/// has a request on its way, and would not know what became of it.
const LAST_CALL: Duration = Duration::from_secs(1);

thread_local! {
    /// Where sockets are read into: one for all connections of a thread, since only one is read at a time.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// One connection and the bytes received on it that are not yet used.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    state: Arc<State>,
    origin: Origin,
    received: Vec<u8>,
    deadline: Deadline,
    stop: Stop,
}

/// How a connection ended.
pub(super) enum End {
    Closed,
    /// The client speaks HTTP/2; these bytes were its first.
    Http2(Stream, Bytes),
}

enum Fill {
    Some,
    Eof,
    Late,
    Stopped,
}

/// What to do with the bytes received so far.
enum Step {
    More,
    Answer { len: usize, framing: Framing, plan: Plan },
    Refuse(StatusCode),
    Http2,
    Drop,
}

impl Connection {
    pub(super) fn new(stream: Stream, state: Arc<State>, origin: Origin, stop: Stop) -> Self {
        let deadline = Deadline::after(state.with_settings(|settings| settings.limits.first_byte));
        Self { stream, state, origin, received: Vec::new(), deadline, stop }
    }

    /// Answers requests until either side has had enough.
    pub(super) async fn run(mut self) -> End {
        let mut is_first = true;
        let mut is_last_call = false;
        // Bytes known to hold no whole head.
        let mut looked_at = 0;
        loop {
            let step = self.step(is_first, &mut looked_at);
            match step {
                Step::More => match self.fill(self.received.is_empty() && !is_last_call).await {
                    Fill::Some => {
                        if looked_at == 0 && !self.received.ends_with(b"\r\n\r\n") {
                            let head = self.state.with_settings(|settings| settings.limits.head);
                            self.deadline.move_to(head);
                        }
                    }
                    Fill::Stopped if is_first => {
                        is_last_call = true;
                        self.deadline.move_to(LAST_CALL);
                    }
                    Fill::Eof | Fill::Stopped => return End::Closed,
                    Fill::Late if is_last_call && self.received.is_empty() => return End::Closed,
                    Fill::Late => {
                        if !self.received.is_empty() {
                            self.state.count(Event::Timeout);
                            self.refuse(StatusCode::REQUEST_TIMEOUT).await;
                        } else if is_first {
                            self.state.count(Event::Timeout);
                        }
                        return End::Closed;
                    }
                },
                Step::Answer { len, framing, plan } => {
                    self.received.drain(..len);
                    if self.answer(framing, plan).await.is_err() {
                        return End::Closed;
                    }
                    (is_first, looked_at) = (false, 0);
                    if self.received.is_empty() {
                        self.received = Vec::new();
                    }
                    let idle = self.state.with_settings(|settings| settings.limits.idle);
                    self.deadline.move_to(idle);
                }
                Step::Refuse(status) => {
                    self.state.count(Event::Malformed);
                    self.refuse(status).await;
                    return End::Closed;
                }
                Step::Http2 => return End::Http2(self.stream, self.received.into()),
                Step::Drop => {
                    self.state.count(Event::Malformed);
                    return End::Closed;
                }
            }
        }
    }

    /// Looks at what was received; decides, but waits for nothing.
    fn step(&mut self, is_first: bool, looked_at: &mut usize) -> Step {
        // RFC 9112 §2.2: an empty line before a request is none of it.
        let empty_lines = self.received.chunks_exact(2).take_while(|pair| pair == b"\r\n").count() * 2;
        if empty_lines > 0 {
            self.received.drain(..empty_lines);
            *looked_at = 0;
        }
        if self.received.is_empty() {
            return Step::More;
        }
        if is_first {
            if self.received[0] == TLS_HANDSHAKE {
                return Step::Drop;
            }
            if self.received.starts_with(H2_PREFACE) {
                return Step::Http2;
            }
            if H2_PREFACE.starts_with(&self.received) {
                *looked_at = self.received.len();
                return Step::More;
            }
        }
        let state = &self.state;
        state.with_settings(|settings| {
            let limits = &settings.limits;
            // A head is parsed again only when a line has ended or a limit is reached, so that one sent byte by byte
            // costs no more than its lines.
            let new = &self.received[*looked_at..];
            if !new.contains(&b'\n') && self.received.len() < limits.uri_bytes.min(limits.head_bytes) {
                *looked_at = self.received.len();
                return Step::More;
            }
            let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
            match parse(&self.received, &mut fields, limits) {
                Parsed::Partial => {
                    *looked_at = self.received.len();
                    Step::More
                }
                Parsed::Refused(status) => Step::Refuse(status),
                Parsed::Whole(whole) => {
                    let plan = plan(state, &whole.head, self.origin, (state.parts.clock)());
                    Step::Answer { len: whole.len, framing: whole.framing, plan }
                }
            }
        })
    }

    /// Sends the answer; `Err` when the connection is to end after it.
    async fn answer(&mut self, framing: Framing, plan: Plan) -> Result<(), ()> {
        let mut keep_alive = framing.keep_alive && !self.stop.is_set();
        let mut unread = framing.body != Body::Bytes(0);
        let reply = match plan {
            Plan::Reply(reply) => reply,
            Plan::Wait(waiting) if waiting.wants_body() => match self.body(framing).await {
                Ok(body) => {
                    unread = false;
                    waiting.reply(&Arc::clone(&self.state), body).await
                }
                Err(Some(status)) => Reply::status(status),
                Err(None) => return Err(()),
            },
            Plan::Wait(waiting) => waiting.reply(&Arc::clone(&self.state), Vec::new()).await,
        };
        // A body that nobody wants is not read, so what follows it cannot be taken for a request.
        keep_alive &= !unread && !self.stop.is_set();
        self.send(&reply, keep_alive, framing.is_old).await?;
        if keep_alive {
            return Ok(());
        }
        self.close(unread || !self.received.is_empty()).await;
        Err(())
    }

    /// The body of a request; the status when it is not acceptable, `None` when the client is gone.
    async fn body(&mut self, framing: Framing) -> Result<Vec<u8>, Option<StatusCode>> {
        let (most, wait) = self.state.with_settings(|settings| (settings.limits.body_bytes, settings.limits.body));
        let Body::Bytes(len) = framing.body else { return Err(Some(StatusCode::LENGTH_REQUIRED)) };
        let len = usize::try_from(len).ok().filter(|len| *len <= most).ok_or(Some(StatusCode::PAYLOAD_TOO_LARGE))?;
        self.deadline.move_to(wait);
        if framing.expects_continue && self.received.len() < len {
            let sent = self.write(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), Bytes::new(), None).await;
            sent.map_err(|()| None)?;
        }
        while self.received.len() < len {
            match self.fill(false).await {
                Fill::Some => {}
                Fill::Late => {
                    self.state.count(Event::Timeout);
                    return Err(Some(StatusCode::REQUEST_TIMEOUT));
                }
                Fill::Eof | Fill::Stopped => return Err(None),
            }
        }
        let rest = self.received.split_off(len);
        Ok(std::mem::replace(&mut self.received, rest))
    }

    async fn refuse(&mut self, status: StatusCode) {
        let reply = Reply::status(status);
        let reply = if self.origin.is_admin { reply.private() } else { reply };
        if self.send(&reply, false, false).await.is_ok() {
            self.close(true).await;
        }
    }

    async fn send(&mut self, reply: &Reply, keep_alive: bool, is_old: bool) -> Result<(), ()> {
        let now = (self.state.parts.clock)();
        let (head, file) = self.state.with_settings(|settings| {
            let head = write::head(reply, settings, now, keep_alive, is_old);
            (head, reply.file(&self.state.files, settings))
        });
        self.write(head, reply.body(), file).await
    }

    /// Writes both, gathered, within the write deadlines.
    async fn write(&mut self, head: Vec<u8>, body: Bytes, file: Option<(Arc<OwnedFd>, u64)>) -> Result<(), ()> {
        let mut rest = write::Rest::new(head, body, file);
        // Nearly always the socket takes all at once, and no deadline is needed.
        let mut patience: Option<write::Patience> = None;
        let result = poll_fn(|cx| {
            loop {
                match rest.poll_write(&mut self.stream, cx) {
                    Poll::Ready(Ok(true)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(false)) => {
                        if let Some(patience) = &patience {
                            self.deadline.move_to(patience.next(Instant::now()));
                        }
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(Err(false)),
                    Poll::Pending => break,
                }
            }
            if patience.is_none() {
                let limits = self.state.with_settings(|settings| write::Patience::new(&settings.limits, rest.len()));
                self.deadline.move_to(limits.next(Instant::now()));
                patience = Some(limits);
            }
            self.deadline.poll(cx).map(|()| Err(true))
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
            match self.fill(false).await {
                Fill::Some => read += self.received.len(),
                Fill::Eof | Fill::Late | Fill::Stopped => return,
            }
        }
    }

    /// Waits for bytes and appends them, until the deadline or, if `may_stop`, until the server stops.
    async fn fill(&mut self, may_stop: bool) -> Fill {
        poll_fn(|cx| {
            let read = SCRATCH.with_borrow_mut(|scratch| {
                let mut buffer = ReadBuf::new(scratch);
                let polled = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
                polled.map_ok(|()| {
                    self.received.extend_from_slice(buffer.filled());
                    !buffer.filled().is_empty()
                })
            });
            match read {
                Poll::Ready(Ok(true)) => return Poll::Ready(Fill::Some),
                Poll::Ready(Ok(false) | Err(_)) => return Poll::Ready(Fill::Eof),
                Poll::Pending => {}
            }
            if may_stop && self.stop.poll(cx).is_ready() {
                return Poll::Ready(Fill::Stopped);
            }
            self.deadline.poll(cx).map(|()| Fill::Late)
        })
        .await
    }
}
