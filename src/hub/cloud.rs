//! rssCloud over HTTP POST: older than WebSub and for RSS alone. A subscriber is told that a feed changed and asks for
//! it itself. The answer to a registration says whether the subscriber could be reached, so it waits for that.

use std::net::IpAddr;
use std::time::Duration;

use hyper::StatusCode;
use tokio::time::timeout;
use url::Host;

use super::callback::{Callback, CallbackError};
use super::form::{Form, FormError};
use super::verify::{Question, Unmet, Verification, verify};
use super::{Counted, Hub, Refusal, topic};
use crate::feed::Format;
use crate::http::{Accepted, Submission};

/// Where subscribers register, below the site: `path` of the `<cloud>` element.
pub const CLOUD_PATH: &str = "/rsscloud/pleaseNotify";

/// How long a registration lasts; subscribers are told to register again every 24 hours.
const LEASE: Duration = Duration::from_secs(25 * 3600);
/// Feeds in one request.
const MAX_FEEDS: usize = 20;

/// What a request asks for.
struct Registration {
    callback: String,
    question: Question,
    feeds: Vec<String>,
}

/// What is wrong with a registration, besides what can be wrong with a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CloudError {
    #[error("protocol must be http-post or https-post")]
    Protocol,
    #[error("port must be a number from 1 to 65535")]
    Port,
    #[error("domain must be a host name or an address")]
    Domain,
    #[error("url1, url2, ... must name {MAX_FEEDS} feeds at most, and one at least")]
    Feeds,
    #[error("your address is not known here: give a domain")]
    Caller,
}

impl Registration {
    /// Reads a form: `protocol`, `port`, `path`, `url1` and so on, `domain` where it is not the caller's own address.
    /// What else is in it, `notifyProcedure` always, means nothing here.
    fn parse(submission: &Submission) -> Result<Self, Refusal> {
        let form = Form::parse(submission.content_type.as_deref(), &submission.body)?;
        let wanted = |name| form.value(name).ok_or(FormError::Missing(name));
        let scheme = match wanted("protocol")? {
            "http-post" => "http",
            "https-post" => "https",
            _ => return Err(CloudError::Protocol.into()),
        };
        let port = wanted("port")?.parse::<u16>().ok().filter(|port| *port > 0).ok_or(CloudError::Port)?;
        let path = wanted("path")?;
        let (host, question) = match form.value("domain") {
            Some(domain) => (host(domain).ok_or(CloudError::Domain)?, Question::CloudChallenge),
            None => {
                let caller = submission.client.ok_or(CloudError::Caller)?.to_canonical();
                (address(caller), Question::CloudTest)
            }
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        let mut feeds = form.topics("url1, url2, ...", is_url_parameter)?;
        feeds.sort_unstable();
        feeds.dedup();
        if feeds.is_empty() || feeds.len() > MAX_FEEDS {
            return Err(CloudError::Feeds.into());
        }
        Ok(Self { callback: format!("{scheme}://{host}:{port}{slash}{path}"), question, feeds })
    }
}

/// `url1`, `url2`, ...
fn is_url_parameter(name: &str) -> bool {
    let number = name.strip_prefix("url").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A host as it stands in a URL; nothing but a host, so that no other part of a URL can be brought in with it.
fn host(domain: &str) -> Option<String> {
    match domain.parse::<IpAddr>() {
        Ok(given) => Some(address(given)),
        Err(_) => Host::parse(domain).ok().map(|host| host.to_string()),
    }
}

fn address(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => Host::<String>::Ipv4(address).to_string(),
        IpAddr::V6(address) => Host::<String>::Ipv6(address).to_string(),
    }
}

/// Answers a registration.
pub(super) async fn answer(hub: &Hub, submission: &Submission) -> Accepted {
    let result = register(hub, submission).await;
    let (mut status, mut retry_after_seconds) = (StatusCode::OK, None);
    let message = match &result {
        Ok(()) => "Registered for 25 hours; register again within 24.".to_owned(),
        Err(refusal) => {
            let Accepted { status: code, text, retry_after_seconds: wait, .. } = Accepted::from(refusal);
            // Subscribers look at the element; only those who come too often are told so by the status as well.
            if wait.is_some() {
                (status, retry_after_seconds) = (code, wait);
            }
            // What was sent to us may come back in it, and XML has no place for these.
            text.trim_end().replace(['\u{fffe}', '\u{ffff}'], "")
        }
    };
    if result.is_err() {
        hub.counters.add(Counted::Refused);
    }
    let text = format!(
        "<?xml version=\"1.0\"?>\n<notifyResult success=\"{}\" msg=\"{}\"/>\n",
        result.is_ok(),
        message.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
    );
    Accepted { status, content_type: "text/xml; charset=utf-8", text, retry_after_seconds }
}

async fn register(hub: &Hub, submission: &Submission) -> Result<(), Refusal> {
    let Registration { callback, question, feeds } = Registration::parse(submission)?;
    let setup = hub.setup.load_full();
    let callback = Callback::parse(&callback, &setup.settings.callbacks).map_err(|error| match error {
        CallbackError::Refused(_) => Refusal::Callback(error),
        _ => Refusal::Cloud(CloudError::Domain),
    })?;
    let is_rss = |feed: &String| feed.ends_with(&format!("/{}", Format::Rss.file_name()));
    if let Some(other) = feeds.iter().find(|feed| !is_rss(feed) || setup.topics.place(feed).is_none()) {
        return Err(Refusal::Topic(other.clone()));
    }
    let all = async {
        for topic in feeds {
            let place = hub.admit(submission.client, &callback, &topic)?;
            let document = hub.find(&setup, &topic).await?;
            hub.counters.add(Counted::Accepted);
            let verification = Verification {
                has: topic::digest(&document),
                place,
                callback: callback.clone(),
                wanted: Some((None, LEASE)),
                question,
                topic,
            };
            verify(hub, verification).await?;
        }
        Ok(())
    };
    // One who asks for many feeds may keep us waiting no longer than one who asks for one.
    let within = setup.settings.timeout;
    timeout(within, all).await.unwrap_or(Err(Refusal::Unmet(Unmet::Slow)))
}
