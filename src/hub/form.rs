//! What a request to the hub asks for (W3C WebSub §5.1; publishing as in PubSubHubbub 0.4 §7.1).

use std::time::Duration;

/// A secret must be shorter (§5.1).
const SECRET_BYTES: usize = 200;
/// Longest topic, in bytes. It comes back percent-encoded in the query of a request, which has to have an end.
const TOPIC_BYTES: usize = 2048;

/// A request that is well-formed.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// To be told of changes.
    Subscribe {
        /// Who asks.
        request: Request,
        /// Key of the signatures.
        secret: Option<Vec<u8>>,
        /// For how long; `None`: as long as the hub thinks fit.
        lease: Option<Duration>,
    },
    /// To be told no more.
    Unsubscribe(Request),
    /// To look at these topics, which may have changed.
    Publish(Vec<String>),
}

/// Topic and callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// As given.
    pub topic: String,
    /// As given.
    pub callback: String,
}

/// What is wrong with a request, for who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It is no form.
    #[error("Content-Type must be application/x-www-form-urlencoded")]
    ContentType,
    /// A parameter is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A mode that no hub has.
    #[error("hub.mode must be subscribe, unsubscribe or publish")]
    Mode,
    /// The topic is too long, in this parameter.
    #[error("{0} must not be longer than {TOPIC_BYTES} bytes")]
    TopicLength(&'static str),
    /// The secret is too long.
    #[error("hub.secret must be shorter than {SECRET_BYTES} bytes")]
    SecretLength,
    /// Not UTF-8, so that both sides would not mean the same bytes.
    #[error("hub.secret must be UTF-8")]
    SecretEncoding,
    /// The lease is no number.
    #[error("hub.lease_seconds must be a positive whole number")]
    Lease,
}

impl Ask {
    /// Reads the body of a request. Parameters that mean nothing to a hub are passed over, of those given twice the
    /// first counts.
    ///
    /// # Errors
    /// When it asks for nothing, or leaves something out.
    pub(super) fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Self, FormError> {
        let form = Form::parse(content_type, body)?;
        match form.value("hub.mode") {
            None => Err(FormError::Missing("hub.mode")),
            Some("subscribe") => {
                let request = form.request()?;
                Ok(Self::Subscribe { request, secret: form.secret()?, lease: form.lease()? })
            }
            Some("unsubscribe") => Ok(Self::Unsubscribe(form.request()?)),
            Some("publish") => {
                let is_topic = |name: &str| matches!(name, "hub.topic" | "hub.url");
                let topics = form.topics("hub.topic", is_topic)?;
                if topics.is_empty() { Err(FormError::Missing("hub.topic")) } else { Ok(Self::Publish(topics)) }
            }
            Some(_) => Err(FormError::Mode),
        }
    }
}

/// Names and values as they came.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// When it says that it is something else.
    pub(super) fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Self, FormError> {
        let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
        if media_type.is_some_and(|value| !value.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return Err(FormError::ContentType);
        }
        Ok(Self(url::form_urlencoded::parse(body).map(|(n, v)| (n.into_owned(), v.into_owned())).collect()))
    }

    /// The values, none of them empty, of all parameters with such a name.
    fn values(&self, is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(name, value)| is_wanted(name) && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// The topics in all parameters with such a name; `told` names those in a complaint.
    ///
    /// # Errors
    /// When one is too long.
    pub(super) fn topics(
        &self,
        told: &'static str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, FormError> {
        self.values(is_wanted).map(|topic| bounded(told, topic)).collect()
    }

    /// The value of a parameter; an empty one says as little as none.
    pub(super) fn value(&self, wanted: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == wanted)?;
        (!found.1.is_empty()).then_some(found.1.as_str())
    }

    fn request(&self) -> Result<Request, FormError> {
        let value = |name| self.value(name).ok_or(FormError::Missing(name));
        Ok(Request { callback: value("hub.callback")?.to_owned(), topic: bounded("hub.topic", value("hub.topic")?)? })
    }

    fn secret(&self) -> Result<Option<Vec<u8>>, FormError> {
        let Some(secret) = self.value("hub.secret") else { return Ok(None) };
        if secret.len() >= SECRET_BYTES {
            return Err(FormError::SecretLength);
        }
        if secret.contains(char::REPLACEMENT_CHARACTER) {
            return Err(FormError::SecretEncoding);
        }
        Ok(Some(secret.as_bytes().to_vec()))
    }

    fn lease(&self) -> Result<Option<Duration>, FormError> {
        let Some(text) = self.value("hub.lease_seconds") else { return Ok(None) };
        if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.bytes().all(|byte| byte == b'0') {
            return Err(FormError::Lease);
        }
        // Longer than any number: the longest lease there is.
        Ok(Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX))))
    }
}

fn bounded(name: &'static str, topic: &str) -> Result<String, FormError> {
    if topic.len() > TOPIC_BYTES { Err(FormError::TopicLength(name)) } else { Ok(topic.to_owned()) }
}
