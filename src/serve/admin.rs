//! The admin listener: `/metrics`, `/status`, `/rescan`, `/hub`, `/hub/drop?id=N`.

mod exposed;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedSender;

use crate::http::{self, AdminAnswer, State};
use crate::hub::Hub;
use crate::ingest::Clock;
use crate::item::Severity;
use crate::ops::{
    AccessLog, Degraded, DiagnosticCount, DiagnosticLine, Exposition, FeedStatus, FeedTraffic, Health, HttpStatus,
    IngestStatus, ItemCounts, Metrics, ProcessFigures, Reloads, SeedCounts, Status, SubscriberStatus, Traffic,
};
use crate::store::{Reader, StoreError};

use super::manager::GRACE;
use super::vitals::{late, reasons};

/// Findings that `/status` lists; `seedcast check` lists all.
const FINDINGS: u32 = 50;

/// What an operator asks the supervisor for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// List everything now; `accepts_removals`: what is gone is meant to be gone.
    Rescan { accepts_removals: bool },
}

/// Everything that is shown to operators.
pub(super) struct Panel {
    pub reader: Arc<Reader>,
    /// As the configuration names it.
    pub store: String,
    pub traffic: Arc<Traffic>,
    pub metrics: Arc<Metrics>,
    pub health: Arc<Health>,
    pub access: Arc<AccessLog>,
    pub reloads: Arc<Reloads>,
    pub hub: Arc<Hub>,
    pub commands: UnboundedSender<Command>,
    pub started: DateTime<Utc>,
    pub clock: Clock,
    /// Set once the server's state, which owns this, is there.
    pub state: std::sync::OnceLock<std::sync::Weak<State>>,
}

impl http::Admin for Panel {
    fn methods(&self, path: &str) -> Option<&'static str> {
        match path {
            "/metrics" | "/status" | "/hub" => Some("GET, HEAD, OPTIONS"),
            "/rescan" | "/hub/drop" => Some("POST, OPTIONS"),
            _ => None,
        }
    }

    fn answer(&self, method: &str, path: &str, query: Option<&str>) -> Option<AdminAnswer> {
        match (method, path) {
            ("GET", "/metrics") => {
                let mut out = Exposition::default();
                self.expose(&mut out);
                Some(AdminAnswer::ok(Exposition::CONTENT_TYPE, out.into_text()))
            }
            ("GET", "/status") => Some(json(self.status())),
            ("GET", "/hub") => Some(json(self.hub.status())),
            ("POST", "/hub/drop") => {
                let id = query.and_then(|query| query.strip_prefix("id=")?.parse().ok());
                let Some(id) = id else {
                    return Some(AdminAnswer::bad_request("which subscription? ask for /hub/drop?id=NUMBER"));
                };
                match self.hub.drop_subscription(id) {
                    Ok(true) => {
                        Some(AdminAnswer::accepted("the subscription is ended; a WebSub subscriber will be told"))
                    }
                    Ok(false) => None,
                    Err(error) => Some(AdminAnswer::unavailable(&format!("the store does not answer: {error}"))),
                }
            }
            ("POST", "/rescan") => {
                let accepts_removals = query.is_some_and(|query| query.split('&').any(|one| one == "accept-removals"));
                Some(match self.commands.send(Command::Rescan { accepts_removals }) {
                    Ok(()) if self.health.is_degraded(Degraded::SeedDirectory) => AdminAnswer::unavailable(
                        "the seed directory is not there, so nothing is listed or accepted; it is looked for again",
                    ),
                    Ok(()) if accepts_removals => {
                        AdminAnswer::accepted("listing the seed directory; removals are accepted")
                    }
                    Ok(()) => AdminAnswer::accepted("listing the seed directory"),
                    Err(_) => AdminAnswer::unavailable("the service is stopping"),
                })
            }
            _ => None,
        }
    }
}

impl Panel {
    fn with_state<T>(&self, read: impl FnOnce(&State) -> T) -> Option<T> {
        self.state.get().and_then(std::sync::Weak::upgrade).map(|state| read(&state))
    }

