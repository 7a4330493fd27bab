//! How connections learn that the server stops.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::sync::watch;

/// One connection's view of whether the server stops.
pub(crate) struct Stop {
    /// Changes once, when the server stops.
    receiver: watch::Receiver<bool>,
    /// Registered once for the connection's life rather than at each wait.
    wait: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Whom `wait` wakes.
    waker: Option<Waker>,
}

impl Stop {
    /// `receiver` has not seen the change yet.
    pub(crate) fn new(receiver: watch::Receiver<bool>) -> Self {
        let mut own = receiver.clone();
        let wait = Box::pin(async move {
            // The sender's end is a stop too.
            let _ = own.wait_for(|stop| *stop).await;
        });
        Self { receiver, wait, waker: None }
    }

    pub(crate) fn is_set(&self) -> bool {
        !matches!(self.receiver.has_changed(), Ok(false))
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_set() {
            return Poll::Ready(());
        }
        if self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        self.waker = Some(cx.waker().clone());
        self.wait.as_mut().poll(cx)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("is_set", &self.is_set()).finish_non_exhaustive()
    }
}
