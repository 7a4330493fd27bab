//! The admin listener's requests.

use hyper::StatusCode;

use super::super::head::Field;
use super::super::proxies::Peer;
use super::super::reply::Reply;
use super::super::target::is_sound;
use super::{Plan, Request, Waiting};

/// Of all resources together.
const METHODS: &str = "GET, HEAD, POST, OPTIONS";
/// Of those that are only read.
const READ: &str = "GET, HEAD, OPTIONS";

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
        let (method, path) = (self.head.method, self.head.path);
        let methods = match path {
            "/livez" | "/readyz" => Some(READ),
            other => self.state.parts.admin.methods(other),
        };
        match (method, methods) {
            ("OPTIONS", methods) => {
                Plan::Reply(Reply::status(StatusCode::NO_CONTENT).with("Allow", methods.unwrap_or(METHODS)))
            }
            _ if !is_sound(path) => Plan::Reply(Reply::status(StatusCode::BAD_REQUEST)),
            ("GET" | "HEAD", _) if path == "/livez" => Plan::Reply(Reply::text(StatusCode::OK, "ok\n")),
            ("GET" | "HEAD", _) if path == "/readyz" => Plan::Reply(self.readiness()),
            (_, Some(methods)) if methods.split(", ").any(|one| one == method) => {
                Plan::Wait(Box::new(Waiting::admin(self)))
            }
            ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "TRACE" | "CONNECT", methods) => {
                let status = Reply::status(StatusCode::NOT_FOUND);
                Plan::Reply(methods.map_or(status, Reply::not_allowed))
            }
            _ => Plan::Reply(Reply::status(StatusCode::NOT_IMPLEMENTED)),
        }
    }
}
