//! One binary for all integration tests: links once, runs in parallel.

mod feed_documents;
mod feed_pages;
mod feed_readers;
mod feed_samples;
mod life;
mod process;
mod running;
