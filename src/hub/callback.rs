//! Where subscribers are reached.

use std::net::IpAddr;
use std::time::Duration;

use url::{Host, Url};

use super::address::{Policy, Refused};

/// Longest callback, in bytes.
const MAX_BYTES: usize = 2048;

/// A URL to which requests may be sent, as far as that can be told without looking up its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    url: Url,
}

/// Why a callback is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// It is not an absolute URL.
    #[error("hub.callback is not an absolute URL")]
    Syntax,
    /// It has another scheme.
    #[error("hub.callback must be an http or https URL")]
    Scheme,
    /// It has a part that no request would carry.
    #[error("hub.callback must have neither user nor fragment")]
    Parts,
    /// It is too long.
    #[error("hub.callback must not be longer than {MAX_BYTES} bytes")]
    Length,
    /// Nothing is sent there.
    #[error("the callback cannot be used: {0}")]
    Refused(#[from] Refused),
}

impl Callback {
    /// Takes a URL that a subscriber gave. The URL parser turns every spelling of an address (`0x7f.1`, `2130706433`)
    /// into that address, so it is checked as such.
    ///
    /// # Errors
    /// When it is no URL for requests, or leads where none may go.
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, CallbackError> {
        if text.len() > MAX_BYTES {
            return Err(CallbackError::Length);
        }
        let url = Url::parse(text).map_err(|_| CallbackError::Syntax)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(CallbackError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(CallbackError::Parts);
        }
        let callback = Self { url };
        policy.check_port(callback.port())?;
        if let Some(address) = callback.literal() {
            policy.check(address)?;
        }
        Ok(callback)
    }

    /// A URL from the store or the configuration, which was looked at before.
    #[must_use]
    pub fn known(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(Self { url })
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Host as it stands in the Host header without port: a name in lower case, or an address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().expect("http URLs have a host")
    }

    /// The port, also where the URL leaves it out.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().expect("http and https have a port")
    }

    /// Value of the Host header.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// Whether TLS is spoken there.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The address, where the host is one.
    #[must_use]
    pub fn literal(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    /// Path and query as a request line has them.
    #[must_use]
    pub fn target(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }

    /// Where a subscriber is asked whether it meant that: its query is kept, ours comes after it (§5.3).
    #[must_use]
    pub fn verification(&self, mode: &str, topic: &str, challenge: &str, lease: Option<Duration>) -> Self {
        let mut more = vec![("hub.mode", mode), ("hub.topic", topic), ("hub.challenge", challenge)];
        let seconds = lease.map(|lease| lease.as_secs().to_string());
        if let Some(seconds) = &seconds {
            more.push(("hub.lease_seconds", seconds));
        }
        self.with(&more)
    }

    /// Where a subscriber is told that its subscription is not, or no longer, one (§5.2).
    #[must_use]
    pub fn denial(&self, topic: &str, reason: &str) -> Self {
        self.with(&[("hub.mode", "denied"), ("hub.topic", topic), ("hub.reason", reason)])
    }

    /// The same with more parameters at the end of the query.
    #[must_use]
    pub fn with(&self, more: &[(&str, &str)]) -> Self {
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(more);
        Self { url }
    }
}
