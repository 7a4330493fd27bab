//! One timer for each connection, cheap to move.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A deadline that moves with every request. Moving it later costs nothing: the timer underneath goes off at the old
/// moment, sees that it is too early, and is set again.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Instant,
    timer: Pin<Box<Sleep>>,
    /// Whom the timer wakes.
    waker: Option<Waker>,
}

impl Deadline {
    pub(crate) fn after(wait: Duration) -> Self {
        let at = Instant::now() + wait;
        Self { at, timer: Box::pin(sleep_until(at)), waker: None }
    }

    /// From now on, the deadline is `wait` away.
    pub(crate) fn reset_after(&mut self, wait: Duration) {
        self.at = Instant::now() + wait;
        if self.at < self.timer.deadline() {
            self.timer.as_mut().reset(self.at);
        }
    }

    /// Ready once the deadline has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_registered = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_registered && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= self.at {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(self.at);
        }
        if !is_registered {
            self.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}
