//! The admin listener's requests.

use hyper::StatusCode;

use super::super::proxies::Peer;
use super::super::reply::Reply;
use super::super::request::Field;
use super::super::target::is_sound;
use super::{Plan, Request, Waiting};

const METHODS: &str = "GET, HEAD, POST, OPTIONS";

impl Request<'_> {
    pub(super) fn plan_admin(&self, peer: Peer) -> Plan {
        // Only HTTP/1.0, which no browser speaks, may leave it out.
        let host = self.head.line(Field::Host).filter(|_| peer != Peer::Unix);
        if host.is_some_and(|host| !self.settings.admin_names.include(host)) {
            let reason = "ask by IP address or as `localhost`; another name has to stand in `http.admin_listen`\n";
            return Plan::Reply(Reply::text(StatusCode::MISDIRECTED_REQUEST, reason));
        }
        // SECURITY: the listener trusts whoever reaches it, and a browser on the same machine does so on behalf of any
        // page. Pages give themselves away by these fields; our own commands and monitoring never send them, and an
        // address typed by a person has "none".
        let from_page = self.head.line(Field::Origin).is_some()
            || self.head.line(Field::SecFetchSite).is_some_and(|site| site != b"none");
        if from_page {
            return Plan::Reply(Reply::text(StatusCode::FORBIDDEN, "not for web pages\n"));
        }
        let path = self.head.path;
        match self.head.method {
            "OPTIONS" => Plan::Reply(Reply::status(StatusCode::NO_CONTENT).with("Allow", METHODS)),
            _ if !is_sound(path) => Plan::Reply(Reply::status(StatusCode::BAD_REQUEST)),
            "GET" | "HEAD" if path == "/livez" => Plan::Reply(Reply::text(StatusCode::OK, "ok\n")),
            "GET" | "HEAD" if path == "/readyz" => Plan::Reply(self.readiness()),
            "GET" | "HEAD" | "POST" => Plan::Wait(Box::new(Waiting::admin(self))),
            "PUT" | "DELETE" | "PATCH" | "TRACE" | "CONNECT" => Plan::Reply(Reply::not_allowed(METHODS)),
            _ => Plan::Reply(Reply::status(StatusCode::NOT_IMPLEMENTED)),
        }
    }
}
