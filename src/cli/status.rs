//! `seedcast status`, `rescan` and `healthcheck`.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::config::Purpose;
use crate::hub;
use crate::ops::{FeedStatus, Status, counted};

use super::admin::ask;
use super::{Admin, Format, Rescan, Settings, StatusArguments, load_for, print};

/// Findings shown; `--format json` has more.
const FINDINGS: usize = 10;

/// Shows how the service is doing; 1 when it is not ready.
pub(super) fn status(arguments: StatusArguments) -> anyhow::Result<ExitCode> {
    let address = address(arguments.admin)?;
    let body = ask(&address, "GET", if arguments.hub { "/hub" } else { "/status" })?.body_if(200)?;
    if arguments.hub {
        match arguments.format {
            Format::Json => print(&body)?,
            Format::Text => {
                let status = serde_json::from_str(&body).context("the service is of another version")?;
                print(&hub(&status))?
            }
        };
        let readiness = ask(&address, "GET", "/readyz")?;
        return Ok(if readiness.status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let status: Status = serde_json::from_str(&body).context("the service is of another version")?;
    match arguments.format {
        Format::Json => print(&body)?,
        Format::Text if arguments.subscribers => print(&subscribers(&status))?,
        Format::Text => print(&table(&status))?,
    };
    Ok(if status.is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Has the seed directory listed now.
pub(super) fn rescan(arguments: Rescan) -> anyhow::Result<ExitCode> {
    let target = if arguments.accept_removals { "/rescan?accept-removals" } else { "/rescan" };
    print(&ask(&address(arguments.admin)?, "POST", target)?.body_if(202)?)
}

/// 0 when right feeds are served, else 1 and why not.
pub(super) fn healthcheck(arguments: Admin) -> anyhow::Result<ExitCode> {
    let answer = ask(&address(arguments)?, "GET", "/readyz")?;
    print(&answer.body)?;
    Ok(if answer.status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn address(arguments: Admin) -> anyhow::Result<String> {
    if let Some(address) = arguments.admin {
        return Ok(address);
    }
    let settings = Settings { config: arguments.config, seeds: None, log_level: None, log_format: None };
    let config = load_for(Purpose::Admin, &settings)?;
    config.http.admin_listen.context("`http.admin_listen` is empty: the service has no admin listener to ask")
}

fn table(status: &Status) -> String {
    let mut out = String::new();
    let uptime = humantime(status.uptime_seconds);
    let mut line = |name: &str, value: String| {
        writeln!(out, "{name:<12} {value}").expect("writing to a string cannot fail");
    };
    line("seedcast", format!("{}, up {uptime}", status.version));
    line("state", if status.is_ready { "ready".to_owned() } else { "DEGRADED".to_owned() });
    for reason in &status.reasons {
        line("", reason.clone());
    }
    for part in &status.late {
        line("", format!("`{part}` gives no sign of life"));
    }
    if let Some(refused) = &status.reload_refused {
        // What is wrong with a file is shown with its line, on lines of its own.
        for (at, text) in refused.lines().enumerate() {
            line(
                if at == 0 { "reload" } else { "" },
                if at == 0 { format!("REFUSED {text}") } else { text.to_owned() },
            );
        }
    }
    line("store", status.store.clone());
    let (seeds, items) = (status.seeds, status.items);
    line("seeds", format!("{} known, {} missing", seeds.known, seeds.missing));
    line("items", format!("{} live, {} scheduled, {} withdrawn", items.live, items.scheduled, items.withdrawn));
    let ingest = status.ingest;
    let visible = match (ingest.visible_p50_ms, ingest.visible_p99_ms) {
        (Some(half), Some(nearly_all)) => format!("half visible within {half} ms, 99 % within {nearly_all} ms"),
        _ => "no change yet".to_owned(),
    };
    line("changes", format!("{} waiting; {visible}; {} overflows", ingest.queue, ingest.overflows));
    let http = status.http;
    let share = percent(http.not_modified, http.answers);
    line("answers", format!("{}, {share} not modified, {} sent", http.answers, bytes(http.bytes)));
    line("connections", format!("{} open, {} refused", http.connections, http.refused));
    let resident = bytes(status.resident_bytes);
    line("process", format!("{resident} memory, {} descriptors, {} threads", status.open_fds, status.threads));
    out.push('\n');
    let rows = status.feeds.iter().map(|feed| {
        let subscribers = feed.subscribers.announced + feed.subscribers.addresses;
        let updated = feed.updated.clone().unwrap_or_else(|| "never".to_owned());
        let share = percent(feed.not_modified, feed.answers);
        [feed.path.clone(), feed.items.to_string(), updated, feed.answers.to_string(), share, subscribers.to_string()]
    });
    columns(&mut out, ["FEED", "ITEMS", "UPDATED", "ANSWERS", "304", "SUBSCRIBERS"], rows);
    diagnostics(&mut out, status);
    out
}

fn diagnostics(out: &mut String, status: &Status) {
    if status.diagnostics.is_empty() {
        return;
    }
    out.push('\n');
    let rows = status.diagnostics.iter().map(|one| [one.code.clone(), one.severity.clone(), one.count.to_string()]);
    columns(out, ["DIAGNOSTIC", "SEED WAS", "COUNT"], rows);
    for finding in status.diagnostic_lines.iter().take(FINDINGS) {
        let at = finding.line.map_or_else(String::new, |line| format!(":{line}"));
        writeln!(out, "{}{at}: {}", finding.path, finding.reason).expect("writing to a string cannot fail");
    }
    let all: u64 = status.diagnostics.iter().map(|one| one.count).sum();
    let shown = status.diagnostic_lines.len().min(FINDINGS);
    let more = all.saturating_sub(u64::try_from(shown).unwrap_or(u64::MAX));
    if more > 0 {
        writeln!(out, "… and {more} more: `seedcast check`").expect("writing to a string cannot fail");
    }
}

fn hub(status: &hub::Status) -> String {
    let mut out = format!("{}, {} of them due\n", counted(status.subscriptions, "subscription"), status.due);
    let counters: Vec<String> = status.counters.iter().map(|(name, count)| format!("{count} {name}")).collect();
    writeln!(out, "since the start: {}\n", counters.join(", ")).expect("writing to a string cannot fail");
    let rows = status.topics.iter().map(|one| [one.topic.clone(), one.subscribers.to_string(), one.due.to_string()]);
    columns(&mut out, ["TOPIC", "SUBSCRIBERS", "DUE"], rows);
    out.push('\n');
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    let rows = status.hosts.iter().map(|one| {
        let (all, failing) = (one.subscriptions.to_string(), one.failing.to_string());
        [one.host.clone(), all, failing, time(one.last_delivery), time(one.next_retry)]
    });
    columns(&mut out, ["HOST", "SUBSCRIPTIONS", "FAILING", "LAST DELIVERY", "NEXT RETRY"], rows);
    let failing: Vec<_> = status.listed.iter().filter(|one| one.failures > 0).take(FINDINGS).collect();
    if !failing.is_empty() {
        out.push('\n');
        let rows = failing.into_iter().map(|one| {
            let problem = one.problem.clone().unwrap_or_default();
            [one.id.to_string(), one.host.clone(), one.failures.to_string(), time(one.next_attempt), problem]
        });
        columns(&mut out, ["ID", "HOST", "FAILURES", "NEXT RETRY", "PROBLEM"], rows);
    }
    out
}

fn subscribers(status: &Status) -> String {
    let mut out = String::new();
    for FeedStatus { path, subscribers, .. } in &status.feeds {
        let all = subscribers.announced + subscribers.addresses;
        let text = format!(
            "{path}: about {all} ({} announced by aggregators, about {} {} by themselves); {} ignore caching\n",
            subscribers.announced,
            subscribers.addresses,
            if subscribers.addresses == 1 { "address" } else { "addresses" },
            subscribers.unconditional_pollers
        );
        out.push_str(&text);
        let services = subscribers.services.iter().map(|(name, count)| [name.clone(), count.to_string()]);
        if services.len() > 0 {
            columns(
                &mut out,
                ["  AGGREGATOR", "SUBSCRIBERS"],
                services.map(|[name, count]| [format!("  {name}"), count]),
            );
        }
        let agents = subscribers.agents.iter().map(|(name, polls, conditional, not_modified)| {
            [format!("  {name}"), polls.to_string(), percent(*conditional, *polls), percent(*not_modified, *polls)]
        });
        if agents.len() > 0 {
            columns(&mut out, ["  PROGRAM", "POLLS", "CONDITIONAL", "304"], agents);
        }
        out.push('\n');
    }
    out
}

/// Left-aligned columns as wide as their widest cell.
fn columns<const N: usize>(out: &mut String, heads: [&str; N], rows: impl Iterator<Item = [String; N]>) {
    let mut all = vec![heads.map(str::to_owned)];
    all.extend(rows);
    let mut widths = [0; N];
    for row in &all {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in all {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
}

fn percent(part: u64, whole: u64) -> String {
    match (part * 100).checked_div(whole) {
        Some(percent) => format!("{percent} %"),
        None => "-".to_owned(),
    }
}

fn bytes(count: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = count;
    let mut unit = 0;
    while value >= 10_000 && unit + 1 < units.len() {
        value /= 1000;
        unit += 1;
    }
    format!("{value} {}", units[unit])
}

fn humantime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    if days > 0 {
        format!("{days} d {hours} h")
    } else if hours > 0 {
        format!("{hours} h {minutes} min")
    } else {
        format!("{minutes} min {} s", seconds % 60)
    }
}
