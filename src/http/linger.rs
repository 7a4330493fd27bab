//! The end of a connection whose client may still be sending.

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::timeout;

use super::stream::Stream;

/// How long and how much is read, at most.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;

/// After the last answer, reads what the client was still sending, so that the reset that closing would cause does not take
/// the answer away from it (RFC 9112 §9.6).
pub(super) async fn read_out(stream: &mut Stream) {
    let mut read = 0;
    let read_out = poll_fn(|cx| {
        while read < LINGER_BYTES {
            // Not kept between calls: it would weigh on every connection.
            let mut chunk = [const { MaybeUninit::uninit() }; 4096];
            let mut chunk = ReadBuf::uninit(&mut chunk);
            match ready!(Pin::new(&mut *stream).poll_read(cx, &mut chunk)) {
                Ok(()) if !chunk.filled().is_empty() => read += chunk.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    });
    let _ = timeout(LINGER, read_out).await;
}
