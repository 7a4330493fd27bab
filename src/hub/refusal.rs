//! Why a request is not accepted, and how that is told.

use std::time::Duration;

use hyper::StatusCode;

use super::TEXT;
use super::callback::CallbackError;
use super::cloud::CloudError;
use super::form::FormError;
use super::pending::Full;
use super::verify::Unmet;
use crate::http::Accepted;

/// Why a request is not accepted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Form(#[from] FormError),
    #[error(transparent)]
    Callback(#[from] CallbackError),
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error("{}", .0.told())]
    Unmet(#[from] Unmet),
    #[error("this hub is off")]
    Off,
    #[error("this hub has no topic {0}; a topic is the self link of a feed of this site, letter for letter")]
    Topic(String),
    #[error("the topic is not there yet; try again")]
    Early,
    #[error("too many requests; try again later")]
    Often(Duration),
    #[error("too many requests are under way; try again later")]
    Full(Full),
}

impl From<&Refusal> for Accepted {
    fn from(refusal: &Refusal) -> Self {
        let (status, retry_after_seconds) = match refusal {
            Refusal::Form(FormError::ContentType) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
            Refusal::Form(_) | Refusal::Callback(_) | Refusal::Topic(_) | Refusal::Cloud(_) | Refusal::Unmet(_) => {
                (StatusCode::BAD_REQUEST, None)
            }
            Refusal::Off => (StatusCode::NOT_FOUND, None),
            Refusal::Early => (StatusCode::SERVICE_UNAVAILABLE, Some(5)),
            Refusal::Often(wait) => (StatusCode::TOO_MANY_REQUESTS, Some(wait.as_secs() + 1)),
            Refusal::Full(Full::Share) => (StatusCode::TOO_MANY_REQUESTS, Some(10)),
            Refusal::Full(Full::Total) => (StatusCode::SERVICE_UNAVAILABLE, Some(10)),
        };
        let mut text = refusal.to_string();
        // Whatever was sent to us comes back short and on one line.
        if text.chars().count() > 300 || text.contains(char::is_control) {
            text = text.chars().filter(|c| !c.is_control()).take(300).collect();
        }
        text.push('\n');
        Self { status, content_type: TEXT, text, retry_after_seconds }
    }
}
