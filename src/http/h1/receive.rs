//! Bytes that come in on a connection, and how long they are waited for.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use super::Connection;

/// Bytes taken from a socket at a time.
const READ_BYTES: usize = 16 * 1024;

thread_local! {
    /// Where sockets are read into: one for all connections of a thread, since only one is read at a time. Taken while it
    /// is in use.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// How waiting for bytes ended, other than with some.
pub(super) enum Wait {
    Eof,
    Late,
    Stopped,
}

impl Connection {
    /// Waits for bytes and appends them.
    pub(super) async fn fill(&mut self) -> Result<(), Wait> {
        poll_fn(|cx| match self.poll_read(cx, |own, bytes| own.received.extend_from_slice(bytes)) {
            Poll::Ready(Some(())) => Poll::Ready(Ok(())),
            Poll::Ready(None) => Poll::Ready(Err(Wait::Eof)),
            Poll::Pending => self.poll_end_of_wait(cx, false).map(Err),
        })
        .await
    }

    /// What `take` makes of the bytes that have come in; `None` at their end.
    pub(super) fn poll_read<T>(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut Self, &[u8]) -> T,
    ) -> Poll<Option<T>> {
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
    pub(super) fn poll_end_of_wait(&mut self, cx: &mut Context<'_>, may_stop: bool) -> Poll<Wait> {
        if may_stop && self.stop.poll(cx).is_ready() {
            return Poll::Ready(Wait::Stopped);
        }
        self.deadline.poll(cx).map(|()| Wait::Late)
    }
}
