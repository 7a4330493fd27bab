//! Large bodies in files of their own, so that the kernel sends its own pages instead of copying ours: what makes a
//! static file cheap.
//!
//! The files have no name and lie in memory (`memfd_create(2)`); each lives as long as the variant that it belongs to.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::fs::{MemfdFlags, memfd_create};

use crate::feed::Variant;

/// Bodies from this size on. Below, one gathering write of head and body costs less than two calls; at 20 kB both are
/// even, at 77 kB sending from memory costs a quarter more.
const SMALLEST: usize = 32 * 1024;
/// Files at a time. The documents of some dozen feeds, which get nearly all requests, have room; the descriptors of
/// connections are not touched.
const MOST: usize = 192;

/// The files that there are.
#[derive(Debug, Default)]
pub(crate) struct Files {
    held: Mutex<Vec<Weak<OwnedFd>>>,
}

impl Files {
    /// The file with exactly the bytes of a variant; `None` where it is too small, there are too many files, or the system
    /// gives none: then the bytes are sent from where they are.
    pub(crate) fn of<'a>(&self, variant: &'a Variant) -> Option<&'a Arc<OwnedFd>> {
        if variant.bytes.len() < SMALLEST {
            return None;
        }
        variant.twin.get_or_make(|| self.make(&variant.bytes))
    }

    fn make(&self, bytes: &[u8]) -> Option<Arc<OwnedFd>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|file| file.strong_count() > 0);
        if held.len() >= MOST {
            return None;
        }
        let mut file = File::from(memfd_create("document", MemfdFlags::CLOEXEC).ok()?);
        file.write_all(bytes).ok()?;
        let file = Arc::new(file.into());
        held.push(Arc::downgrade(&file));
        Some(file)
    }
}
