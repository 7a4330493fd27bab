//! One delivery (W3C WebSub §7), or one word that a topic changed.

use std::sync::Arc;

use bytes::Bytes;
use chrono::TimeDelta;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LINK};
use hyper::{Method, StatusCode};

use super::callback::Callback;
use super::client::Outgoing;
use super::topic::Content;
use super::{Counted, Hub, Setup, chance, retry};
use crate::store::{AttemptEnd, Due, Kind};

/// Sends what the subscriber is due and says how that ended.
pub(super) async fn deliver(hub: &Hub, setup: &Setup, topic: &str, due: &Due, content: &Arc<Content>) -> AttemptEnd {
    let settings = &setup.settings;
    let Some(to) = Callback::known(&due.callback) else { return AttemptEnd::Gone };
    let (headers, body) = match due.kind {
        Kind::WebSub => (document_headers(setup, due, content), content.bytes.clone()),
        Kind::Ping => (form_headers(), form(&[("hub.mode", "publish"), ("hub.url", topic), ("hub.topic", topic)])),
        Kind::RssCloud => (form_headers(), form(&[("url", topic)])),
    };
    let outgoing = Outgoing { method: Method::POST, to, headers, body, wanted: 0 };
    // A hub that the operator named may stand anywhere.
    let policy = (due.kind != Kind::Ping).then_some(&settings.callbacks);
    let problem = match hub.client.send(outgoing, policy, settings.timeout).await {
        Ok(answer) if answer.status.is_success() => {
            hub.counters.add(Counted::Delivered);
            return AttemptEnd::Delivered;
        }
        Ok(answer) if answer.status == StatusCode::GONE && due.kind != Kind::Ping => {
            hub.counters.add(Counted::Gone);
            tracing::info!(topic, callback.host = due.host, "the subscriber is gone");
            return AttemptEnd::Gone;
        }
        Ok(answer) => format!("answered {}", answer.status),
        Err(error) => error.to_string(),
    };
    hub.counters.add(Counted::Failed);
    tracing::info!(topic, callback.host = due.host, failures = due.failures + 1, problem, "not delivered");
    if due.kind == Kind::RssCloud && usize::try_from(due.failures).is_ok_and(|failed| failed >= settings.retries.len())
    {
        hub.counters.add(Counted::Gone);
        tracing::info!(topic, callback.host = due.host, "the subscriber failed too often and is dropped");
        return AttemptEnd::Gone;
    }
    let wait = retry::wait(&settings.retries, due.failures, chance::byte());
    let next = hub.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
    AttemptEnd::Failed { problem, next }
}

fn document_headers(setup: &Setup, due: &Due, content: &Content) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content.content_type));
    if let Some(link) = &content.link {
        headers.insert(LINK, HeaderValue::try_from(link).expect("links are visible ASCII"));
    }
    if let Some(secret) = &due.secret {
        let signature = content.signature(setup.settings.algorithm, secret);
        let signature = HeaderValue::try_from(signature).expect("a signature is visible ASCII");
        headers.insert(HeaderName::from_static("x-hub-signature"), signature);
    }
    headers
}

/// Those of a form.
pub(super) fn form_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers
}

/// A form as it is sent.
pub(super) fn form(parameters: &[(&str, &str)]) -> Bytes {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish().into()
}
