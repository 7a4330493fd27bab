//! An answer as bytes, written to its socket as that takes them.

use std::cell::Cell;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use rustix::fs::sendfile;
use rustix::net::{SendFlags, send};
use tokio::io::{AsyncWrite, Interest};
use tokio::net::TcpStream;

use super::super::stream::Stream;
use super::response_head::HEAD_BYTES;

/// Bodies up to this size are copied behind the head: one buffer is sent faster than two.
const COPIED_BYTES: usize = 4096;

thread_local! {
    /// Where heads are written: one for all connections of a thread, since nearly always an answer is sent at once.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// An empty buffer for a head.
pub(super) fn take_buffer() -> Vec<u8> {
    let mut buffer = BUFFER.take();
    buffer.clear();
    buffer.reserve(HEAD_BYTES + COPIED_BYTES);
    buffer
}

/// The buffer of an answer that was sent, for the next one.
pub(super) fn give_back(unsent: Unsent) {
    BUFFER.set(unsent.head);
}

/// What is still to be written of an answer.
#[derive(Debug)]
pub(super) struct Unsent {
    head: Vec<u8>,
    /// How much of `head` is written.
    sent: usize,
    body: Bytes,
    /// A file that has the body, and where in it the next byte stands.
    file: Option<(Arc<OwnedFd>, u64)>,
}

impl Unsent {
    pub(super) fn new(mut head: Vec<u8>, mut body: Bytes, mut file: Option<(Arc<OwnedFd>, u64)>) -> Self {
        if body.len() <= COPIED_BYTES {
            head.extend_from_slice(&body);
            // No body follows, so the head must not be sent as if one did.
            (body, file) = (Bytes::new(), None);
        }
        Self { head, sent: 0, body, file }
    }

    /// Writes what the socket takes at once, which nearly always is all of it. Leaves the rest, and whatever is not simply
    /// written to a socket, to [`Self::poll_write`].
    pub(super) fn try_write(&mut self, stream: &Stream) -> io::Result<()> {
        let (Stream::Tcp(socket), None) = (stream, &self.file) else { return Ok(()) };
        let head = &self.head[self.sent..];
        let written = match &self.body[..] {
            [] => socket.try_write(head),
            body => socket.try_write_vectored(&[IoSlice::new(head), IoSlice::new(body)]),
        };
        match written {
            Ok(written) => self.advance(written),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn advance(&mut self, written: usize) {
        let of_head = written.min(self.head.len() - self.sent);
        self.sent += of_head;
        self.body.advance(written - of_head);
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
        self.advance(written);
        if self.len() == 0 { Pin::new(stream).poll_flush(cx).map_ok(|()| true) } else { Poll::Ready(Ok(false)) }
    }

    /// Writes once without being told that the socket is writable; how many bytes it took. The kernel tells it only when a
    /// third of a full buffer is free, which a slow reader takes minutes for, and has room for some as soon as the reader has
    /// taken any.
    pub(super) fn push(&mut self, stream: &mut Stream) -> io::Result<usize> {
        let of_head = &self.head[self.sent..];
        let bytes = if of_head.is_empty() { &self.body[..] } else { of_head };
        let taken = match stream {
            Stream::Tcp(socket) => Unannounced(socket).write(bytes),
            Stream::Unix(socket) => Unannounced(socket).write(bytes),
            Stream::Tls(stream) => {
                // What is written next is what was encrypted before, and counts as sent already.
                let (socket, session) = stream.get_mut();
                return taken_at_once(session.write_tls(&mut Unannounced(socket)));
            }
        };
        let is_body = of_head.is_empty();
        let taken = taken_at_once(taken)?;
        if let (Some((_, at)), true) = (&mut self.file, is_body) {
            *at += u64::try_from(taken).expect("a body is shorter than 2^64 bytes");
        }
        self.advance(taken);
        Ok(taken)
    }
}

/// A socket that is written to whether it is known to be writable or not.
struct Unannounced<'a, S>(&'a S);

impl<S: AsFd> Write for Unannounced<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self.0, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn taken_at_once(written: io::Result<usize>) -> io::Result<usize> {
    match written {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
        written => written,
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
