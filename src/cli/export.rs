//! `seedcast export`: every document as files.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use crate::ops::counted;
use crate::serve::{self, Exported};

use super::logging::{Logging, is_journal};
use super::{Export, load, system_clock};

pub(super) fn run(arguments: Export) -> anyhow::Result<ExitCode> {
    let Export { settings, out, base_url, store, accept_removals, quiet } = arguments;
    let is_watched = std::io::stderr().is_terminal();
    let has_level = settings.log_level.is_some();
    let mut config = load(&settings, Vec::new(), base_url, store)?;
    // What is written where nobody watches is mailed by cron, every time. A level that somebody chose is theirs.
    let is_unwatched = !is_watched && !has_level && !is_journal() && config.log.level == "info";
    if is_unwatched || (quiet && !["off", "error"].contains(&config.log.level.as_str())) {
        "warn".clone_into(&mut config.log.level);
    }
    let _logging = Logging::start(&config)?;
    let Exported { documents, written, removed } = serve::export(&config, &out, accept_removals, system_clock())?;
    if quiet || (!is_watched && written + removed == 0) {
        return Ok(ExitCode::SUCCESS);
    }
    let mut stderr = std::io::stderr().lock();
    // Standard error may be closed; the exit code says the same.
    let _ = writeln!(
        stderr,
        "{} in `{}`: {written} written, {removed} removed",
        counted(documents, "document"),
        out.display()
    );
    Ok(ExitCode::SUCCESS)
}
