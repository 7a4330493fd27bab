//! Section `[hub]`.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::http::Cidr;
use crate::hub::address::Policy;
use crate::hub::{Algorithm, Callback, Settings};

use super::ConfigError;
use super::check::Check;
use super::raw::RawHub;

const YEAR: i64 = 31_536_000;

pub(super) fn settings(check: &Check<'_>, raw: &RawHub) -> Result<Settings, ConfigError> {
    let seconds = |key: &str, value| check.seconds(key, value, 1, YEAR);
    let settings = Settings {
        is_enabled: raw.enabled,
        takes_rsscloud: raw.rsscloud,
        external: raw.external.iter().map(|text| external(check, text)).collect::<Result<_, _>>()?,
        callbacks: Policy {
            allowed: raw.allow_callbacks.iter().map(|text| network(check, text)).collect::<Result<_, _>>()?,
            ports: raw.callback_ports.iter().map(|word| ports(check, &word.to_string())).collect::<Result<_, _>>()?,
        },
        min_lease: seconds("hub.min_lease_seconds", raw.min_lease_seconds)?,
        max_lease: seconds("hub.max_lease_seconds", raw.max_lease_seconds)?,
        default_lease: seconds("hub.default_lease_seconds", raw.default_lease_seconds)?,
        algorithm: check.word("hub.signature", &raw.signature, &Algorithm::NAMES)?,
        timeout: check.seconds("hub.timeout_seconds", raw.timeout_seconds, 1, 60)?,
        retries: retries(check, &raw.retry_seconds.iter().map(ToString::to_string).collect::<Vec<_>>())?,
        concurrency: check.count("hub.concurrency", raw.concurrency, 1, 4096)?,
        concurrency_per_host: check.count("hub.concurrency_per_host", raw.concurrency_per_host, 1, 4096)?,
        max_subscriptions: check.count("hub.max_subscriptions", raw.max_subscriptions, 1, 10_000_000)?,
        max_subscriptions_per_host: check.count(
            "hub.max_subscriptions_per_host",
            raw.max_subscriptions_per_host,
            1,
            10_000_000,
        )?,
    };
    if settings.min_lease > settings.max_lease {
        let expected = format!("at most max_lease_seconds ({})", settings.max_lease.as_secs());
        return Err(check.wrong("hub.min_lease_seconds", expected, settings.min_lease.as_secs()));
    }
    if !(settings.min_lease..=settings.max_lease).contains(&settings.default_lease) {
        let expected = "between min_lease_seconds and max_lease_seconds";
        return Err(check.wrong("hub.default_lease_seconds", expected, settings.default_lease.as_secs()));
    }
    Ok(settings)
}

fn external(check: &Check<'_>, text: &str) -> Result<String, ConfigError> {
    let expected = "absolute http or https URLs, such as \"https://hub.example.org/\"";
    match Callback::known(text) {
        Some(hub) => Ok(hub.as_str().to_owned()),
        None => Err(check.wrong("hub.external", expected, format!("\"{text}\""))),
    }
}

fn network(check: &Check<'_>, text: &str) -> Result<Cidr, ConfigError> {
    let expected = "networks such as \"10.0.0.0/8\", without bits beyond the length";
    text.trim().parse().map_err(|_| check.wrong("hub.allow_callbacks", expected, format!("\"{text}\"")))
}

fn ports(check: &Check<'_>, text: &str) -> Result<RangeInclusive<u16>, ConfigError> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        _ => Err(check.wrong("hub.callback_ports", "ports such as \"443\" or \"1024-65535\"", format!("\"{text}\""))),
    }
}

fn retries(check: &Check<'_>, texts: &[String]) -> Result<Vec<Duration>, ConfigError> {
    let expected = "one whole number of seconds or more, each between 1 and 86400";
    let wrong = || check.wrong("hub.retry_seconds", expected, format!("{texts:?}"));
    if texts.is_empty() {
        return Err(wrong());
    }
    let one = |text: &String| text.trim().parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
    texts.iter().map(|text| one(text).map(Duration::from_secs).ok_or_else(wrong)).collect()
}
