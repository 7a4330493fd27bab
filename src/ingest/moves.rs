//! Files that changed places under their names: `latest.txt` was put away as `old.txt`, and there is a new `latest.txt`.
//!
//! Events tell one move after another; a listing finds only that both files changed. What lies at the new place is told by
//! its inode, which a move keeps and a copy does not.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::item::SeedPath;
use crate::store::{SeedRow, Stamp};

use super::read::Job;

/// What lies at a path now, and what is known of it from where it was.
pub(super) type Moves = HashMap<SeedPath, SeedRow>;

/// The jobs with those of moved articles first, so that every article has its new place before another takes the old
/// one. Only articles without URL are looked at: a URL tells them whatever their files are called.
pub(super) fn moves(directory: &Path, jobs: Vec<Job>) -> (Vec<Job>, Moves) {
    let is_told_by_path = |job: &Job| job.known.as_ref().is_some_and(|seed| seed.has_path_key && seed.seq.is_some());
    if jobs.len() < 2 || !jobs.iter().any(is_told_by_path) {
        return (jobs, Moves::new());
    }
    let found: Vec<_> = jobs.iter().map(|job| file_at(&directory.join(job.path.as_path()))).collect();
    let mut left = HashMap::new();
    for (job, found) in jobs.iter().zip(&found).filter(|(job, _)| is_told_by_path(job)) {
        if let Some(seed) = &job.known
            && *found != Some(seed.stamp.unmoved())
        {
            left.insert(seed.stamp.unmoved(), seed.clone());
        }
    }
    let here = |(job, found): (&Job, &Option<Stamp>)| {
        let seed = left.get(found.as_ref()?)?;
        Some((job.path.clone(), seed.clone()))
    };
    let moves: Moves = jobs.iter().zip(&found).filter_map(here).collect();
    let (mut first, rest): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| moves.contains_key(&job.path));
    first.extend(rest);
    (first, moves)
}

/// The file at a path, as a move leaves it.
pub(super) fn file_at(path: &Path) -> Option<Stamp> {
    let found = path.symlink_metadata().ok()?;
    let mtime_ns = found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec());
    let (size, inode) = (found.size().cast_signed(), found.ino().cast_signed());
    Some(Stamp { size, mtime_ns, ctime_ns: 0, inode }.unmoved())
}
