//! The body of an answer, handed on in pieces.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};

use super::activity::OpenStream;

/// Bytes of a piece: four frames of the usual size, and what a client that says nothing else is ready to take.
const PIECE_BYTES: usize = 64 * 1024;

/// A body that keeps its stream counted as open until each of its pieces was written: in one piece it would all be handed
/// on at once, and a slow reader look like one that has its answer.
#[derive(Debug)]
pub(super) struct Pieces {
    bytes: Bytes,
    open: Arc<OpenStream>,
}

impl Pieces {
    pub(super) fn new(bytes: Bytes, open: OpenStream) -> Self {
        Self { bytes, open: Arc::new(open) }
    }
}

impl Body for Pieces {
    type Data = Piece;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, Infallible>>> {
        let Self { bytes, open } = self.get_mut();
        if bytes.is_empty() {
            return Poll::Ready(None);
        }
        let piece = bytes.split_to(bytes.len().min(PIECE_BYTES));
        Poll::Ready(Some(Ok(Frame::data(Piece { bytes: piece, _open: Arc::clone(open) }))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }
}

/// A part of a body. Whoever writes it drops it when that is done.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    _open: Arc<OpenStream>,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, count: usize) -> Bytes {
        self.bytes.copy_to_bytes(count)
    }
}
