//! Every seed of a directory of which nothing is known yet, in as little memory as their paths take.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::time::SystemTime;

use crate::item::{Diagnostic, SeedPath};
use crate::seed::{self, Fingerprint, ScanError, WatchHandle};

/// Seeds that are asked about at a time whether somebody is writing them.
const PORTION: usize = 4096;

/// What lies there to be read.
#[derive(Debug)]
pub(super) struct FirstListing {
    /// The paths, in order.
    pub paths: Paths,
    /// Those that were modified last, the latest first.
    pub newest: Vec<SeedPath>,
    /// What is wrong with what lies there.
    pub diagnostics: Vec<Diagnostic>,
    /// How many seeds the listing shows; some may be left out, since they are being written.
    pub seen: usize,
}

impl FirstListing {
    /// Lists the directory; at most `newest` of the latest are named.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub(super) fn of(
        options: &seed::Options,
        watch: Option<&WatchHandle>,
        newest: usize,
        now: SystemTime,
    ) -> Result<Self, ScanError> {
        let mut paths = Paths::default();
        let mut latest = BinaryHeap::with_capacity(newest + 1);
        let mut seen = 0;
        let mut put = |portion: &mut Vec<(SeedPath, Fingerprint)>| {
            seen += portion.len();
            // Files that may be half written are read only when they are finished; the watch tells when.
            if let Some(watch) = watch {
                let _held = watch.hold_back(portion, now);
            }
            for (path, fingerprint) in portion.drain(..) {
                paths.push(&path);
                latest.push(Reverse((fingerprint.mtime_ns, path)));
                if latest.len() > newest {
                    latest.pop();
                }
            }
        };
        let mut portion = Vec::with_capacity(PORTION);
        let listing = seed::walk(options, Path::new(""), &mut |path, fingerprint| {
            portion.push((path, fingerprint));
            if portion.len() == PORTION {
                put(&mut portion);
            }
        })?;
        put(&mut portion);
        let newest = latest.into_sorted_vec().into_iter().map(|Reverse((_, path))| path).collect();
        Ok(Self { paths, newest, diagnostics: listing.diagnostics, seen })
    }
}

/// Paths one behind the other; what was taken out is not kept.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// Each path behind its length.
    bytes: Vec<u8>,
    read: usize,
    left: usize,
}

impl Paths {
    fn push(&mut self, path: &SeedPath) {
        let path = path.as_bytes();
        self.bytes.extend_from_slice(&path.len().to_ne_bytes());
        self.bytes.extend_from_slice(path);
        self.left += 1;
    }
}

impl Iterator for Paths {
    type Item = SeedPath;

    fn next(&mut self) -> Option<SeedPath> {
        let (length, rest) = self.bytes.get(self.read..)?.split_first_chunk()?;
        let length = usize::from_ne_bytes(*length);
        let path = SeedPath::from_bytes(&rest[..length]);
        self.read += size_of::<usize>() + length;
        self.left -= 1;
        Some(path)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Paths {}
