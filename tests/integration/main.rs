//! One binary for all integration tests: links once, runs in parallel.

#![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod feed_documents;
mod feed_pages;
mod feed_readers;
mod feed_samples;
mod life;
mod process;
mod running;
