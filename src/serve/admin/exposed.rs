//! The names of all metrics, what they mean, and where their values come from.

use crate::hub::Counted;
use crate::ops::{Degraded, Exposition, ProcessFigures, ReadOutcome};

use super::super::vitals::reasons;
use super::Panel;

const COUNTER: &str = "counter";
const GAUGE: &str = "gauge";

impl Panel {
    pub(super) fn expose(&self, out: &mut Exposition) {
        out.family("seedcast_build_info", GAUGE, "Version of the program, always 1.");
        out.sample("seedcast_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.expose_health(out);
        self.expose_reloads(out);
        self.expose_store(out);
        self.expose_ingest(out);
        self.expose_answers(out);
        self.expose_polls(out);
        self.expose_connections(out);
        self.expose_hub(out);
        expose_process(out, self.started.timestamp());
    }

    fn expose_health(&self, out: &mut Exposition) {
        let is_ready = reasons(&self.health, &self.metrics).is_empty();
        out.single("seedcast_ready", GAUGE, "Whether right feeds are served.", u8::from(is_ready));
        out.family("seedcast_degraded", GAUGE, "Whether this is wrong; /readyz says it in words.");
        for what in Degraded::ALL {
            let value = u8::from(self.health.is_degraded(what));
            out.sample("seedcast_degraded", &[("reason", what.as_str())], value);
        }
    }

    fn expose_reloads(&self, out: &mut Exposition) {
        let last = self.reloads.last();
        let help = "Whether the last reload of the configuration, or the start, took it up.";
        let is_successful = u8::from(last.refused.is_none());
        out.single("seedcast_config_last_reload_successful", GAUGE, help, is_successful);
        let help = "When the configuration that holds was taken up, since the epoch.";
        let at = last.loaded.timestamp();
        out.single("seedcast_config_last_reload_success_timestamp_seconds", GAUGE, help, at);
    }

    /// A store that does not answer leaves its metrics out; `seedcast_degraded` says why.
    fn expose_store(&self, out: &mut Exposition) {
        if let Ok(figures) = self.reader.figures() {
            out.family("seedcast_seeds", GAUGE, "Seeds known: there, or gone for a short time.");
            out.sample("seedcast_seeds", &[("state", "present")], figures.seeds.saturating_sub(figures.missing));
            out.sample("seedcast_seeds", &[("state", "missing")], figures.missing);
            out.family("seedcast_items", GAUGE, "Items: in feeds, waiting for their time, or taken back.");
            out.sample("seedcast_items", &[("state", "live")], figures.live);
            out.sample("seedcast_items", &[("state", "scheduled")], figures.scheduled);
            out.sample("seedcast_items", &[("state", "withdrawn")], figures.withdrawn);
        }
        out.family("seedcast_diagnostics", GAUGE, "What is wrong with seeds at present, by reason.");
        for (code, is_rejected, count) in self.reader.diagnostic_counts().unwrap_or_default() {
            let severity = super::severity(is_rejected);
            out.sample("seedcast_diagnostics", &[("code", &code), ("severity", &severity)], count);
        }
    }

    fn expose_hub(&self, out: &mut Exposition) {
        out.family("seedcast_hub_events_total", COUNTER, "What the WebSub hub did, by what it was.");
        for (what, name) in Counted::ALL {
            out.sample("seedcast_hub_events_total", &[("event", name)], self.hub.counters().count(what));
        }
    }

    fn expose_ingest(&self, out: &mut Exposition) {
        let metrics = &self.metrics;
        out.family("seedcast_seeds_read_total", COUNTER, "Seeds read, by what came of it.");
        for outcome in ReadOutcome::ALL {
            out.sample("seedcast_seeds_read_total", &[("outcome", outcome.as_str())], metrics.reads(outcome));
        }
        let help = "Changed seeds whose documents are not shown yet.";
        out.single("seedcast_ingest_queue_seeds", GAUGE, help, metrics.queue());
        let help = "From the last change of a file to its documents being shown, the first scan apart.";
        out.histogram("seedcast_visible_seconds", help, &metrics.visible);
        let help = "From taking a batch of changes to its documents being shown.";
        out.histogram("seedcast_ingest_batch_seconds", help, &metrics.batch);
        out.histogram("seedcast_store_commit_seconds", "Making a batch durable.", &metrics.commit);
        let help = "Documents and pages that took the place of older ones.";
        out.single("seedcast_documents_shown_total", COUNTER, help, metrics.documents.value());
        let help = "Listings of the whole seed directory.";
        out.single("seedcast_listings_total", COUNTER, help, metrics.listings.value());
        let help = "Times that the system dropped events and everything was listed instead.";
        out.single("seedcast_watcher_overflows_total", COUNTER, help, metrics.overflows.value());
    }

    fn expose_answers(&self, out: &mut Exposition) {
        let name = "seedcast_requests_total";
        out.family(name, COUNTER, "Answers by feed (its path, empty for none), format, status and content coding.");
        self.traffic.each(|feed| {
            for (format, status, encoding, count) in feed.answers() {
                let labels =
                    [("feed", feed.path.as_str()), ("format", format), ("status", &status), ("encoding", encoding)];
                out.sample(name, &labels, count);
            }
        });
        let name = "seedcast_response_bytes_total";
        out.family(name, COUNTER, "Bytes of bodies sent.");
        self.traffic.each(|feed| {
            for (format, bytes) in feed.bytes() {
                out.sample(name, &[("feed", &feed.path), ("format", format)], bytes);
            }
        });
        let name = "seedcast_conditional_requests_total";
        out.family(name, COUNTER, "Requests with a validator.");
        self.traffic.each(|feed| out.sample(name, &[("feed", &feed.path)], feed.conditional.value()));
        let help = "Lines of the access log that were dropped because the disk was too slow.";
        out.single("seedcast_access_log_dropped_total", COUNTER, help, self.access.dropped.value());
    }

    fn expose_polls(&self, out: &mut Exposition) {
        let name = "seedcast_subscribers";
        out.family(
            name,
            GAUGE,
            "Subscribers that aggregators announce, and addresses that poll by themselves in a day.",
        );
        self.each_feed(|path, polls| {
            out.sample(name, &[("feed", path), ("source", "announced")], polls.announced());
            out.sample(name, &[("feed", path), ("source", "addresses")], polls.addresses());
        });
        let name = "seedcast_pollers_ignoring_caching";
        out.family(name, GAUGE, "Addresses that took the whole feed ten times or more in a day without a validator.");
        self.each_feed(|path, polls| out.sample(name, &[("feed", path)], polls.unconditional_pollers()));
        let mut sums = std::collections::BTreeMap::<&str, [u64; 3]>::new();
        self.each_feed(|_, polls| {
            for share in polls.agents() {
                let sum = sums.entry(share.agent.name()).or_default();
                sum[0] += share.polls;
                sum[1] += share.conditional;
                sum[2] += share.not_modified;
            }
        });
        for (index, (name, help)) in [
            ("seedcast_polls_total", "Polls of feeds by the kind of program."),
            ("seedcast_conditional_polls_total", "Polls with a validator by the kind of program."),
            ("seedcast_not_modified_polls_total", "Polls answered with 304 by the kind of program."),
        ]
        .into_iter()
        .enumerate()
        {
            out.family(name, COUNTER, help);
            for (agent, sum) in &sums {
                out.sample(name, &[("agent", agent)], sum[index]);
            }
        }
    }

    fn each_feed(&self, mut take: impl FnMut(&str, &crate::ops::Polls)) {
        self.traffic.each(|feed| {
            if !feed.path.is_empty() {
                take(&feed.path, &feed.polls);
            }
        });
    }

    fn expose_connections(&self, out: &mut Exposition) {
        self.with_state(|state| {
            let counters = state.counters();
            out.single("seedcast_connections_open", GAUGE, "Connections open now.", state.open_connections());
            let help = "Requests whose answer is being made.";
            out.single("seedcast_requests_in_flight", GAUGE, help, state.requests_waiting());
            let name = "seedcast_connections_total";
            out.family(name, COUNTER, "Connections: taken on, refused because there were too many, cut by a deadline.");
            out.sample(name, &[("outcome", "accepted")], counters.accepted());
            out.sample(name, &[("outcome", "refused")], counters.refused());
            out.sample(name, &[("outcome", "timeout")], counters.timeouts());
            let help = "Requests that were no HTTP.";
            out.single("seedcast_malformed_requests_total", COUNTER, help, counters.malformed());
            let help = "Failures to take on a connection, such as lack of descriptors.";
            out.single("seedcast_accept_errors_total", COUNTER, help, counters.accept_errors());
            let help = "Defects met while answering, each a 500.";
            out.single("seedcast_panics_total", COUNTER, help, counters.panics());
        });
    }
}

fn expose_process(out: &mut Exposition, started: i64) {
    let process = ProcessFigures::read();
    out.single("process_start_time_seconds", GAUGE, "Start of the process since the epoch.", started);
    out.single("process_resident_memory_bytes", GAUGE, "Memory in use.", process.resident_bytes);
    out.single("process_open_fds", GAUGE, "Open file descriptors.", process.open_fds);
    out.single("process_max_fds", GAUGE, "Most file descriptors that may be open.", process.max_fds);
    let cpu = process.cpu.as_secs_f64();
    out.single("process_cpu_seconds_total", COUNTER, "Time on a processor, of all threads.", cpu);
    out.single("process_threads", GAUGE, "Threads.", process.threads);
}
