//! How connections learn that the server stops.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::watch;

/// One connection's view of whether the server stops.
pub(crate) struct Stop {
    receiver: watch::Receiver<bool>,
    /// Registered once for the connection's life rather than at each wait.
    wait: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_set: bool,
}

impl Stop {
    pub(crate) fn new(receiver: watch::Receiver<bool>) -> Self {
        let mut own = receiver.clone();
        let wait = Box::pin(async move {
            // The sender's end is a stop too.
            let _ = own.wait_for(|stop| *stop).await;
        });
        Self { receiver, wait, is_set: false }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.is_set || *self.receiver.borrow()
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_set && self.wait.as_mut().poll(cx).is_ready() {
            self.is_set = true;
        }
        if self.is_set { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("is_set", &self.is_set()).finish_non_exhaustive()
    }
}
