//! One binary for all integration tests: links once, runs in parallel.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the report")]

mod archive;
mod feed_atom_rules;
mod feed_documents;
mod feed_hostile;
mod feed_opml;
mod feed_pages;
mod feed_readers;
mod feed_samples;
mod feed_selection;
mod http_negotiation;
mod http_site;
mod ingest_desk;
mod life;
mod process;
mod running;
mod seed_directory;
mod seed_limits;
mod seed_read;
mod seed_root;
mod seed_scan;
mod seed_unfinished;
mod seed_watch;
mod withdrawal;
