//! One binary for all integration tests: links once, runs in parallel.
mod feed_atom_rules;
mod feed_documents;
mod feed_filter;
mod feed_hostile;
mod feed_opml;
mod feed_pages;
mod feed_readers;
mod feed_samples;
mod feed_selection;
