//! Answers as bytes.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use chrono::{DateTime, Utc};
use hyper::StatusCode;
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::super::reply::Reply;
use super::super::settings::{Limits, Settings};

/// Bodies up to this size are copied behind the head: one buffer is sent faster than two.
const COPIED_BYTES: usize = 4096;
/// Longest usual head.
const HEAD_BYTES: usize = 1024;

/// Status line and fields.
pub(super) fn head(reply: &Reply, settings: &Settings, now: DateTime<Utc>, keep_alive: bool, is_old: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES);
    match reply.status {
        StatusCode::OK => out.extend_from_slice(b"HTTP/1.1 200 OK\r\n"),
        StatusCode::NOT_MODIFIED => out.extend_from_slice(b"HTTP/1.1 304 Not Modified\r\n"),
        status => {
            out.extend_from_slice(b"HTTP/1.1 ");
            out.extend_from_slice(status.as_str().as_bytes());
            out.push(b' ');
            out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"Date: ");
    out.extend_from_slice(&date(now));
    out.extend_from_slice(b"\r\n");
    if !keep_alive {
        out.extend_from_slice(b"Connection: close\r\n");
    } else if is_old {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    reply.fields(settings, now, |name, value| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        let from = out.len();
        out.extend_from_slice(value);
        // SECURITY: whatever a value was made of, it cannot end its line.
        for byte in &mut out[from..] {
            if matches!(byte, b'\r' | b'\n' | 0) {
                *byte = b' ';
            }
        }
        out.extend_from_slice(b"\r\n");
    });
    out.extend_from_slice(b"\r\n");
    out
}

/// Length of an IMF-fixdate.
const DATE_BYTES: usize = 29;

/// Value of Date, formatted once a second.
fn date(now: DateTime<Utc>) -> [u8; DATE_BYTES] {
    thread_local! {
        static LAST: Cell<(i64, [u8; DATE_BYTES])> = const { Cell::new((i64::MIN, [b' '; DATE_BYTES])) };
    }
    let (second, text) = LAST.get();
    if second == now.timestamp() {
        return text;
    }
    let formatted = httpdate::fmt_http_date(SystemTime::from(now));
    let text = formatted.as_bytes().try_into().unwrap_or([b' '; DATE_BYTES]);
    LAST.set((now.timestamp(), text));
    text
}

/// What is still to be written.
#[derive(Debug)]
pub(super) struct Rest {
    head: Vec<u8>,
    /// How much of `head` is written.
    sent: usize,
    body: Bytes,
}

impl Rest {
    pub(super) fn new(mut head: Vec<u8>, mut body: Bytes) -> Self {
        if body.len() <= COPIED_BYTES {
            head.extend_from_slice(&body);
            body = Bytes::new();
        }
        Self { head, sent: 0, body }
    }

    pub(super) fn len(&self) -> usize {
        self.head.len() - self.sent + self.body.len()
    }

    /// Writes once, or flushes when all is written; whether that was all.
    pub(super) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        let mut stream = Pin::new(stream);
        if self.len() == 0 {
            return stream.poll_flush(cx).map_ok(|()| true);
        }
        let head = &self.head[self.sent..];
        let written = if self.body.is_empty() {
            ready!(stream.as_mut().poll_write(cx, head))?
        } else if head.is_empty() {
            ready!(stream.as_mut().poll_write(cx, &self.body))?
        } else {
            let both = [IoSlice::new(head), IoSlice::new(&self.body)];
            ready!(stream.as_mut().poll_write_vectored(cx, &both))?
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        let of_head = written.min(head.len());
        self.sent += of_head;
        self.body.advance(written - of_head);
        if self.len() == 0 { stream.poll_flush(cx).map_ok(|()| true) } else { Poll::Ready(Ok(false)) }
    }
}

/// How long a slow reader is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For each step.
    step: Duration,
    /// For all of it.
    end: Instant,
}

impl Patience {
    pub(super) fn new(limits: &Limits, bytes: usize) -> Self {
        let seconds = u64::try_from(bytes).unwrap_or(u64::MAX) / limits.write_bytes_per_second.max(1);
        Self { step: limits.write, end: Instant::now() + limits.write + Duration::from_secs(seconds) }
    }

    /// Until when the next step has to come.
    pub(super) fn next(&self, now: Instant) -> Duration {
        self.step.min(self.end.saturating_duration_since(now))
    }
}
