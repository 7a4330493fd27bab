//! One timer for each connection, cheap to move.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A deadline that moves with every request. Moving it later costs nothing: the timer underneath goes off at the old
/// moment, sees that it is too early, and is set again.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Deadline {
    pub(crate) fn after(wait: Duration) -> Self {
        let at = Instant::now() + wait;
        Self { at, timer: Box::pin(sleep_until(at)) }
    }

    /// From now on, the deadline is `wait` away.
    pub(crate) fn move_to(&mut self, wait: Duration) {
        self.at = Instant::now() + wait;
        if self.at < self.timer.deadline() {
            self.timer.as_mut().reset(self.at);
        }
    }

    /// Ready once the deadline has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= self.at {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(self.at);
        }
        Poll::Pending
    }
}
