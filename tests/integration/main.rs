//! One binary for all integration tests: links once, runs in parallel.

mod http_changing;
mod http_conditional;
mod http_defence;
mod http_lifecycle;
mod http_malformed;
mod http_methods;
mod http_negotiation;
mod http_on_demand;
mod http_site;
mod http_tls;
