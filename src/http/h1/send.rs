//! Answers on their way to the client, and the end of a connection after the last one.

use std::future::poll_fn;
use std::task::{Poll, ready};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use super::super::linger;
use super::super::reply::Reply;
use super::super::settings::Limits;
use super::super::state::Event;
use super::unsent::{self, Unsent};
use super::{Connection, response_head};

impl Connection {
    /// Writes the answer; from its end on, the next request is waited for.
    pub(super) async fn send(
        &mut self,
        reply: &Reply,
        now: DateTime<Utc>,
        keep_alive: bool,
        is_http_1_0: bool,
    ) -> Result<(), ()> {
        let mut head = unsent::take_buffer();
        let (file, idle) = {
            let current = self.state.current();
            response_head::write(&mut head, reply, &current, now, keep_alive, is_http_1_0);
            (reply.file(&self.state.files, &current.settings), current.settings.limits.idle)
        };
        let mut unsent = Unsent::new(head, reply.body(), file);
        let mut result = unsent.try_write(&self.stream).map_err(|_| ());
        if result.is_ok() && unsent.len() > 0 {
            result = self.write(&mut unsent).await;
        }
        unsent::give_back(unsent);
        self.deadline.reset_after(idle);
        result
    }

    /// Writes all of it within the write deadlines.
    pub(super) async fn write(&mut self, unsent: &mut Unsent) -> Result<(), ()> {
        // Nearly always the socket takes all at once, and no deadline is needed.
        let mut patience: Option<Patience> = None;
        let result = poll_fn(|cx| {
            loop {
                match unsent.poll_write(&mut self.stream, cx) {
                    Poll::Ready(Ok(true)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(false)) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(Err(false)),
                    Poll::Pending => match &patience {
                        None => {
                            let len = unsent.len();
                            patience = Some(self.state.with_settings(|settings| Patience::new(&settings.limits, len)));
                        }
                        Some(patience) => {
                            ready!(self.deadline.poll(cx));
                            match unsent.push(&mut self.stream) {
                                Ok(taken) if taken > 0 && !patience.is_over(Instant::now()) => {}
                                Ok(_) => return Poll::Ready(Err(true)),
                                Err(_) => return Poll::Ready(Err(false)),
                            }
                        }
                    },
                }
                if let Some(patience) = &patience {
                    self.deadline.reset_after(patience.next(Instant::now()));
                }
            }
        })
        .await;
        result.map_err(|is_late| {
            if is_late {
                self.state.count(Event::Timeout);
            }
        })
    }

    /// Ends the connection so that the last answer arrives even if the client is still sending.
    pub(super) async fn close(&mut self) {
        // Over TLS it writes something, which a client that reads nothing would hold up.
        let _ = timeout(CLOSING, self.stream.shutdown()).await;
        // What the client sent behind its last request may lie unread in the system, or still be under way.
        linger::read_out(&mut self.stream).await;
    }
}

/// How long the end of an answer may take to be written.
const CLOSING: Duration = Duration::from_secs(5);

/// How long a slow reader is waited for.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// For each step.
    step: Duration,
    /// For all of it.
    end: Instant,
}

impl Patience {
    fn new(limits: &Limits, bytes: usize) -> Self {
        let seconds = u64::try_from(bytes).unwrap_or(u64::MAX) / limits.write_bytes_per_second.max(1);
        Self { step: limits.write, end: Instant::now() + limits.write + Duration::from_secs(seconds) }
    }

    /// Until when the next step has to come.
    fn next(&self, now: Instant) -> Duration {
        self.step.min(self.end.saturating_duration_since(now))
    }

    /// Whether the reader was too slow on average.
    fn is_over(&self, now: Instant) -> bool {
        now >= self.end
    }
}
