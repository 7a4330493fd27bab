//! GET and HEAD: which resource is at a path.

use std::sync::Arc;

use hyper::StatusCode;

use super::super::reply::Reply;
use super::super::served::Served;
use super::super::target::canonical;
use super::delta::Delta;
use super::{Plan, Request, Waiting};

impl Request<'_> {
    /// Live documents first: nearly every request is for one of them.
    pub(super) fn read(&self, path: &str) -> Plan {
        match self.state.parts.published.document(path) {
            Some(Some(document)) => return self.live(&document),
            Some(None) => return Plan::Reply(Reply::unavailable()),
            None => {}
        }
        match path {
            "/livez" => return Plan::Reply(Reply::text(StatusCode::OK, "ok\n")),
            "/readyz" => return Plan::Reply(self.readiness()),
            "/robots.txt" => {
                let everything = Reply::text(StatusCode::OK, "User-agent: *\nDisallow:\n");
                return Plan::Reply(everything.kept_for_a_day());
            }
            "/favicon.ico" => return Plan::Reply(Reply::status(StatusCode::NO_CONTENT).kept_for_a_day()),
            _ => {}
        }
        if let Some(to) = self.moved(path) {
            return Plan::Reply(self.redirect(&to));
        }
        if path.contains("//") || path == "*" {
            let pages = &self.settings.absence;
            return Plan::Reply(Reply::absence(StatusCode::NOT_FOUND, pages, self.head.accepts_html()));
        }
        // Pages are kept, and forgotten when they change, under one address each.
        if let Some(to) = canonical(path) {
            return Plan::Reply(self.redirect(&to));
        }
        if let Some(document) = self.state.rendered.at_hand(path) {
            return Plan::Reply(self.paid(self.asked.reply(&document, self.now)));
        }
        // Whether it is a 304, which is free, shows only in the page: whoever has a copy pays when it is made.
        let taken = if self.asked.preconditions.is_poll() { self.take_trial() } else { self.take() };
        match taken {
            Ok(()) => Plan::Wait(Box::new(Waiting::rendering(self))),
            Err(wait) => Plan::Reply(Reply::too_many(wait)),
        }
    }

    /// The document, or what is new in it for a client that asks for that.
    fn live(&self, document: &Arc<Served>) -> Plan {
        let asked = &self.asked;
        let whole = asked.reply(document, self.now);
        let Some(delta) = Delta::asked(asked, &self.head, document, &whole) else {
            return Plan::Reply(self.paid(whole));
        };
        if let Some(made) = self.state.rendered.at_hand(&delta.key()) {
            return Plan::Reply(self.paid(asked.delta(&delta, &made).unwrap_or(whole)));
        }
        match self.take() {
            Ok(()) => Plan::Wait(Box::new(Waiting::delta(self, delta, whole))),
            Err(wait) => Plan::Reply(Reply::too_many(wait)),
        }
    }

    /// The path that took this one's place: as configured, or the same with or without its last slash.
    fn moved(&self, path: &str) -> Option<String> {
        if let Some(to) = self.settings.redirects.get(path) {
            return Some(to.clone());
        }
        let other = match path.strip_suffix('/') {
            Some(shorter) => shorter.to_owned(),
            None => format!("{path}/"),
        };
        self.state.parts.published.slot(&other).map(|_| other)
    }

    fn redirect(&self, to: &str) -> Reply {
        Reply::redirect(to, &self.settings.base_path, self.head.query)
    }

    pub(super) fn readiness(&self) -> Reply {
        let reasons = self.state.parts.readiness.reasons_not_ready();
        if reasons.is_empty() {
            return Reply::text(StatusCode::OK, "ready\n");
        }
        Reply::text(StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").with("Retry-After", "5")
    }
}
