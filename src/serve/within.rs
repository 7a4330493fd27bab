//! Where places of the configuration lie to one another.

use std::path::{Component, Path, PathBuf};

use crate::config::Config;
use crate::store::StoreUrl;

use super::setup::SetupError;

/// # Errors
/// When the store lies among the seeds, where its files would be read as articles.
pub(super) fn refuse_store_in_seeds(store: &StoreUrl, config: &Config) -> Result<(), SetupError> {
    let path = store.path();
    if is_within(path, &config.seeds.options.directory) {
        return Err(SetupError::StoreInSeeds(path.to_owned()));
    }
    Ok(())
}

/// Whether a file or directory is another one or lies in it. Neither need be there yet.
pub(super) fn is_within(inner: &Path, outer: &Path) -> bool {
    resolved(inner).zip(resolved(outer)).is_some_and(|(inner, outer)| inner.starts_with(outer))
}

fn resolved(path: &Path) -> Option<PathBuf> {
    // What is not there yet has no links in it.
    let (mut place, rest) = path.ancestors().find_map(|above| {
        let place = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        Some((place.canonicalize().ok()?, path.strip_prefix(above).ok()?))
    })?;
    for component in rest.components() {
        match component {
            Component::ParentDir => drop(place.pop()),
            other => place.push(other),
        }
    }
    Some(place)
}
