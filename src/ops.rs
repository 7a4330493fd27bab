//! How the service is doing, for operators and the machines that watch it.

mod health;

pub use health::{Degraded, Health};
