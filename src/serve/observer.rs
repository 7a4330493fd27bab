//! Every answer goes to the counts and to the access log.

use std::sync::Arc;

use crate::http;
use crate::ingest::Clock;
use crate::ops::{AccessLog, Answered, Traffic};

/// Hands answers on.
pub(super) struct Observer {
    pub traffic: Arc<Traffic>,
    pub access: Arc<AccessLog>,
    pub clock: Clock,
}

impl http::Observer for Observer {
    fn answered(&self, answer: &Answered<'_>) {
        self.traffic.note(answer);
        self.access.note(answer, self.clock);
    }
}
