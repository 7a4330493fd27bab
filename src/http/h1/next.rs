//! What comes next on a connection: the first request in the bytes that have come in.

use std::mem::MaybeUninit;
use std::task::{Context, Poll, ready};

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use tokio::task::coop::poll_proceed;

use super::super::answer::{Plan, plan};
use super::Connection;
use super::head::{Framing, MAX_FIELDS, Parsed, parse};
use super::receive::Wait;

/// What every HTTP/2 connection begins with, RFC 9113 §3.4.
const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// First byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

/// What comes next on a connection.
pub(super) enum Step {
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

impl Connection {
    /// The next step: from what is at hand, or else from what comes in.
    pub(super) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
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
            self.deadline.reset_after(self.state.with_settings(|settings| settings.limits.head));
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
            Parsed::Later(minor) => {
                let mut as_known = received.to_vec();
                as_known[minor] = b'1';
                let (used, step) = self.look(&as_known);
                (skipped + used, step)
            }
            Parsed::Refused(status) => (skipped, Some(Step::Refuse(status))),
            Parsed::Whole(whole) => {
                let now = (self.state.parts.clock)();
                let plan = plan(&self.state, &current, whole.head, self.origin, now);
                (skipped + whole.len, Some(Step::Answer { framing: whole.framing, plan, now }))
            }
        }
    }
}
