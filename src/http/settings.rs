//! What an operator may set about serving. Everything here is replaced whole when the configuration is reloaded.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

use crate::feed::page::content_security_policy;

use super::admin_names::AdminNames;
use super::proxies::TrustedProxies;

/// How requests are answered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Path of the site's base URL without a trailing slash (`/news`), or empty, written as the site's own links have it.
    /// Requests may come with it, also in canonical form, or, from a proxy that strips it, without; `Location` always
    /// carries it.
    pub base_path: String,
    /// How long a cache may answer with its old copy when we do not answer (RFC 5861 §4).
    pub stale_if_error: Duration,
    /// Value of Content-Security-Policy on HTML pages.
    pub content_security_policy: String,
    /// What people see where there is nothing.
    pub absence: AbsencePages,
    /// Who is believed when it says whose request it passes on.
    pub trusted_proxies: TrustedProxies,
    /// What the admin listener may be asked by beside IP addresses and `localhost`.
    pub admin_names: AdminNames,
    /// Where the unnamed files lie from which large bodies are sent. Pages of a disk's file system are larger than those of
    /// memory, which makes sending them a fifth cheaper; memory it is where this is `None` or has no room.
    pub spool: Option<PathBuf>,
    /// What one client, and all together, may use.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_path: String::new(),
            stale_if_error: Duration::from_secs(24 * 3600),
            content_security_policy: content_security_policy(None),
            absence: AbsencePages::default(),
            trusted_proxies: TrustedProxies::default(),
            admin_names: AdminNames::default(),
            spool: None,
            limits: Limits::default(),
        }
    }
}

/// HTML for who asks for it; a line of text is sent where a page is `None`, and to everybody else.
#[derive(Clone, Debug, Default)]
pub struct AbsencePages {
    /// With 404.
    pub missing: Option<Bytes>,
    /// With 410.
    pub gone: Option<Bytes>,
}

/// Bounds on what clients can make us hold or wait for. A deadline that passes closes the connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of a request's head, at most; more is 431. A browser with large cookies sends 8 kB.
    pub head_bytes: usize,
    /// Bytes of a request target, at most; more is 414. RFC 9110 §4.1 asks for 8000 at least where it makes sense;
    /// none of ours is longer than 300.
    pub uri_bytes: usize,
    /// Bytes of a request's body (WebSub requests), at most; more is 413.
    pub body_bytes: usize,
    /// From accepting a connection to its first byte.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// From the end of a request's head to the end of its body.
    pub body: Duration,
    /// Without progress in sending an answer.
    pub write: Duration,
    /// Slowest acceptable reading of an answer on average, in bytes a second, after the first `write`: what ends a
    /// client that takes a byte now and then.
    pub write_bytes_per_second: u64,
    /// Between two requests on a connection.
    pub idle: Duration,
    /// Open connections in all; further ones are closed at once. Each needs a file descriptor.
    pub connections: usize,
    /// Open connections of one address (IPv6: /64), trusted proxies excepted.
    pub connections_per_address: usize,
    /// Requests a second that one address (IPv6: /64) may go on making; 0 turns the limit off. Answers of 304 are free.
    pub requests_per_second: f64,
    /// Requests that an address may make at once before that: aggregators come for hundreds of feeds together, readers poll
    /// a new feed twice without a validator.
    pub request_burst: u32,
    /// Times an hour, at once or spread, that one program at an address may fetch one feed whole without saying what it
    /// has; 0 turns the limit off. For those who never heard of 304: twice a minute is enough for them, and for monitors.
    pub unconditional_per_hour: u32,
    /// Whether this machine itself is under none of the limits by address: a proxy here that is not declared as trusted
    /// speaks for all the world.
    pub exempts_loopback: bool,
    /// Bytes of rendered pages kept in memory for paths that are not in the table of live documents.
    pub rendered_bytes: usize,
}

impl Limits {
    /// Whether the limits by address are for this one.
    pub(crate) fn bind(&self, client: IpAddr) -> bool {
        !(self.exempts_loopback && client.to_canonical().is_loopback())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 16 * 1024,
            uri_bytes: 4096,
            body_bytes: 64 * 1024,
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(10),
            body: Duration::from_secs(20),
            write: Duration::from_secs(30),
            write_bytes_per_second: 2048,
            idle: Duration::from_secs(75),
            connections: 16_384,
            connections_per_address: 512,
            requests_per_second: 20.0,
            request_burst: 500,
            unconditional_per_hour: 120,
            exempts_loopback: true,
            rendered_bytes: 64 * 1024 * 1024,
        }
    }
}
