//! What would stand in the way of a start, found without starting.

use crate::config::Config;
use crate::ops::AccessLog;
use crate::seed::Watcher;

use super::setup::{SetupError, load_tls, watch_error};
use super::within::refuse_store_in_seeds;

/// The seed directory, and [`check_files`].
///
/// # Errors
/// The first thing that `serve` would not start with.
pub fn check(config: &Config) -> anyhow::Result<()> {
    check_files(config)?;
    refuse_store_in_seeds(&config.store, config)?;
    Watcher::new(config.seeds.options.clone()).map(drop).map_err(watch_error)
}

/// The certificate and its key, and the access log, which is not made. What only this user is not permitted may well be
/// permitted to the service, so that is a warning.
///
/// # Errors
/// The first of them that cannot be used.
pub fn check_files(config: &Config) -> Result<(), SetupError> {
    match load_tls(config) {
        Err(SetupError::Tls(error)) if error.is_permission() => {
            tracing::warn!("not checked, since this user is not permitted to: {:#}", anyhow::Error::new(error));
        }
        other => drop(other?),
    }
    let Some(path) = config.log.access.and(config.log.access_file.as_ref()) else { return Ok(()) };
    match AccessLog::check(path) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            tracing::warn!("not checked, since this user is not permitted to: `log.access_file`: `{}`", path.display());
            Ok(())
        }
        other => other.map_err(|reason| SetupError::AccessLog { path: path.clone(), reason }),
    }
}
