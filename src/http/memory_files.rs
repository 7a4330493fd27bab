//! Large variants as files in memory, which the kernel sends without copying them into the socket.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{MemfdFlags, memfd_create};

/// Bodies from this size on; below it the further system call costs more than the copy.
pub(crate) const LARGE_BYTES: usize = 48 * 1024;
/// How often a variant is asked for before it gets a file.
const POPULAR: u32 = 4;
/// Variants that are counted, and so open files at most.
const ENTRIES: usize = 128;
/// Bytes of all files at most: the variants are in memory twice then.
const BYTES: usize = 64 * 1024 * 1024;

/// The files of the variants that are asked for most, by entity tag: equal tags mean equal bytes.
#[derive(Debug, Default)]
pub(crate) struct MemoryFiles {
    cache: Mutex<Cache>,
}

#[derive(Debug, Default)]
struct Cache {
    entries: HashMap<String, Entry>,
    bytes: usize,
    tick: u64,
}

#[derive(Debug)]
struct Entry {
    uses: u32,
    used: u64,
    len: usize,
    file: Option<Arc<File>>,
}

impl MemoryFiles {
    /// The file with exactly these bytes, if the variant is popular enough to have one.
    pub(crate) fn file(&self, etag: &str, bytes: &[u8]) -> Option<Arc<File>> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.tick += 1;
        let tick = cache.tick;
        if let Some(entry) = cache.entries.get_mut(etag) {
            entry.used = tick;
            entry.uses = entry.uses.saturating_add(1);
            if entry.uses == POPULAR {
                // Without one, for whatever reason, the bytes are copied as before.
                entry.file = write(bytes).map(Arc::new);
                entry.len = if entry.file.is_some() { bytes.len() } else { 0 };
                let (file, len) = (entry.file.clone(), entry.len);
                cache.bytes += len;
                cache.make_room(BYTES, ENTRIES, etag);
                return file;
            }
            return entry.file.clone();
        }
        cache.make_room(BYTES, ENTRIES - 1, etag);
        cache.entries.insert(etag.to_owned(), Entry { uses: 1, used: tick, len: 0, file: None });
        None
    }
}

impl Cache {
    /// Forgets the entries not used for longest, except `kept`. An answer under way has its file until its end.
    fn make_room(&mut self, bytes: usize, entries: usize, kept: &str) {
        while self.bytes > bytes || self.entries.len() > entries {
            let others = self.entries.iter().filter(|(etag, _)| *etag != kept);
            let Some(oldest) = others.min_by_key(|(_, entry)| entry.used).map(|(etag, _)| etag.clone()) else { return };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.bytes -= entry.len;
            }
        }
    }
}

fn write(bytes: &[u8]) -> Option<File> {
    let mut file = File::from(memfd_create("seedcast-document", MemfdFlags::CLOEXEC).ok()?);
    file.write_all(bytes).ok()?;
    Some(file)
}
