//! One binary for all integration tests: links once, runs in parallel.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the report")]

mod feed_atom_rules;
mod feed_documents;
mod feed_filter;
mod feed_hostile;
mod feed_opml;
mod feed_pages;
mod feed_readers;
mod feed_samples;
mod feed_selection;
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
mod life;
mod ops_agents;
mod ops_config;
mod parse_encoding;
mod parse_identity;
mod parse_layout;
mod parse_paragraphs;
mod parse_sample;
mod parse_seed;
mod parse_text;
mod parse_times;
mod parse_zones;
mod process;
mod running;
mod seed_directory;
mod seed_limits;
mod seed_read;
mod seed_root;
mod seed_scan;
mod seed_unfinished;
mod seed_watch;
mod service_admin;
mod service_notify;
mod service_reload;
