//! Turns a directory of articles (*seeds*) into RSS, Atom and JSON feeds and serves them over HTTP.
//!
//! The modules are the stages a seed passes on its way to a reader, in this order:
//! `seed` (find and watch files) → `parse` (bytes → item) → `item` (the neutral entry) → `store` (identity and
//! history) → `feed` (select and write documents) → `http` (serve them). `ingest` drives the first five, `serve`
//! puts everything together. See ARCHITECTURE.md.

pub mod cli;
pub mod config;
pub mod feed;
pub mod http;
pub mod hub;
pub mod ingest;
pub mod item;
pub mod ops;
pub mod parse;
pub mod seed;
pub mod serve;
pub mod store;
