//! One binary for all integration tests: links once, runs in parallel.

mod parse_encoding;
mod parse_identity;
mod parse_layout;
mod parse_paragraphs;
mod parse_sample;
mod parse_seed;
mod parse_text;
mod parse_times;
mod parse_zones;
