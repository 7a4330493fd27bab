//! Section `[http]`.

use std::collections::HashSet;

use crate::http::{ForwardedField, Listener, TrustedProxies};

use super::check::{Check, optional};
use super::raw::RawHttp;
use super::{ConfigError, Http};

pub(super) fn settings(check: &Check<'_>, http: RawHttp) -> Result<Http, ConfigError> {
    if http.listen.is_empty() {
        return Err(check.wrong("http.listen", "one address or more, such as \"127.0.0.1:8080\"", "[]"));
    }
    let admin_listen = optional(http.admin_listen);
    let address = |key, address: &String| {
        let expected = "HOST:PORT (such as \"127.0.0.1:8080\" or \"[::]:8080\") or unix:/path";
        Listener::check(address).map_err(|_| check.wrong(key, expected, format!("\"{address}\"")))
    };
    http.listen.iter().try_for_each(|one| address("http.listen", one))?;
    admin_listen.iter().try_for_each(|one| address("http.admin_listen", one))?;
    let mut taken = HashSet::new();
    for one in &http.listen {
        // Port 0 is another port each time.
        if !one.ends_with(":0") && !taken.insert(one) {
            return Err(check.wrong("http.listen", "a list of different addresses", format!("\"{one}\" twice")));
        }
    }
    if let Some(one) = admin_listen.as_ref().filter(|one| taken.contains(one)) {
        let expected = "another address than those of http.listen";
        return Err(check.wrong("http.admin_listen", expected, format!("\"{one}\"")));
    }
    Ok(Http {
        listen: http.listen,
        admin_listen,
        tls: match (optional(http.tls_certificate), optional(http.tls_key)) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            (Some(_), None) => return Err(check.wrong("http.tls_key", "given with http.tls_certificate", "\"\"")),
            (None, Some(_)) => return Err(check.wrong("http.tls_certificate", "given with http.tls_key", "\"\"")),
        },
        trusted_proxies: networks(check, http.trusted_proxies)?,
        forwarded: check.word(
            "http.forwarded",
            &http.forwarded,
            &[("x-forwarded-for", ForwardedField::XForwardedFor), ("forwarded", ForwardedField::Forwarded)],
        )?,
        drain: check.seconds("http.drain_seconds", http.drain_seconds, 0, 300)?,
        idle: check.seconds("http.idle_seconds", http.idle_seconds, 1, 3600)?,
        max_connections: check.count("http.max_connections", http.max_connections, 16, 1_000_000)?,
        max_connections_per_address: check.count(
            "http.max_connections_per_address",
            http.max_connections_per_address,
            1,
            1_000_000,
        )?,
        requests_per_second: check.number("http.requests_per_second", http.requests_per_second, 0, 1_000_000)?,
        request_burst: check.number("http.request_burst", http.request_burst, 1, 1_000_000)?,
        unconditional_per_hour: check.number(
            "http.unconditional_per_hour",
            http.unconditional_per_hour,
            0,
            1_000_000,
        )?,
        has_deltas: http.deltas,
    })
}

fn networks(check: &Check<'_>, entries: Vec<String>) -> Result<Vec<String>, ConfigError> {
    for entry in &entries {
        let expected =
            "addresses, networks without bits beyond the length, or \"unix\", such as \"127.0.0.1\" or \"10.0.0.0/8\"";
        let wrong = |_| check.wrong("http.trusted_proxies", expected, format!("\"{entry}\""));
        TrustedProxies::new([entry.as_str()]).map_err(wrong)?;
    }
    Ok(entries)
}
