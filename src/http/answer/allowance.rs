//! What a client may still ask for.

use std::net::IpAddr;
use std::time::Duration;

use hyper::StatusCode;
use tokio::time::Instant;

use super::super::reply::Reply;
use super::Request;

impl Request<'_> {
    /// The reply if it is free (304) or the client has a request left, else 429.
    pub(super) fn paid(&self, reply: Reply) -> Reply {
        if reply.status == StatusCode::NOT_MODIFIED {
            return reply;
        }
        match self.take().and_then(|()| self.take_repeat(&reply)) {
            Ok(()) => reply,
            Err(wait) => Reply::too_many(wait),
        }
    }

    /// A feed that is fetched whole again and again by a client that never says what it has. Browsers that reload a page
    /// do so on behalf of people.
    fn take_repeat(&self, reply: &Reply) -> Result<(), Duration> {
        match self.limited() {
            Some(client)
                if reply.is_whole_feed() && self.head.method == "GET" && !self.asked.preconditions.is_poll() =>
            {
                self.state.rates.take_repeat(client, &self.head, &self.settings.limits, Instant::now())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn take(&self) -> Result<(), Duration> {
        match self.limited() {
            Some(client) => self.state.rates.take(client, &self.settings.limits, Instant::now()),
            None => Ok(()),
        }
    }

    pub(super) fn take_trial(&self) -> Result<(), Duration> {
        match self.limited() {
            Some(client) => self.state.rates.take_trial(client, &self.settings.limits, Instant::now()),
            None => Ok(()),
        }
    }

    pub(super) fn limited(&self) -> Option<IpAddr> {
        self.client.limited(&self.settings.limits)
    }
}
