//! What `/status` says and `seedcast status` shows.

use serde::{Deserialize, Serialize};

/// The service at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// When it was started, RFC 3339.
    pub started: String,
    /// Since then.
    pub uptime_seconds: u64,
    /// Whether right feeds are served.
    pub is_ready: bool,
    /// Why not, in words.
    pub reasons: Vec<String>,
    /// Parts that have given no sign of life when they should have.
    pub late: Vec<String>,
    /// When and why the last reload was refused; then the configuration before it holds.
    pub reload_refused: Option<String>,
    /// Where ids and history are kept.
    pub store: String,
    /// Seeds that are known.
    pub seeds: SeedCounts,
    /// Items by state.
    pub items: ItemCounts,
    /// How many seeds have something wrong with them, by what it is.
    pub diagnostics: Vec<DiagnosticCount>,
    /// Some of them; those that gave no item first.
    pub diagnostic_lines: Vec<DiagnosticLine>,
    /// The work of the ingest thread.
    pub ingest: IngestStatus,
    /// Connections and answers.
    pub http: HttpStatus,
    /// Each feed.
    pub feeds: Vec<FeedStatus>,
    /// Memory in use.
    pub resident_bytes: u64,
    /// Open file descriptors.
    pub open_fds: u64,
    /// Threads.
    pub threads: u64,
}

/// Seeds that are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedCounts {
    /// All of them.
    pub known: u64,
    /// Of these, gone within the grace period, or held by the brake.
    pub missing: u64,
}

/// Items by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCounts {
    /// In feeds.
    pub live: u64,
    /// To appear when their publication time comes.
    pub scheduled: u64,
    /// Taken back.
    pub withdrawn: u64,
}

/// How often something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosticCount {
    /// What, as a stable word.
    pub code: String,
    /// Whether the seed gave no item for it, or was put right.
    pub severity: String,
    /// How many findings.
    pub count: u64,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosticLine {
    /// The seed.
    pub path: String,
    /// Line in it.
    pub line: Option<u32>,
    /// See [`DiagnosticCount::code`].
    pub code: String,
    /// See [`DiagnosticCount::severity`].
    pub severity: String,
    /// In words.
    pub reason: String,
}

/// The work of the ingest thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestStatus {
    /// Changed seeds that are not shown yet.
    pub queue: u64,
    /// Half of all changes were visible within so many milliseconds of the file's last change.
    pub visible_p50_ms: Option<u64>,
    /// 99 of 100 were.
    pub visible_p99_ms: Option<u64>,
    /// Listings of the whole directory.
    pub listings: u64,
    /// Times that events were lost and everything was listed instead.
    pub overflows: u64,
}

/// Connections and answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpStatus {
    /// Open now.
    pub connections: u64,
    /// Answers since the start, the admin listener's included.
    pub answers: u64,
    /// Those with 304.
    pub not_modified: u64,
    /// Bytes of bodies.
    pub bytes: u64,
    /// Connections closed at once because there were too many.
    pub refused: u64,
}

/// One feed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FeedStatus {
    /// `/` for the feed of everything.
    pub path: String,
    /// Items that belong to it.
    pub items: u64,
    /// When its content last changed.
    pub updated: Option<String>,
    /// Answers of its documents and pages.
    pub answers: u64,
    /// Those with 304.
    pub not_modified: u64,
    /// Requests with a validator.
    pub conditional: u64,
    /// Bytes of bodies.
    pub bytes: u64,
    /// People who read it.
    pub subscribers: SubscriberStatus,
}

/// People who read a feed, as far as can be told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SubscriberStatus {
    /// Those that aggregators say they poll for.
    pub announced: u64,
    /// Addresses that poll by themselves in a day, estimated to within some per cent.
    pub addresses: u64,
    /// Addresses that took the whole document ten times or more in a day without a validator.
    #[serde(rename = "ignoring_caching")]
    pub unconditional_pollers: u64,
    /// Aggregators with what they announce, the largest first.
    pub services: Vec<(String, u64)>,
    /// Programs with their polls, polls with a validator and 304 answers since the start, the busiest first.
    pub agents: Vec<(String, u64, u64, u64)>,
}
