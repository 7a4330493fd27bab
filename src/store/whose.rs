//! Whose file lies where the store should be. What is not known to be ours is never changed, moved or locked.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::lock::Lock;
use super::open::{APPLICATION_ID, suspect_mark};
use super::{FILE_NAME, StoreError, filling};

/// What every SQLite database begins with (sqlite.org/fileformat2.html §1.3).
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Where `PRAGMA application_id` stands in that header, big-endian.
const APPLICATION_AT: std::ops::Range<usize> = 68..72;

/// Fails where something lies that cannot be a store, before anything is made beside it: a lock file alone can shut another
/// program out. What cannot be read is left to the engine, which says why.
///
/// # Errors
/// [`StoreError::Foreign`].
pub(super) fn refuse_foreign(path: &Path) -> Result<(), StoreError> {
    let Ok(found) = std::fs::metadata(path) else { return Ok(()) };
    let foreign = |what| Err(StoreError::Foreign { path: path.to_owned(), what });
    if found.is_dir() {
        return foreign("a directory, and a store is a file");
    }
    if !found.is_file() {
        return foreign("not a regular file");
    }
    match head(path) {
        Some(head) if !head.is_empty() && !head.starts_with(MAGIC) && !is_ours(path) => foreign("not a seedcast store"),
        _ => Ok(()),
    }
}

/// Whether a file that can be read as a store no more was one: by what is left of its header, by our name, or by what we
/// leave beside a store. Its first page may be what was lost.
pub(super) fn is_ours(path: &Path) -> bool {
    let says_so = head(path).is_some_and(|head| {
        head.starts_with(MAGIC) && head.get(APPLICATION_AT) == Some(APPLICATION_ID.to_be_bytes().as_slice())
    });
    says_so
        || path.file_name().is_some_and(|name| name == FILE_NAME)
        || Lock::is_signed(path)
        || suspect_mark(path).exists()
        || filling::mark(path).exists()
}

fn head(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let end = u64::try_from(APPLICATION_AT.end).expect("it is small");
    File::open(path).ok()?.take(end).read_to_end(&mut head).ok()?;
    Some(head)
}
