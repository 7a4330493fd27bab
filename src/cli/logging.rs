//! Where log lines go: standard error as text or JSON, or the journal with its fields.

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Config, Log};

use super::screen::Lines;

type Output = Box<dyn Layer<Registry> + Send + Sync>;

/// Changes how the log is written while the process runs.
#[derive(Clone)]
pub(super) struct Logging {
    handle: Handle<Output, Registry>,
}

impl Logging {
    /// Starts logging for the whole process, and logs what is odd about its settings.
    pub(super) fn start(config: &Config) -> anyhow::Result<Self> {
        let (layer, handle) = reload::Layer::new(output(&config.log)?);
        tracing_subscriber::registry()
            .with(layer)
            .try_init()
            .map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
        config.warn();
        Ok(Self { handle })
    }

    /// Levels and format as in `log` from now on.
    pub(super) fn change(&self, log: &Log) -> anyhow::Result<()> {
        Ok(self.handle.reload(output(log)?)?)
    }
}

/// Libraries that warn of whatever a client sends: it would fill the log. `log.level` may name them and have it all the same.
const QUIET: &str = "h2=error,rustls=error";

fn output(log: &Log) -> anyhow::Result<Output> {
    let is_off = log.level.eq_ignore_ascii_case("off");
    let filter: EnvFilter = if is_off { log.level.parse()? } else { format!("{QUIET},{}", log.level).parse()? };
    if log.is_json {
        let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
        return Ok(filter.and_then(lines).boxed());
    }
    if is_journal() {
        // Where there is a journal stream there is a journal; text will do if not.
        if let Ok(journal) = tracing_journald::layer() {
            return Ok(filter.and_then(journal.with_syslog_identifier("seedcast".to_owned())).boxed());
        }
    }
    let lines = tracing_subscriber::fmt::layer().with_target(false).with_ansi(is_coloured()).with_writer(Lines);
    Ok(filter.and_then(lines).boxed())
}

/// Colours are for terminals that have them, and for people who have not said no (no-color.org).
fn is_coloured() -> bool {
    let says_no = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !says_no && !is_dumb()
}

/// Whether the terminal takes no control sequences.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb")
}

/// Whether standard error is the journal: `$JOURNAL_STREAM` names the device and inode that it was when the service
/// manager connected it (systemd.exec(5)).
pub(super) fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    rustix::fs::fstat(std::io::stderr()).is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}
