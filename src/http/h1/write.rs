//! Answers as bytes.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use chrono::{DateTime, Utc};
use hyper::StatusCode;
use rustix::fs::sendfile;
use rustix::net::{SendFlags, send};
use tokio::io::{AsyncWrite, Interest};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::super::reply::Reply;
use super::super::settings::{Limits, Settings};
use super::super::stream::Stream;

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
    /// A file that has the body, and where in it the next byte stands.
    file: Option<(Arc<OwnedFd>, u64)>,
}

impl Rest {
    pub(super) fn new(mut head: Vec<u8>, mut body: Bytes, mut file: Option<(Arc<OwnedFd>, u64)>) -> Self {
        if body.len() <= COPIED_BYTES {
            head.extend_from_slice(&body);
            // No body follows, so the head must not be sent as if one did.
            (body, file) = (Bytes::new(), None);
        }
        Self { head, sent: 0, body, file }
    }

    pub(super) fn len(&self) -> usize {
        self.head.len() - self.sent + self.body.len()
    }

    /// Writes once, or flushes when all is written; whether that was all.
    pub(super) fn poll_write(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.len() == 0 {
            return Pin::new(stream).poll_flush(cx).map_ok(|()| true);
        }
        let written = match (&mut self.file, &*stream) {
            (Some((file, at)), Stream::Tcp(socket)) => {
                ready!(poll_send_file(socket, &self.head[self.sent..], file, at, self.body.len(), cx))?
            }
            _ => ready!(poll_gather(Pin::new(&mut *stream), &self.head[self.sent..], &self.body, cx))?,
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        let of_head = written.min(self.head.len() - self.sent);
        self.sent += of_head;
        self.body.advance(written - of_head);
        if self.len() == 0 { Pin::new(stream).poll_flush(cx).map_ok(|()| true) } else { Poll::Ready(Ok(false)) }
    }
}

/// Head and body in one call.
fn poll_gather(
    mut stream: Pin<&mut Stream>,
    head: &[u8],
    body: &[u8],
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    match (head, body) {
        (head, []) => stream.as_mut().poll_write(cx, head),
        ([], body) => stream.as_mut().poll_write(cx, body),
        (head, body) => stream.as_mut().poll_write_vectored(cx, &[IoSlice::new(head), IoSlice::new(body)]),
    }
}

/// The head with the word that more follows, so that it waits for the first bytes of the body; then the body from the
/// file. One of both at a time.
fn poll_send_file(
    socket: &TcpStream,
    head: &[u8],
    file: &OwnedFd,
    at: &mut u64,
    left: usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(socket.poll_write_ready(cx))?;
        let sent = socket.try_io(Interest::WRITABLE, || {
            if head.is_empty() {
                Ok(sendfile(socket, file, Some(at), left)?)
            } else {
                Ok(send(socket, head, SendFlags::MORE | SendFlags::NOSIGNAL)?)
            }
        });
        match sent {
            // It is not writable after all.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            sent => return Poll::Ready(sent),
        }
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
