//! `seedcast export`: every document as files.

use std::io::Write;
use std::process::ExitCode;

use crate::ops::counted;
use crate::serve::{self, Exported};

use super::logging::Logging;
use super::{Export, load, system_clock};

pub(super) fn run(arguments: Export) -> anyhow::Result<ExitCode> {
    let Export { settings, out, base_url, store, accept_removals } = arguments;
    let config = load(&settings, Vec::new(), base_url, store)?;
    let _logging = Logging::start(&config.log)?;
    let Exported { documents, written, removed } = serve::export(&config, &out, accept_removals, system_clock())?;
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
