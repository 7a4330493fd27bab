//! How the service is doing, for operators and the machines that watch it: what is wrong, what was counted, who polls.
//!
//! Everything here is fed by the other stages and read by the admin listener; nothing here decides anything.

mod access_log;
mod agent;
mod answered;
mod counted;
mod counter;
mod distinct;
mod exposition;
mod health;
mod histogram;
mod metrics;
mod polls;
mod process;
mod pulse;
mod recent;
mod reloads;
mod status;
mod traffic;
mod unconditional;

pub use access_log::{AccessLog, AccessStyle};
pub use agent::{Agent, Announcement, announcement};
pub use answered::{Answered, RequestLine};
pub use counted::counted;
pub use counter::Counter;
pub use distinct::Distinct;
pub(crate) use distinct::client_key;
pub use exposition::Exposition;
pub use health::{Degraded, Health};
pub use histogram::Histogram;
pub use metrics::{Metrics, ReadOutcome};
pub use polls::{AgentShare, Polls};
pub use process::ProcessFigures;
pub use pulse::{Pulse, Pulses};
pub use reloads::{LastReload, Reloads};
pub use status::{
    DiagnosticCount, DiagnosticLine, FeedStatus, HttpStatus, IngestStatus, ItemCounts, SeedCounts, Status,
    SubscriberStatus,
};
pub use traffic::{FeedTraffic, MAX_FEEDS, Traffic};
