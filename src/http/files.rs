//! Large bodies in files of their own, so that the kernel sends its own pages instead of copying ours: what makes a
//! static file cheap.
//!
//! The files have no name; each lives as long as the variant that it belongs to.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use rustix::fs::{MemfdFlags, Mode, OFlags, memfd_create, open};

/// Bodies from this size on. Below, one gathering write of head and body costs no more than two calls.
const SMALLEST: usize = 32 * 1024;
/// Files at a time. The documents of some dozen feeds, which get nearly all requests, have room; the descriptors of
/// connections are not touched.
const MOST: usize = 192;

/// The files that there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    held: Arc<Mutex<Vec<Weak<OwnedFd>>>>,
}

impl Files {
    /// The file with exactly the bytes of a variant, from its place in `twin`. The first to ask for it has it made, away
    /// from the event loop, since a disk may be busy; until it is there, and where it is not worth it, there are too many,
    /// or the system gives none, the bytes are sent from where they are.
    pub(super) fn of<'a>(&self, bytes: &Bytes, twin: &'a Twin, spool: Option<&Path>) -> Option<&'a Arc<OwnedFd>> {
        if bytes.len() < SMALLEST {
            return None;
        }
        let file = twin.file();
        if file.is_none() && twin.claim() {
            let (files, bytes, twin) = (self.clone(), bytes.clone(), twin.clone());
            let spool = spool.map(Path::to_path_buf);
            tokio::task::spawn_blocking(move || {
                if let Some(file) = files.make(&bytes, spool.as_deref()) {
                    twin.fill(file);
                }
            });
        }
        file
    }

    fn make(&self, bytes: &[u8], spool: Option<&Path>) -> Option<Arc<OwnedFd>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|file| file.strong_count() > 0);
        if held.len() >= MOST {
            return None;
        }
        let file = Arc::new(spool.and_then(|spool| on_disk(bytes, spool)).or_else(|| in_memory(bytes))?);
        held.push(Arc::downgrade(&file));
        Some(file)
    }
}

/// A place beside the bytes of a variant for a file with the same bytes, shared by the documents that have it.
#[derive(Clone, Debug, Default)]
pub(super) struct Twin(Arc<Place>);

#[derive(Debug, Default)]
struct Place {
    is_claimed: AtomicBool,
    file: OnceLock<Arc<OwnedFd>>,
}

impl Twin {
    /// The file.
    fn file(&self) -> Option<&Arc<OwnedFd>> {
        self.0.file.get()
    }

    /// Whether the caller is the one to make it: true once.
    fn claim(&self) -> bool {
        !self.0.is_claimed.swap(true, Ordering::Relaxed)
    }

    /// Puts it in place.
    fn fill(&self, file: Arc<OwnedFd>) {
        // Whoever claimed it is alone in filling it.
        let _ = self.0.file.set(file);
    }
}

fn on_disk(bytes: &[u8], spool: &Path) -> Option<OwnedFd> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let mut file = File::from(open(spool, flags, Mode::RUSR | Mode::WUSR).ok()?);
    file.write_all(bytes).ok()?;
    Some(file.into())
}

fn in_memory(bytes: &[u8]) -> Option<OwnedFd> {
    let mut file = File::from(memfd_create("document", MemfdFlags::CLOEXEC).ok()?);
    file.write_all(bytes).ok()?;
    Some(file.into())
}
