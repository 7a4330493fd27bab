//! Every answer goes to the counts and to the access log.

use std::sync::Arc;

use crate::http::{self, Answered};
use crate::ingest::Clock;
use crate::ops::{AccessLog, Request, Traffic, Visit};

/// Hands answers on.
pub(super) struct Observer {
    pub traffic: Arc<Traffic>,
    pub access: Arc<AccessLog>,
    pub clock: Clock,
}

impl http::Observer for Observer {
    fn answered(&self, answer: &Answered<'_>) {
        let Answered {
            method,
            path,
            status,
            coding,
            body_bytes,
            is_conditional,
            protocol,
            user_agent,
            referrer,
            client,
            is_admin,
        } = *answer;
        let status = status.as_u16();
        self.traffic.note(&Request { path, status, coding, body_bytes, is_conditional, user_agent, client, is_admin });
        self.access
            .note(&Visit { client, method, path, protocol, status, body_bytes, user_agent, referrer }, self.clock);
    }
}
