//! From a request on a stream to its answer.

use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};

use super::super::answer::{Origin, Plan, plan, refuse};
use super::super::authority::{is_authority, is_same};
use super::super::head::{Field, Fields, Head, Several};
use super::super::state::State;
use super::activity::OpenStream;
use super::pieces::Pieces;

pub(super) async fn answer(
    request: Request<Incoming>,
    state: &Arc<State>,
    origin: Origin,
    open: OpenStream,
) -> Response<Pieces> {
    let (parts, body) = request.into_parts();
    let now = (state.parts.clock)();
    let plan = {
        // RFC 9113 §8.3.1: the authority stands for Host.
        let authority = parts.uri.authority().map(|authority| ("host", authority.as_str().as_bytes()));
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let fields: Vec<httparse::Header<'_>> =
            authority.into_iter().chain(headers).map(|(name, value)| httparse::Header { name, value }).collect();
        let (path, query) = (parts.uri.path(), parts.uri.query());
        let target = parts.uri.path_and_query().map_or(path, |target| target.as_str());
        let method = parts.method.as_str();
        let head = Head { method, target, path, query, protocol: "HTTP/2.0", fields: Fields::new(&fields) };
        let current = state.current();
        if path.len() + query.map_or(0, str::len) > current.settings.limits.uri_bytes {
            Plan::Reply(refuse(state, &current, head, origin, now, StatusCode::URI_TOO_LONG))
        } else if !has_sound_authority(&head, parts.uri.scheme_str()) {
            Plan::Reply(refuse(state, &current, head, origin, now, StatusCode::BAD_REQUEST))
        } else {
            plan(state, &current, head, origin, now)
        }
    };
    let reply = match plan {
        Plan::Reply(reply) => reply,
        Plan::Wait(waiting) if waiting.wants_body() => match read_body(body, state).await {
            Ok(body) => waiting.reply(state, body).await,
            Err(status) => waiting.refused(state, status),
        },
        Plan::Wait(waiting) => waiting.reply(state, Vec::new()).await,
    };
    let mut response = Response::new(Pieces::new(reply.body(), open));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    let mut put = |name: &str, value: &[u8]| {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    };
    put("date", httpdate::fmt_http_date(now.into()).as_bytes());
    state.with_settings(|settings| reply.fields(settings, now, &mut put));
    response
}

/// Whether something names the server, is an authority, and the same in `:authority` and Host where there are both (RFC
/// 9113 §8.3.1; RFC 9112 §3.2 asks the same of HTTP/1.1).
fn has_sound_authority(head: &Head<'_>, scheme: Option<&str>) -> bool {
    match head.only_line(Field::Host) {
        Ok(host) => host.is_some_and(is_authority),
        Err(Several) => {
            let mut hosts = head.lines(Field::Host);
            hosts.next().is_some_and(|first| is_authority(first) && hosts.all(|host| is_same(first, host, scheme)))
        }
    }
}

async fn read_body(body: Incoming, state: &State) -> Result<Vec<u8>, StatusCode> {
    let (most, wait) = state.with_settings(|settings| (settings.limits.body_bytes, settings.limits.body));
    match tokio::time::timeout(wait, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}
