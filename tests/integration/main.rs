//! One binary for all integration tests: links once, runs in parallel.

mod life;
mod process;
mod running;
