//! Every answer goes to the counts and to the access log.

use std::sync::Arc;

use crate::http::{self, Answered, Refused};
use crate::ingest::Clock;
use crate::ops::{AccessLog, Request, RequestLine, Traffic, Visit};

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
            target,
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
        let line = RequestLine::Read { method, target, path, protocol };
        self.access.note(&Visit { client, line, status, body_bytes, user_agent, referrer }, self.clock);
    }

    fn refused(&self, refused: &Refused<'_>) {
        let Refused { line, status, body_bytes, client, is_admin } = *refused;
        let status = status.as_u16();
        self.traffic.note_refused(status, body_bytes, is_admin);
        let line = RequestLine::Raw(line);
        self.access.note(&Visit { client, line, status, body_bytes, user_agent: None, referrer: None }, self.clock);
    }
}