    fn status(&self) -> Result<Status, StoreError> {
        let figures = self.reader.figures()?;
        let now = (self.clock)();
        let reasons = reasons(&self.health, &self.metrics);
        let process = ProcessFigures::read();
        let mut http = HttpStatus::default();
        let mut traffic = HashMap::new();
        self.traffic.each(|feed| {
            let (answers, not_modified, bytes) = feed.totals();
            http.answers += answers;
            http.not_modified += not_modified;
            http.bytes += bytes;
            traffic.insert(feed.path.clone(), feed_status(feed));
        });
        self.with_state(|state| {
            http.connections = u64::try_from(state.open_connections()).unwrap_or(u64::MAX);
            http.refused = state.counters().refused();
        });
        let mut feeds = Vec::new();
        for row in self.reader.feed_figures()? {
            let path = if row.path.is_empty() { "/".to_owned() } else { row.path };
            // The store remembers feeds that are configured no more; they are not served.
            let Some(mut feed) = traffic.remove(&path) else { continue };
            feed.items = if path == "/" { figures.live } else { row.members };
            feed.updated = row.updated;
            feeds.push(feed);
        }
        Ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.started.to_rfc3339_opts(SecondsFormat::Secs, true),
            uptime_seconds: (now - self.started).to_std().unwrap_or_default().as_secs(),
            is_ready: reasons.is_empty(),
            reasons,
            late: self.with_state(|state| late(&self.metrics, state, GRACE)).unwrap_or_default(),
            reload_refused: self.reload_refused(),
            store: self.store.clone(),
            seeds: SeedCounts { known: figures.seeds, missing: figures.missing },
            items: ItemCounts { live: figures.live, scheduled: figures.scheduled, withdrawn: figures.withdrawn },
            diagnostics: self.diagnostics()?,
            diagnostic_lines: self.findings()?,
            ingest: self.ingest(),
            http,
            feeds,
            resident_bytes: process.resident_bytes,
            open_fds: process.open_fds,
            threads: process.threads,
        })
    }

    fn reload_refused(&self) -> Option<String> {
        let (at, reason) = self.reloads.last().refused?;
        Some(format!("{}: {reason}", at.to_rfc3339_opts(SecondsFormat::Secs, true)))
    }

    fn diagnostics(&self) -> Result<Vec<DiagnosticCount>, StoreError> {
        let counts = self.reader.diagnostic_counts()?.into_iter();
        Ok(counts
            .map(|(code, is_rejected, count)| DiagnosticCount { code, severity: severity(is_rejected), count })
            .collect())
    }

    fn findings(&self) -> Result<Vec<DiagnosticLine>, StoreError> {
        let findings = self.reader.findings(FINDINGS)?.into_iter();
        Ok(findings
            .map(|finding| DiagnosticLine {
                path: finding.path.to_string(),
                line: finding.line,
                code: finding.code,
                severity: severity(finding.is_rejected),
                reason: finding.reason,
            })
            .collect())
    }

    fn ingest(&self) -> IngestStatus {
        let visible = |share| {
            let within = self.metrics.visible.quantile(share)?;
            u64::try_from(within.as_millis()).ok()
        };
        IngestStatus {
            queue: self.metrics.queue(),
            visible_p50_ms: visible(0.5),
            visible_p99_ms: visible(0.99),
            listings: self.metrics.listings.value(),
            overflows: self.metrics.overflows.value(),
        }
    }
}

fn json(status: Result<impl Serialize, StoreError>) -> AdminAnswer {
    match status.map(|status| serde_json::to_string_pretty(&status)) {
        Ok(Ok(json)) => AdminAnswer::ok("application/json", json + "\n"),
        Ok(Err(error)) => AdminAnswer::unavailable(&error.to_string()),
        Err(error) => AdminAnswer::unavailable(&format!("the store does not answer: {error}")),
    }
}

fn severity(is_rejected: bool) -> String {
    let severity = if is_rejected { Severity::Rejected } else { Severity::Repaired };
    severity.as_str().to_owned()
}

fn feed_status(feed: &FeedTraffic) -> FeedStatus {
    let (answers, not_modified, bytes) = feed.totals();
    let polls = &feed.polls;
    let agents = polls.agents().into_iter();
    FeedStatus {
        path: feed.path.clone(),
        answers,
        not_modified,
        conditional: feed.conditional.value(),
        bytes,
        subscribers: SubscriberStatus {
            announced: polls.announced(),
            addresses: polls.addresses(),
            unconditional_pollers: polls.unconditional_pollers(),
            services: polls.services(),
            agents: agents
                .map(|share| (share.agent.name().to_owned(), share.polls, share.conditional, share.not_modified))
                .collect(),
        },
        ..FeedStatus::default()
    }
}
