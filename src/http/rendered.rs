//! Pages and deltas rendered on demand, kept while there is room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OnceCell, Semaphore};

use super::parts::Rendered;
use super::served::Served;

/// Renderings at once; more wait. Rendering is for the disk and the processor, and there are few of both.
const RENDERINGS: usize = 4;
/// What an entry costs beside its bytes.
const ENTRY_BYTES: usize = 512;

/// A bounded cache with one rendering for simultaneous requests of one path.
#[derive(Debug)]
pub(crate) struct RenderedPages {
    cache: Mutex<Cache>,
    renderings: Semaphore,
}

impl Default for RenderedPages {
    fn default() -> Self {
        Self { cache: Mutex::default(), renderings: Semaphore::new(RENDERINGS) }
    }
}

#[derive(Debug, Default)]
struct Cache {
    entries: HashMap<String, Entry>,
    bytes: usize,
    /// Counts uses, to tell which entry was used last.
    tick: u64,
}

#[derive(Debug)]
struct Entry {
    cell: Arc<OnceCell<Outcome>>,
    /// 0 until rendered.
    bytes: usize,
    used: u64,
}

/// The answer for a path, shared by all who wait for it.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Found(Arc<Served>),
    Gone,
    Missing,
    Redirect(Arc<str>),
    Failed,
    Panicked,
}

impl RenderedPages {
    /// The document if it is at hand.
    pub(crate) fn at_hand(&self, path: &str) -> Option<Arc<Served>> {
        let mut cache = self.lock();
        cache.tick += 1;
        let tick = cache.tick;
        let entry = cache.entries.get_mut(path)?;
        entry.used = tick;
        match entry.cell.get() {
            Some(Outcome::Found(document)) => Some(Arc::clone(document)),
            _ => None,
        }
    }

    /// What `render` says about the path: at hand, being rendered for somebody else, or rendered now.
    pub(crate) async fn outcome(
        &self,
        path: &str,
        render: impl FnOnce() -> Rendered + Send + 'static,
        max_bytes: usize,
    ) -> Outcome {
        let cell = {
            let mut cache = self.lock();
            cache.tick += 1;
            let tick = cache.tick;
            let new = || Entry { cell: Arc::default(), bytes: 0, used: tick };
            let entry = cache.entries.entry(path.to_owned()).or_insert_with(new);
            entry.used = tick;
            Arc::clone(&entry.cell)
        };
        let _guard = Unfinished { pages: self, path, cell: &cell };
        let outcome = cell
            .get_or_init(|| async {
                let _permit = self.renderings.acquire().await;
                match tokio::task::spawn_blocking(render).await {
                    Ok(Rendered::Found(document)) => Outcome::Found(Arc::new(document.into())),
                    Ok(Rendered::Gone) => Outcome::Gone,
                    Ok(Rendered::Missing) => Outcome::Missing,
                    Ok(Rendered::Redirect(to)) => Outcome::Redirect(to.into()),
                    Ok(Rendered::Failed) => Outcome::Failed,
                    Err(_) => Outcome::Panicked,
                }
            })
            .await
            .clone();
        self.settle(path, &cell, &outcome, max_bytes);
        outcome
    }

    /// Accounts for what was rendered; keeps documents only. An entry that was invalidated meanwhile is another one.
    fn settle(&self, path: &str, cell: &Arc<OnceCell<Outcome>>, outcome: &Outcome, max_bytes: usize) {
        let mut cache = self.lock();
        let Some(entry) = cache.entries.get_mut(path).filter(|entry| Arc::ptr_eq(&entry.cell, cell)) else { return };
        let Outcome::Found(document) = outcome else {
            cache.remove(path);
            return;
        };
        if entry.bytes == 0 {
            entry.bytes = document.variants.iter().map(|variant| variant.bytes.len()).sum::<usize>() + ENTRY_BYTES;
            let bytes = entry.bytes;
            cache.bytes += bytes;
            cache.shrink_to(max_bytes);
        }
    }

    pub(crate) fn invalidate(&self, path: &str) {
        self.lock().remove(path);
    }

    pub(crate) fn invalidate_all(&self) {
        let mut cache = self.lock();
        cache.entries.clear();
        cache.bytes = 0;
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    fn remove(&mut self, path: &str) {
        if let Some(entry) = self.entries.remove(path) {
            self.bytes -= entry.bytes;
        }
    }

    /// Drops what was not used for longest until three quarters of the room are taken, so that a full cache is not
    /// searched for every new page.
    fn shrink_to(&mut self, max_bytes: usize) {
        if self.bytes <= max_bytes {
            return;
        }
        let mut by_use: Vec<(u64, String)> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.bytes > 0)
            .map(|(path, entry)| (entry.used, path.clone()))
            .collect();
        by_use.sort_unstable();
        for (_, path) in by_use {
            if self.bytes <= max_bytes / 4 * 3 {
                break;
            }
            self.remove(&path);
        }
    }
}

/// Removes the entry of a rendering that nobody waits for any more, when the last one who did is cancelled.
struct Unfinished<'a> {
    pages: &'a RenderedPages,
    path: &'a str,
    cell: &'a Arc<OnceCell<Outcome>>,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.cell.get().is_some() {
            return;
        }
        let mut cache = self.pages.lock();
        // Two holders left: the cache's and ours.
        let is_ours = cache.entries.get(self.path).is_some_and(|entry| Arc::ptr_eq(&entry.cell, self.cell));
        if is_ours && Arc::strong_count(self.cell) == 2 {
            cache.remove(self.path);
        }
    }
}
