//! One binary for all integration tests: links once, runs in parallel.

mod http_negotiation;
mod http_site;
