//! One binary for all integration tests: links once, runs in parallel.
